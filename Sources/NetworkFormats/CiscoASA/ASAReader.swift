import Net
import Policy
import PolicyText

/// Reads the lines of a running configuration into ASA's own terms, with a note for each.
struct ASAReader {
    enum Context {
        case none
        case interface(Int)
        case networkObject(String), serviceObject(String)
        case group(String)
        case classMap(String), policyMap(String, inClass: String?)
        case other(LineNote.State, String)
    }

    let text: ConfigText
    var config = ASAConfig()
    var notes: [LineNote] = []
    var context = Context.none

    /// `commands` are what the lines mean, where they were not printed as commands; nil: nothing.
    init(_ text: ConfigText, commands: [String]? = nil) {
        self.text = text
        let margin = IOSLine.margin(text.lines)
        for (index, line) in text.lines.enumerated() {
            let read = IOSLine(number: index + 1, text: commands?[index] ?? line, margin: margin)
            let (state, why) = self.read(read)
            if state == .notRecognised { notPlaced(read) }
            notes.append(
                LineNote(line: index + 1, state: state, text: Self.withoutSecrets(line), why: why))
        }
    }

    mutating func mark(_ line: Int, _ state: LineNote.State, _ why: String = "") {
        notes.mark(line, state, why)
    }

    typealias Reading = (LineNote.State, String)
    static let used: Reading = (.used, "")
    static let furniture: Reading = (.irrelevant, "no influence on who reaches which port")

    private mutating func read(_ line: IOSLine) -> Reading {
        guard let first = line.words.first, !first.hasPrefix("!") else {
            return (.irrelevant, "comment or blank")
        }
        if first.hasPrefix(":") {
            if line.keyword(0) == ":", line.keyword(2) == "version" { readVersion(line.words, 1) }
            return (.irrelevant, "comment or blank")
        }
        if let reading = readBelow(line) { return reading }
        if line.indent == 0 { context = .none }
        if let reading = readGlobal(line) { return reading }
        if ASAKeywords.global.contains(line.keyword(0)) {
            if line.indent == 0 { context = .other(.irrelevant, "below a line without influence") }
            return Self.furniture
        }
        if Self.prints.contains(where: { line.text.hasPrefix($0) }) {
            return (.irrelevant, "printed around the configuration")
        }
        if line.indent == 0 { context = .other(.notRecognised, "below a line not recognised") }
        return (.notRecognised, "no command known here")
    }

    private static let prints = ["Cryptochecksum:", "[OK]", "Building configuration"]

    mutating func readVersion(_ words: [String], _ place: Int) {
        config.product =
            words[place - 1].lowercased() == ":" ? "asa" : words[place - 1].lowercased()
        guard words.indices.contains(place + 1) else { return }
        let numbers = words[place + 1].split { !$0.isNumber }.map { Int($0) ?? 0 }
        guard let major = numbers.first, major < 1000 else { return }
        config.release = (major, numbers.count > 1 ? numbers[1] : 0)
    }

    /// A line that belongs to the block it stands in.
    private mutating func readBelow(_ line: IOSLine) -> Reading? {
        switch context {
        case .none: return nil
        case .interface(let index): return readInterface(line, index)
        case .networkObject(let name): return readNetworkObject(line, name)
        case .serviceObject(let name):
            let isMeant = line.indent > 0 || ["tcp", "udp", "icmp"].contains(line.keyword(1))
            if line.keyword(0) == "service", line.words.count > 1, isMeant {
                config.services[name]?.value = (line.number, Array(line.words.dropFirst()))
                return Self.used
            }
            return below(line, "description")
        case .group(let name): return readMember(line, name)
        case .classMap(let name):
            if line.keyword(0) == "match" {
                config.classes[name]?.matches.append((line.number, Array(line.words.dropFirst())))
                return Self.used
            }
            return below(line, "description")
        case .policyMap(let name, let inClass): return readPolicy(line, name, inClass)
        case .other(let state, let why): return line.indent > 0 ? (state, why) : nil
        }
    }

    /// An indented line of a block that says nothing here.
    func below(_ line: IOSLine, _ known: String...) -> Reading? {
        if known.contains(line.keyword(0)) { return (.irrelevant, "") }
        guard line.indent > 0, !opens(line) else { return nil }
        return (.notRecognised, "no part of this block known here")
    }

