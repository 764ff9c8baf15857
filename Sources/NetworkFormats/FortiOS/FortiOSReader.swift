import Net
import Policy
import PolicyText

/// Reads `config … edit … set … next end` into objects and policies.
struct FortiOSReader {
    var tree = ConfigTree()
    var notes: [LineNote]
    var firewall: ZonedFirewall
    let text: ConfigText
    /// Virtual domains that hold policies.
    var domains: Set<String> = []

    init(_ text: ConfigText) {
        self.text = text
        firewall = ZonedFirewall(text: text)
        notes = text.blankNotes(Self.withoutSecrets)
        readLines()
        interfaces()
        forwards()
        policies()
        helpers()
        if domains.count > 1 {
            let names = domains.sorted().joined(separator: ", ")
            firewall.unknown.append((1, "it holds several virtual domains: \(names)"))
        }
    }

    mutating func note(_ line: Int, _ state: LineNote.State, _ why: String = "") {
        notes.mark(line, state, why)
    }

    mutating func mark(_ node: Int, _ state: LineNote.State, _ why: String = "") {
        for line in tree.lines(node) { note(line, state, why) }
    }

    static func withoutSecrets(_ line: String) -> String {
        for mark in [" ENC ", "password ", "passwd ", "psksecret ", "private-key ", "secret "] {
            if let found = line.range(of: mark) { return line[..<found.upperBound] + "xxxxx" }
        }
        return line
    }

    // MARK: lines

    mutating func readLines() {
        // Sections and edits that are open; those that only hold others are empty.
        var stack: [(path: [String], isEdit: Bool)] = []
        var quote = false
        for (offset, line) in text.lines.enumerated() {
            let number = offset + 1
            let quotes = line.count { $0 == "\"" } - line.ranges(of: "\\\"").count
            if quote {
                if quotes % 2 == 1 { quote = false }
                continue
            }
            if quotes % 2 == 1 { quote = true }
            let words = ConfigTree.words(line)
            guard let verb = words.first, !verb.hasPrefix("#") else { continue }
            let path = stack.flatMap(\.path)
            switch verb {
            case "config":
                guard stack.count < 16 else { continue }
                let name = words.dropFirst().joined(separator: " ")
                let holds = stack.isEmpty && (name == "vdom" || name == "global")
                stack.append((holds ? [] : [name], false))
                if !holds { tree.insert(path + [name], line: number) }
            case "edit":
                let name = words.dropFirst().joined(separator: " ")
                if path.isEmpty, stack.count == 1 {
                    stack.append(([], true))
                    domain = name
                } else {
                    stack.append(([name], true))
                    tree.insert(path + [name], line: number)
                    if path == ["firewall policy"] { domains.insert(domain) }
                }
            case "next":
                if stack.last?.isEdit == true { stack.removeLast() }
            case "end":
                if stack.last?.isEdit == true { stack.removeLast() }
                if !stack.isEmpty { stack.removeLast() }
            case "set", "append":
                guard words.count > 1 else { continue }
                if verb == "set" { tree.remove(path + [words[1]]) }
                let key = tree.insert(path + [words[1]], line: number)
                for value in words.dropFirst(2) { tree.insert([value], below: key, line: number) }
            case "unset":
                if words.count > 1 { tree.remove(path + [words[1]]) }
            case "move" where path == ["firewall policy"] && move(words, path): note(number, .used)
            case "delete" where path == ["firewall policy"] && words.count == 2:
                tree.remove(path + [words[1]])
                note(number, .used)
            case "unselect", "select", "clear", "delete", "rename", "move", "purge", "clone":
                let why = "a command that changes what was set"
                note(number, .notModelled, why)
                firewall.unknown.append((number, why))
            default:
                note(number, .notRecognised, "no command known here")
                if path.first?.hasPrefix("firewall") == true {
                    firewall.unknown.append((number, "a line that isn't understood"))
                }
            }
        }
    }

    /// `move 5 before 1`; false where it is another.
    private mutating func move(_ words: [String], _ path: [String]) -> Bool {
        guard words.count == 4, words[2] == "before" || words[2] == "after" else { return false }
        return tree.move(path + [words[1]], isBefore: words[2] == "before", words[3])
    }

    var domain = ""

    func edits(_ section: String) -> [Int] { tree.children(tree.find([section])) }

    func value(_ key: String, _ node: Int) -> String? {
        tree.values(key, in: node).first
    }

    // MARK: interfaces

    mutating func interfaces() {
        for node in edits("system interface") {
            mark(node, .used)
            var interface = ZonedFirewall.Interface(name: tree.name(node))
            let words = tree.values("ip", in: node)
            if let prefix = Self.prefix(words), let first = words.first,
                let address = IPAddress(String(first.prefix { $0 != "/" }))
            {
                interface.addresses = [address]
                interface.networks = [prefix]
            }
            if value("role", node) == "wan", firewall.entering == nil {
                firewall.entering = tree.name(node)
            } else if value("role", node) == "wan" {
                firewall.entering = ""
            }
            firewall.interfaces.append(interface)
        }
        if firewall.entering == "" { firewall.entering = nil }
        for node in edits("system zone") {
            mark(node, .used)
            for member in tree.values("interface", in: node) {
                if let index = firewall.interfaces.firstIndex(where: { $0.name == member }) {
                    firewall.interfaces[index].zone = tree.name(node)
                }
            }
        }
        for node in edits("router static") where value("status", node) != "disable" {
            guard let device = value("device", node),
                let index = firewall.interfaces.firstIndex(where: { $0.name == device })
            else { continue }
            let words = tree.values("dst", in: node)
            guard let prefix = words.isEmpty ? Prefix("0.0.0.0/0") : Self.prefix(words) else {
                continue
            }
            mark(node, .used)
            firewall.interfaces[index].networks.append(prefix)
        }
    }

