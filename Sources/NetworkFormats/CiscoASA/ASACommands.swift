import Net
import Policy
import PolicyText

/// Commands that stand on their own, and those that open a block.
extension ASAReader {
    /// Nil where it is no such command.
    mutating func readGlobal(_ line: IOSLine) -> Reading? {
        switch line.keyword(0) {
        case "asa", "pix", "fwsm":
            guard line.keyword(1) == "version" else { return nil }
            readVersion(line.words, 1)
            return Self.used
        case "name" where line.words.count >= 3: return readName(line)
        case "interface": return openInterface(line)
        case "nameif" where line.words.count == 4: return oldName(line)
        case "object": return openObject(line)
        case "object-group": return openGroup(line)
        case "access-list": return readList(line)
        case "access-group": return bind(line)
        case "nat", "global", "static", "nat-control": return readNAT(line)
        case "alias" where line.words.count > 3 && line.keyword(1).hasPrefix("("),
            "conduit", "outbound", "apply":
            guard !line.negated else { return Self.furniture }
            if line.keyword(0) == "alias" {
                config.strangeNAT.append(line.number)
            } else {
                config.conduits.append(line.number)
            }
            return (.notModelled, "it opens or redirects connections in a way that isn't modelled")
        case "established":
            return (.notModelled, "it opens ports for hosts that are connected already")
        case "route" where line.words.count >= 4, "ipv6" where line.keyword(1) == "route":
            return readRoute(line)
        case "router" where !line.negated:
            config.learnsRoutes = line.number
            context = .other(.notModelled, "routes that are learnt aren't in the file")
            return (.notModelled, "routes that are learnt aren't in the file")
        case "time-range":
            context = .other(.notModelled, "a clock decides")
            return (.notModelled, "a clock decides")
        case "same-security-traffic":
            guard line.keyword(1) == "permit" else { return nil }
            switch line.keyword(2) {
            case "inter-interface": config.betweenEqual = line.negated ? nil : line.number
            case "intra-interface": config.backOut = line.negated ? nil : line.number
            default: return nil
            }
            return Self.used
        case "service" where line.keyword(1) == "resetinbound":
            config.resetInbound = line.negated ? nil : line.number
            return Self.used
        case "class-map": return openClass(line)
        case "policy-map": return openPolicy(line)
        case "service-policy": return servicePolicy(line)
        case "fixup" where line.keyword(1) == "protocol": return fixup(line)
        default: return readOther(line)
        }
    }

    private mutating func readOther(_ line: IOSLine) -> Reading? {
        switch (line.keyword(0), line.keyword(1)) {
        case ("ip", "address") where line.words.count >= 4 && line.indent == 0:
            return oldAddress(line)
        case ("clear", "configure") where line.keyword(2) == "access-list":
            if line.words.count > 3 {
                config.lists[line.words[3]] = nil
            } else {
                config.lists = [:]
            }
            return Self.used
        case ("ipv6", "access-list"):
            if !line.negated { config.filters6.append(line.number) }
            return (.notModelled, "IPv6 lists of before 9.0 aren't modelled")
        case ("ip", "verify"), ("ip", "audit"), ("filter", _), ("shun", _), ("zone", _),
            ("firewall", "transparent"):
            guard !line.negated else { return Self.furniture }
            let command = "\(line.keyword(0)) \(line.keyword(1))"
            if !config.beyond.contains(command) { config.beyond.append(command) }
            context = .other(.notModelled, "it may drop or redirect packets")
            return (.notModelled, "it may drop or redirect packets")
        case ("firewall", _): return Self.furniture
        case ("timeout", "conn"): return readTimeout(line)
        case ("crypto", _):
            context = .other(.irrelevant, "below a line without influence")
            return Self.furniture
        case ("regex", _), ("route-map", _): return Self.furniture
        default: return nil
        }
    }

    private mutating func readName(_ line: IOSLine) -> Reading {
        guard let address = IPAddress(line.words[1]) else {
            return (.invalid, "\(line.words[1]) is no address")
        }
        config.names[line.words[2]] = line.negated ? nil : address
        return Self.used
    }

    private mutating func readRoute(_ line: IOSLine) -> Reading {
        guard !line.negated else { return Self.furniture }
        var rest = IOSWords(line.words, from: line.keyword(0) == "ipv6" ? 2 : 1)
        let interface = rest.next()
        guard let prefix = try? prefix(&rest) else { return (.notRecognised, "no route") }
        config.routes.append((interface, prefix, line.number))
        return Self.used
    }

