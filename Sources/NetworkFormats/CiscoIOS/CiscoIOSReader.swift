import Net
import Policy
import PolicyText

/// Reads the lines of a running configuration into IOS's own terms, with a note for each.
struct IOSReader {
    enum Context {
        case none
        case interface(Int)
        case list(String)
        case pool(String)
        case networks(String), services(String), ports(String)
        case zonePair(Int), classMap(String), policyMap(String), ratePolicy(String)
        case other(LineNote.State, String)
    }

    let text: ConfigText
    var config = IOSConfig()
    var notes: [LineNote] = []
    var context = Context.none
    /// The named list and the group that were opened last.
    var lastList: String?
    var lastGroup: String?
    /// The first entry that stands in no list: its list's head isn't here, or wasn't understood.
    private(set) var orphan: Int?
    /// The first line that puts a filter on an interface, none knows on which.
    private(set) var stray: Int?
    /// The head of a running configuration that shows no `end`: it was cut short.
    private(set) var cut: Int?
    private var bannerEnd: String?

    /// `commands` are what the lines mean, where they were not printed as commands.
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

    private mutating func read(_ line: IOSLine) -> Reading {
        if let end = bannerEnd {
            if line.text.contains(end) { bannerEnd = nil }
            return (.irrelevant, "banner")
        }
        guard let first = line.words.first, !first.hasPrefix("!") else {
            return (.irrelevant, "comment or blank")
        }
        if line.begins("current", "configuration") { cut = line.number }
        if line.words == ["end"] { cut = nil }
        if line.begins("banner") { return banner(line) }
        if let reading = readGlobal(line) { return reading }
        if let reading = readBelow(line) { return reading }
        if line.indent == 0, Self.furniture.contains(where: { line.text.hasPrefix($0) }) {
            return (.irrelevant, "printed around the configuration")
        }
        if line.words == [first], first.hasSuffix("#") { return (.irrelevant, "a prompt") }
        let isFilter = line.begins("ip", "access-group")
        if !isFilter, IOSKeywords.global.contains(line.keyword(0)) || first.contains("#") {
            if line.indent == 0 { context = .other(.irrelevant, "below a line without influence") }
            return (.irrelevant, "no influence on who reaches which port")
        }
        if line.indent == 0 { context = .other(.notRecognised, "below a line not recognised") }
        return (.notRecognised, "no command known here")
    }

    /// An entry in no list may be one of the list before it, a member in no group one of that group.
    private mutating func notPlaced(_ line: IOSLine) {
        if line.begins("ip", "access-group") || line.begins("zone-member") {
            stray = stray ?? line.number
        }
        if IOSGroup.isMember(line.keyword(0)), let lastGroup {
            config.networkGroups[lastGroup]?.members.append((line.number, ["…"]))
            config.serviceGroups[lastGroup]?.members.append((line.number, ["…"]))
            config.portGroups[lastGroup]?.members.append((line.number, ["…"]))
        }
        let head = line.keyword(Int(line.keyword(0)) == nil ? 0 : 1)
        guard IOSAbbreviations.word(head, ["permit": 3, "deny": 3]) != nil else { return }
        orphan = orphan ?? line.number
        guard let lastList, let strange = config.lists[lastList]?.strange ?? orphan else { return }
        config.lists[lastList]?.strange = strange
    }

    private static let furniture = [
        "Building configuration", "Current configuration", "Using ", "Load for", "Last ",
        "Configuration of Partition",
    ]

    private mutating func banner(_ line: IOSLine) -> Reading {
        context = .none
        let body = IOSWords(line.words, from: 2).peek
        let end = body.hasPrefix("^") ? String(body.prefix(2)) : String(body.prefix(1))
        let again = body.dropFirst(end.count).contains(end)
        let later = text.lines.dropFirst(line.number).contains { $0.contains(end) }
        if !end.isEmpty, !again, later { bannerEnd = end }
        return (.irrelevant, "banner")
    }

