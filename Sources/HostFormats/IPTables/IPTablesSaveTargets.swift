import Net
import Policy
import PolicyText

extension IPTablesRuleReader {
    /// Options that end those of a target.
    private static let basic: Set<String> = [
        "-m", "--match", "-p", "--protocol", "-s", "-d", "-i", "-o", "--source", "--destination",
        "--dport", "--sport", "--dports", "--sports", "--ctstate", "--state", "--comment", "-g",
        "-j", "-c",
    ]

    /// Targets after which the next rule judges.
    private static let passing: Set<String> = [
        "LOG", "NFLOG", "ULOG", "TRACE", "AUDIT", "TCPMSS", "CLASSIFY", "DSCP", "TOS", "TTL", "HL",
        "ECN", "TCPOPTSTRIP", "CHECKSUM", "SECMARK", "CONNSECMARK", "IDLETIMER", "LED", "RATEEST",
        "HMARK", "TEE", "SET", "CONNMARK", "MARK", "CT", "NOTRACK", "ACCOUNT", "LOGMARK",
    ]

    /// Targets that decide in ways that the model doesn't follow.
    private static let beyond: Set<String> = [
        "QUEUE", "NFQUEUE", "TPROXY", "SYNPROXY", "TARPIT", "CHAOS", "DELUDE", "CLUSTERIP",
        "MIRROR", "NETMAP", "BALANCE", "SAME", "DNETMAP", "RAWDNAT", "ECHO", "PROTO", "IMQ",
        "ROUTE",
    ]

    mutating func target(_ name: String) throws(Problem) {
        rule.target = nil
        rule.targetName = name
        var options: [(name: String, value: String)] = []
        while index < words.count, !Self.basic.contains(words[index].text) || words[index].quoted {
            let option = words[index]
            if option.text == "!" { break }
            index += 1
            let hasValue =
                index < words.count && (words[index].quoted || !words[index].text.hasPrefix("-"))
            options.append((option.text, hasValue ? words[index].text : ""))
            if hasValue { index += 1 }
        }
        switch name {
        case "ACCEPT": rule.action = .permit
        case "DROP": rule.action = .deny(answered: false)
        case "REJECT": rule.action = .deny(answered: true)
        case "RETURN": rule.action = .return
        case "DNAT": rule.action = .translate(try destination(options))
        case "REDIRECT": rule.action = .translate(try redirect(options))
        case "SNAT", "MASQUERADE": rule.action = .keep
        case "MARK": try mark(options)
        case "CONNMARK": try connectionMark(options)
        case "CT": track(options)
        case "NOTRACK": untrack()
        case _ where Self.beyond.contains(name):
            rule.action = .unknown("target \(name) isn't modelled")
        case _ where Self.passing.contains(name): rule.action = .next
        default: rule.target = name
        }
        let terminal = ["ACCEPT", "DROP", "RETURN", "NOTRACK"].contains(name)
        if (terminal || rule.target != nil), let option = options.first {
            throw .invalid("'\(option.name)' behind -j \(name)")
        }
    }

    /// Whether an option, perhaps cut short, is this one: iptables takes what no other option
    /// begins with (getopt_long(3)). Modules with `--to` of their own leave it open.
    private func means(_ name: String, _ option: String) -> Bool {
        guard name != option else { return true }
        return name.hasPrefix("--to") && option.hasPrefix(name)
            && modules.allSatisfy { !["tos", "string"].contains($0) }
    }

    private func redirect(_ options: [(name: String, value: String)]) throws(Problem) -> Translation
    {
        for option in options where means(option.name, "--to-ports") {
            return Translation(
                address: .device, ports: try portRange(option.value), keepsPortsWithin: true)
        }
        if let other = options.first(where: { $0.name.hasPrefix("--to") }) {
            throw .invalid("\(other.name) may be short for several options")
        }
        return Translation(address: .device)
    }

