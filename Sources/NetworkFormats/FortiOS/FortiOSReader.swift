import Net
import Policy
import PolicyText

/// Reads `config … edit … set … next end` into objects and policies.
struct FortiOSReader {
    var tree = ConfigTree()
    var notes: [LineNote]
    var firewall: ZonedFirewall
    let text: ConfigText
    private let hostsTold = Told<ZonedFirewall.Hosts>()
    private let servicesTold = Told<[Match]>()
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
                    if Self.policySections.contains(path) { domains.insert(domain) }
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
            case "move" where Self.policySections.contains(path) && move(words, path):
                note(number, .used)
            case "delete" where Self.policySections.contains(path) && words.count == 2:
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
        let open = stack.flatMap(\.path).first ?? ""
        if quote || open.hasPrefix("firewall") {
            firewall.unknown.append((text.lines.count, "the file ends inside a block"))
        }
    }

    private static let policySections: Set = [["firewall policy"], ["firewall policy6"]]

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

    func hosts(
        _ name: String, _ family: FortiOSFamily, depth: Int = 0
    ) -> ZonedFirewall.Hosts {
        hostsTold.value(of: family.tag(name), meanwhile: .circular(name)) {
            resolved(name, family, depth)
        }
    }

    private func resolved(
        _ name: String, _ family: FortiOSFamily, _ depth: Int
    ) -> ZonedFirewall.Hosts {
        var hosts = ZonedFirewall.Hosts()
        if let node = tree.find([family.addresses, name]) {
            address(node, name, family, &hosts)
        } else if let node = tree.find([family.groups, name]), depth < 16 {
            hosts = ZonedFirewall.Hosts(
                joining: tree.values("member", in: node).map {
                    self.hosts($0, family, depth: depth + 1)
                })
            if value("exclude", node) == "enable" {
                for member in tree.values("exclude-member", in: node) {
                    let out = self.hosts(member, family, depth: depth + 1)
                    hosts.set.subtract(out.set)
                    // What may be left out isn't sure to be in.
                    if !out.unknown.isEmpty { hosts.set = AddressSet() }
                    hosts.unknown += out.unknown
                }
            }
        } else if name == "all" {
            hosts.set = family.all
        } else if name != "none" {
            hosts.unknown = ["address \(name) isn't defined"]
        }
        return hosts
    }

    private func address(
        _ node: Int, _ name: String, _ family: FortiOSFamily, _ hosts: inout ZonedFirewall.Hosts
    ) {
        switch value("type", node) ?? "ipmask" {
        case "ipmask", "subnet", "ipprefix":
            let words = tree.values("subnet", in: node) + tree.values("ip6", in: node)
            if words.isEmpty {
                hosts.set = family.all
            } else if let prefix = Self.prefix(words) {
                hosts.set = AddressSet(prefix).intersection(family.all)
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
            let circle = [Match(notModelled: ["\(name) holds itself"])]
            return servicesTold.value(of: name, meanwhile: circle) {
                tree.values("member", in: node).flatMap { services($0, depth: depth + 1) }
                    .bounded(name)
            }
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
        case let kind where kind.hasPrefix("TCP/"): break
        case "ALL": return [Match()]
        case "ICMP", "ICMP6", "SOCKS-UDP": return [IOSConfig.never("not TCP")]
        case let kind: return [Match(notModelled: ["service \(name) is of kind \(kind)"])]
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