    /// A line that belongs to the block it stands in.
    private mutating func readBelow(_ line: IOSLine) -> Reading? {
        switch context {
        case .none: return nil
        case .interface(let index): return readInterface(line, index)
        case .list(let name): return readEntry(line, name)
        case .pool(let name):
            guard line.begins("address") else { return nil }
            return addToPool(name, line)
        case .networks(let name):
            guard IOSGroup.holds(line) else { return nil }
            config.networkGroups[name]?.change(line)
            return Self.used
        case .services(let name):
            guard IOSGroup.holds(line) else { return nil }
            config.serviceGroups[name]?.change(line)
            return Self.used
        case .ports(let name):
            guard IOSGroup.holds(line) else { return nil }
            config.portGroups[name]?.change(line)
            return Self.used
        case .zonePair(let index): return readPair(line, index)
        case .classMap(let name): return readCondition(line, name)
        case .policyMap(let name): return readPolicy(line, name)
        case .ratePolicy(let name): return readRatePolicy(line, name)
        case .other(let state, let why):
            return line.indent > 0 ? (state, why) : nil
        }
    }

    private static let marks: Set<String> = [
        "password", "secret", "community", "key", "key-string", "passphrase", "md5",
        "pre-shared-key", "authentication-key", "sha", "esp", "wpa-psk", "passwd",
    ]

    /// The line with what follows a word for a secret blanked.
    static func withoutSecrets(_ line: String) -> String {
        let verb = line.utf8.drop { $0 == 0x20 }.prefix { $0 != 0x20 }
        let first = line[verb.startIndex..<verb.endIndex].lowercased()
        if ["permit", "deny", "access-list"].contains(first) || UInt(first) != nil { return line }
        let words = line.split(separator: " ", omittingEmptySubsequences: false)
        guard let mark = words.firstIndex(where: { marks.contains($0.lowercased()) }),
            words[(mark + 1)...].contains(where: { !$0.isEmpty })
        else { return line }
        return (words[...mark].map(String.init) + ["xxxxx"]).joined(separator: " ")
    }
}

enum IOSKeywords {
    /// First words of commands that have no influence on who reaches which port (Cisco IOS Master
    /// Command List).
    static let global: Set<String> = [
        "aaa", "access-session", "alias", "ap", "app-hosting", "archive", "arp", "authentication",
        "auto", "avc", "bba-group", "bfd", "bfd-template", "boot", "boot-end-marker",
        "boot-start-marker", "bridge", "bulkstat", "call-home", "ccm-manager", "cdp", "cef",
        "chat-script", "class-map", "clock", "cns", "config-register", "control-plane",
        "controller", "crypto", "cts", "default", "device-tracking", "diagnostic", "dial-peer",
        "dialer-list", "dot11", "dot1x", "dspfarm", "enable", "end", "endpoint-tracker",
        "energywise", "ephone", "ephone-dn", "ephone-template", "ephone-type", "epm", "errdisable",
        "et-analytics", "ethernet", "event", "exception", "exit", "facility-alarm", "fhrp", "file",
        "flow", "flow-sampler-map", "frame-relay", "gatekeeper", "gateway", "guestshell",
        "hostname", "hw-module", "iox", "ip", "ipv6", "isdn", "key", "kron", "l2tp", "lacp",
        "license", "licensing", "line", "lldp", "logging", "login", "mac", "mac-address-table",
        "macro", "memory", "memory-size", "metadata", "mgcp", "mka", "mls", "mmi", "modem",
        "monitor", "mpls", "multilink", "nat64", "netconf", "netconf-yang", "network-clock",
        "network-clock-participate", "nmsp", "ntp", "parser", "partition", "password",
        "performance", "platform", "pnp", "policy", "policy-map", "port-channel", "power",
        "prefix-list", "privilege", "process", "process-max-time", "pseudowire-class", "radius",
        "radius-server", "redundancy", "rep", "resource", "restconf", "rmon", "route-map", "router",
        "rtr", "sampler", "sccp", "scheduler", "sdwan", "security", "service", "sip-ua",
        "snmp-server", "software", "spanning-tree", "spd", "ssh", "sslproxy", "stack-mac",
        "stack-power", "stcapp", "subscriber", "switch", "switch-profile", "system", "tacacs",
        "tacacs-server", "tag-switching", "telemetry", "telephony-service", "tftp-server", "track",
        "transceiver", "transport-map", "udld", "upgrade", "username", "version", "virtual-service",
        "vlan", "vlan-group", "vmps", "voice", "voice-card", "vpdn", "vpdn-group", "vrf", "vstack",
        "vtp", "wlan", "wlccp", "wsma", "xconnect",
    ]
}