    /// `10.1.1.10`, `10.1.1.10:21`, `10.1.1.10-10.1.1.12:5001-5201`, `:21`, `[2001:db8::1]:21`.
    private func destination(
        _ options: [(name: String, value: String)]
    ) throws(Problem) -> Translation {
        let wanted = options.filter { means($0.name, "--to-destination") }.map(\.value)
        guard let value = wanted.first else { throw .invalid("DNAT needs --to-destination") }
        guard wanted.count == 1 else {
            return Translation(address: .unknown("it is translated to one of several ranges"))
        }
        var (host, port) = (value[...], Substring())
        if value.hasPrefix("["), let end = value.firstIndex(of: "]") {
            host = value[value.index(after: value.startIndex)..<end]
            port = value[value.index(after: end)...]
            if port.hasPrefix(":") { port = port.dropFirst() }
        } else if family == .v4, let colon = value.firstIndex(of: ":") {
            host = value[..<colon]
            port = value[value.index(after: colon)...]
        }
        if port.contains("/") {
            return Translation(address: .unknown("its port is shifted (\(value))"))
        }
        let ports = port.isEmpty ? nil : try portRange(String(port))
        guard !host.isEmpty else {
            return Translation(address: .unchanged, ports: ports, keepsPortsWithin: true)
        }
        let range = try IPTablesValues.addressRange(host)
        var addresses: [IPAddress] = []
        var next: IPAddress? = range.lowerBound
        while let address = next, address <= range.upperBound {
            addresses.append(address)
            next = address.next
            if addresses.count > 256 {
                return Translation(
                    address: .unknown("it is translated to more than 256 addresses"), ports: ports)
            }
        }
        return Translation(address: .addresses(addresses), ports: ports, keepsPortsWithin: true)
    }

    private func portRange(_ text: String) throws(Problem) -> ClosedRange<UInt16> {
        let parts = text.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
        do throws(Problem) {
            let low = try IPTablesValues.port(parts[0])
            let high = parts.count == 2 ? try IPTablesValues.port(parts[1]) : low
            guard low <= high else { throw Problem.invalid("range \(text) is reversed") }
            return low...high
        } catch .unresolved(let what) {
            throw .invalid("\(what) isn't known")
        } catch {
            throw error
        }
    }

    private mutating func mark(_ options: [(name: String, value: String)]) throws(Problem) {
        for option in options {
            guard let change = try Self.change(option.name, option.value) else { continue }
            rule.effects.append(.mark(clear: change.clear, flip: change.flip))
        }
    }

    private mutating func connectionMark(
        _ options: [(name: String, value: String)]
    ) throws(Problem) {
        var (packet, connection) = (UInt32.max, UInt32.max)
        for option in options {
            switch option.name {
            case "--mask":
                packet = try IPTablesValues.mark(option.value).value
                connection = packet
            case "--nfmask": packet = try IPTablesValues.mark(option.value).value
            case "--ctmask": connection = try IPTablesValues.mark(option.value).value
            default: break
            }
        }
        for option in options {
            if option.name == "--save-mark" {
                rule.effects.append(.saveMark(packet: packet, connection: connection))
            } else if option.name == "--restore-mark" {
                rule.effects.append(.restoreMark(packet: packet, connection: connection))
            } else if let change = try Self.change(option.name, option.value) {
                rule.effects.append(.connectionMark(clear: change.clear, flip: change.flip))
            }
        }
    }

    /// iptables-extensions(8), MARK.
    private static func change(
        _ name: String, _ text: String
    ) throws(Problem) -> (clear: UInt32, flip: UInt32)? {
        switch name {
        case "--set-xmark":
            let mark = try IPTablesValues.mark(text)
            return (mark.mask, mark.value)
        case "--set-mark":
            let mark = try IPTablesValues.mark(text)
            return (mark.mask | mark.value, mark.value)
        case "--and-mark": return (~(try IPTablesValues.mark(text).value), 0)
        case "--or-mark":
            let value = try IPTablesValues.mark(text).value
            return (value, value)
        case "--xor-mark": return (0, try IPTablesValues.mark(text).value)
        default: return nil
        }
    }

    /// What CT or NOTRACK said first of a packet's connection holds (xt_CT.c).
    private mutating func track(_ options: [(name: String, value: String)]) {
        if options.contains(where: { $0.name == "--notrack" }) { return untrack() }
        rule.narrow { $0.tests += [.tracked(true), .tagged(IPTablesRule.trackingTag, false)] }
        rule.effects.append(.tag(IPTablesRule.trackingTag))
        if options.contains(where: { $0.name == "--helper" && $0.value == "ftp" }) {
            rule.assignsFTPHelper = true
            rule.effects.append(.tag(IPTablesRule.helperTag))
        }
    }

    private mutating func untrack() {
        rule.narrow { $0.tests.append(.tagged(IPTablesRule.trackingTag, false)) }
        rule.effects.append(.untrack)
    }
}