    /// An address and its mask, or an IPv6 prefix.
    func prefix(_ rest: inout IOSWords) throws(IOSFault) -> Prefix {
        if rest.peek.contains("/"), let prefix = Prefix(rest.peek) {
            rest.skip()
            return prefix
        }
        let address = try config.address(&rest)
        let mask = UInt32(truncatingIfNeeded: try config.address(&rest).bits)
        guard address.family == .v4, ~mask & (~mask &+ 1) == 0,
            let prefix = Prefix(address, length: mask.nonzeroBitCount)
        else { throw .refused("no address with its mask") }
        return prefix
    }

    // MARK: interfaces

    private mutating func openInterface(_ line: IOSLine) -> Reading {
        let name = line.words.dropFirst().joined()
        guard !name.isEmpty, !line.negated else { return (.invalid, "an interface without a name") }
        if let index = config.interfaces.firstIndex(where: { $0.hardware == name }) {
            context = .interface(index)
        } else {
            config.interfaces.append(ASAInterface(hardware: name, line: line.number))
            context = .interface(config.interfaces.count - 1)
        }
        return Self.used
    }

    mutating func readInterface(_ line: IOSLine, _ index: Int) -> Reading? {
        switch (line.keyword(0), line.keyword(1)) {
        case ("nameif", let word) where line.words.count <= 2:
            config.interfaces[index].name = line.negated || word.isEmpty ? nil : line.words[1]
            if config.interfaces[index].level == nil, !line.negated {
                config.interfaces[index].level = word == "inside" ? 100 : 0
                config.interfaces[index].levelLine = line.number
            }
            return Self.used
        case ("security-level", let word):
            if line.negated { return Self.used }
            guard let level = Int(word), (0...100).contains(level) else {
                return (.invalid, "a security level is 0 to 100")
            }
            config.interfaces[index].level = level
            config.interfaces[index].levelLine = line.number
            return Self.used
        case ("ip", "address"), ("ipv6", "address"):
            guard !line.negated else { return (.irrelevant, "") }
            return interfaceAddress(line, IOSWords(line.words, from: 2), index)
        case ("shutdown", _):
            config.interfaces[index].isShut = !line.negated
            return Self.used
        case ("zone-member", _):
            config.beyond.append("zone-member")
            return (.notModelled, "it may drop or redirect packets")
        default:
            guard line.indent > 0, !opens(line) else { return nil }
            return Self.furniture
        }
    }

    private mutating func interfaceAddress(
        _ line: IOSLine, _ words: IOSWords, _ index: Int
    ) -> Reading {
        var rest = words
        if ["dhcp", "pppoe", "autoconfig"].contains(rest.keyword) {
            config.interfaces[index].isDynamic = true
            if line.words.last?.lowercased() == "setroute", let every = Prefix("0.0.0.0/0") {
                config.interfaces[index].networks.append(every)
            }
            return (.used, "")
        }
        let first = rest.peek
        guard let network = try? prefix(&rest),
            let address = IPAddress(String(first.prefix { $0 != "/" })) ?? config.names[first]
        else { return (.invalid, "no address with its mask") }
        config.interfaces[index].addresses.append(address)
        config.interfaces[index].networks.append(network)
        return Self.used
    }

    /// PIX 6: `nameif ethernet0 outside security0`.
    private mutating func oldName(_ line: IOSLine) -> Reading {
        guard line.keyword(3).hasPrefix("sec"),
            let level = Int(line.keyword(3).drop { !$0.isNumber }), (0...100).contains(level)
        else { return (.invalid, "a security level is 0 to 100") }
        var interface = ASAInterface(hardware: line.words[1], line: line.number)
        (interface.name, interface.level) = (line.words[2], level)
        interface.levelLine = line.number
        config.interfaces.removeAll { $0.hardware == line.words[1] }
        config.interfaces.append(interface)
        return Self.used
    }

    /// PIX 6: `ip address outside 203.0.113.2 255.255.255.0`.
    private mutating func oldAddress(_ line: IOSLine) -> Reading {
        guard let index = config.interfaces.firstIndex(where: { $0.name == line.words[2] }) else {
            return (.invalid, "no interface has that name")
        }
        return interfaceAddress(line, IOSWords(line.words, from: 3), index)
    }
}