    /// Whether the line is no part of a block, however it is indented.
    func opens(_ line: IOSLine) -> Bool {
        ["access-group", "access-list", "interface", "object", "object-group"]
            .contains(line.keyword(0))
    }

    /// A part of an object, a group or an interface below a line that isn't understood: of which
    /// isn't known.
    private mutating func notPlaced(_ line: IOSLine) {
        let parts: Set<String> = [
            "host", "subnet", "range", "nat", "network-object", "service-object", "port-object",
            "protocol-object", "group-object", "nameif", "security-level",
        ]
        let isPart = parts.contains(line.keyword(0)) || line.begins("ip", "address")
        if line.indent > 0, isPart { config.strangeNAT.append(line.number) }
    }

    /// The line with what follows a word for a secret blanked.
    static func withoutSecrets(_ line: String) -> String {
        let words = line.split(separator: " ", omittingEmptySubsequences: false)
        let marks: Set<String> = ["ldap-login-password", "cluster-key", "shared-key", "auth-key"]
        if let mark = words.firstIndex(where: { marks.contains($0.lowercased()) }) {
            return (words[...mark].map(String.init) + ["xxxxx"]).joined(separator: " ")
        }
        return IOSReader.withoutSecrets(line)
    }
}

enum ASAKeywords {
    /// First words of commands that have no influence on who reaches which port.
    static let global: Set<String> = [
        "aaa", "aaa-server", "anyconnect", "anyconnect-custom-attr", "app-agent", "arp", "as-path",
        "asdm", "asp", "auth-prompt", "auto-update", "banner", "boot", "call-home", "certificate",
        "checkheaps", "class", "clear", "client-update", "clock", "cluster", "command-alias",
        "community-list", "compression", "configure", "console", "coredump", "crypto", "ctl-file",
        "ctl-provider", "cts", "ddns", "default", "dhcp-client", "dhcpd", "dhcprelay", "dns",
        "dns-group", "dns-guard", "domain-name", "dynamic-access-policy-record", "dynamic-filter",
        "dynamic-map", "email", "enable", "end", "event", "exit", "failover", "flow-export",
        "flow-offload", "fragment", "ftp", "ftp-map", "group-delimiter", "group-policy", "hostname",
        "hpm", "http", "http-map", "icmp", "igmp", "imap4s", "ip", "ipsec", "ipv6", "isakmp",
        "jumbo-frame", "key", "lacp", "ldap", "license", "logging", "mac", "mac-address",
        "mac-address-table", "mac-list", "management-access", "mdm-proxy", "media-termination",
        "migrate", "mode", "monitor-interface", "mount", "mroute", "mtu", "multicast-routing",
        "nac-policy", "name-server", "names", "netmod", "no", "ntp", "nve", "object-group-search",
        "pager", "passwd", "password", "password-policy", "phone-proxy", "pim", "policy-list",
        "pop3s", "prefix-list", "privilege", "prompt", "quit", "quota", "redundancy",
        "resource", "route-map", "router-id", "rtp-conformance", "saml", "scansafe", "service",
        "service-interface", "setup", "sip-map", "sla", "smart-tunnel", "smtps", "smtp-server",
        "snmp-map", "snmp-server", "software", "ssh", "ssl", "sunrpc-server", "sysopt", "tcp-map",
        "telnet", "terminal", "tftp-server", "threat-detection", "timeout", "tls-proxy", "track",
        "tunnel-group", "tunnel-group-map", "url-block", "url-cache", "url-server",
        "user-identity", "username", "virtual", "vpdn", "vpn", "vpn-addr-assign", "vpn-sessiondb",
        "vpn-load-balancing", "vpn-tunnel-protocol", "vpnclient", "vpnsetup", "webvpn", "xlate",
        "floodguard", "gdb", "hw-module", "vlan", "switchport", "admin-context", "context", "bfd",
        "bfd-template", "telemetry", "ipsec-proposal", "profile", "subscribe-to-alert-group",
        "speed", "duplex", "dp-tcp-proxy", "snort", "ngips", "ftd", "smart", "sctp-map",
        "diameter", "user-statistics", "cxsc", "capture", "interface-policy", "crashinfo",
    ]
}