    /// `10.0.1.0 255.255.255.0` or `10.0.1.0/24`.
    static func prefix(_ words: [String]) -> Prefix? {
        guard let first = words.first else { return nil }
        guard words.count > 1, let address = IPAddress(first), let mask = IPAddress(words[1]),
            address.family == .v4, mask.family == .v4
        else {
            // A mask that is equal to the address stands in the tree once.
            if first == "0.0.0.0" { return Prefix("0.0.0.0/0") }
            return first.contains("/") ? Prefix(first) : Prefix("\(first)/32")
        }
        let bits = UInt32(truncatingIfNeeded: mask.bits)
        guard ~bits & (~bits &+ 1) == 0 else { return nil }
        return Prefix(address, length: bits.nonzeroBitCount)
    }

    // MARK: objects

    func hosts(_ name: String, depth: Int = 0) -> ZonedFirewall.Hosts {
        var hosts = ZonedFirewall.Hosts()
        if let node = tree.find(["firewall address", name]) {
            address(node, name, &hosts)
        } else if let node = tree.find(["firewall addrgrp", name]), depth < 16 {
            for member in tree.values("member", in: node) {
                hosts.join(self.hosts(member, depth: depth + 1))
            }
            if value("exclude", node) == "enable" {
                for member in tree.values("exclude-member", in: node) {
                    let out = self.hosts(member, depth: depth + 1)
                    hosts.set.subtract(out.set)
                    hosts.unknown += out.unknown
                }
            }
        } else if name == "all" {
            hosts.set = .allV4
        } else if name != "none" {
            hosts.unknown = ["address \(name) isn't defined"]
        }
        return hosts
    }

    func address(_ node: Int, _ name: String, _ hosts: inout ZonedFirewall.Hosts) {
        switch value("type", node) ?? "ipmask" {
        case "ipmask", "subnet":
            let words = tree.values("subnet", in: node)
            if words.isEmpty {
                hosts.set = .allV4
            } else if let prefix = Self.prefix(words) {
                hosts.set = AddressSet(prefix)
            } else {
                hosts.unknown = ["the subnet of \(name) isn't understood"]
            }
        case "iprange":
            let ends = ["start-ip", "end-ip"].map { value($0, node).flatMap { IPAddress($0) } }
            if let first = ends[0], let last = ends[1], first.family == last.family, first <= last {
                hosts.set = AddressSet(first...last)
            } else {
                hosts.unknown = ["the range of \(name) isn't understood"]
            }
        case let kind: hosts.unknown = ["address \(name) is of kind \(kind)"]
        }
    }

    func services(_ name: String, depth: Int = 0) -> [Match] {
        if let node = tree.find(["firewall service custom", name]) { return service(node, name) }
        if let node = tree.find(["firewall service group", name]), depth < 16 {
            return tree.values("member", in: node).flatMap { services($0, depth: depth + 1) }
        }
        if name == "ALL" || name == "ALL_TCP" { return [Match()] }
        if ["ALL_UDP", "ALL_ICMP", "PING", "NTP", "SYSLOG", "TFTP", "DHCP"].contains(name) {
            return [IOSConfig.never("not TCP")]
        }
        var match = Match()
        let known: [String: UInt16] = [
            "FTP": 21, "FTP_GET": 21, "FTP_PUT": 21, "SSH": 22, "TELNET": 23, "SMTP": 25,
            "DNS": 53, "HTTP": 80, "POP3": 110, "IMAP": 143, "LDAP": 389, "HTTPS": 443,
            "SMTPS": 465, "IMAPS": 993, "POP3S": 995, "RDP": 3389,
        ]
        if let port = known[name] {
            match.destinationPorts = PortSet(port...port)
        } else {
            match.notModelled = ["service \(name) isn't defined"]
        }
        return [match]
    }

    func service(_ node: Int, _ name: String) -> [Match] {
        switch value("protocol", node) ?? "TCP/UDP/SCTP" {
        case "IP":
            let number = value("protocol-number", node) ?? "0"
            return ["0", "6"].contains(number) ? [Match()] : [IOSConfig.never("not TCP")]
        case "TCP/UDP/SCTP": break
        case "ALL": return [Match()]
        default: return [IOSConfig.never("not TCP")]
        }
        let words = tree.values("tcp-portrange", in: node)
        guard !words.isEmpty else { return [IOSConfig.never("not TCP")] }
        var doubts: [String] = []
        for key in ["fqdn", "iprange", "app-category"] {
            if let value = value(key, node), value != "0.0.0.0" {
                doubts.append("\(key) of \(name)")
            }
        }
        return words.map { word in
            var match = Match()
            match.notModelled = doubts
            let ends = word.split(separator: ":").map { JunosPorts.range(String($0)) }
            guard (1...2).contains(ends.count), let ports = ends[0] else {
                match.notModelled.append("ports \(word) aren't understood")
                return match
            }
            match.destinationPorts = ports
            if ends.count == 2 {
                if let own = ends[1] {
                    match.sourcePorts = own
                } else {
                    match.notModelled.append("ports \(word) aren't understood")
                }
            }
            return match
        }
    }
}
