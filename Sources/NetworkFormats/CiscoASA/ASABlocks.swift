import Net
import Policy
import PolicyText

/// Objects, groups, lists, and the policies of inspection.
extension ASAReader {
    mutating func openObject(_ line: IOSLine) -> Reading? {
        guard line.words.count >= 3 else { return (.notRecognised, "an object without a name") }
        let name = line.words[2]
        switch line.keyword(1) {
        case "network":
            if line.negated {
                config.networks[name] = nil
                return Self.used
            }
            if config.networks[name] == nil {
                config.networks[name] = ASAObject(line: line.number)
            }
            context = .networkObject(name)
        case "service":
            if line.negated {
                config.services[name] = nil
                return Self.used
            }
            if config.services[name] == nil {
                config.services[name] = ASAObject(line: line.number)
            }
            context = .serviceObject(name)
        default:
            context = .other(.notModelled, "a kind of object that isn't modelled")
            return (.notModelled, "a kind of object that isn't modelled")
        }
        return Self.used
    }

    mutating func readNetworkObject(_ line: IOSLine, _ name: String) -> Reading? {
        switch line.keyword(0) {
        case "host", "subnet", "range":
            config.networks[name]?.value = (line.number, line.words)
            return Self.used
        case "fqdn":
            config.networks[name]?.value = (line.number, line.words)
            return (.notModelled, "a name stands for an address")
        case "nat" where !line.words.contains("source"): return readObjectNAT(line, name)
        case "nat": return nil
        default: return below(line, "description")
        }
    }

    mutating func openGroup(_ line: IOSLine) -> Reading? {
        guard line.words.count >= 3 else { return (.notRecognised, "a group without a name") }
        let name = line.words[2]
        if line.negated {
            config.groups[name] = nil
            return Self.used
        }
        let kinds: [String: ASAGroup.Kind] = [
            "network": .network, "service": .service, "protocol": .protocols,
        ]
        let kind = kinds[line.keyword(1)] ?? .other
        if config.groups[name] == nil {
            config.groups[name] = ASAGroup(line: line.number, kind: kind)
            if kind == .service, line.words.count > 3 {
                config.groups[name]?.proto = line.keyword(3)
            }
        }
        context = .group(name)
        switch line.keyword(1) {
        case "network", "service", "protocol": return Self.used
        case "icmp-type": return (.irrelevant, "not TCP")
        default: return (.notModelled, "a kind of group that isn't modelled")
        }
    }

    mutating func readMember(_ line: IOSLine, _ name: String) -> Reading? {
        let words: Set<String> = [
            "network-object", "service-object", "port-object", "protocol-object", "group-object",
        ]
        guard words.contains(line.keyword(0)) else {
            if line.keyword(0) == "icmp-object" { return (.irrelevant, "not TCP") }
            return below(line, "description")
        }
        if line.negated {
            config.groups[name]?.members.removeAll { $0.words == line.words }
            return Self.used
        }
        config.groups[name]?.members.append((line.number, line.words))
        return config.groups[name]?.kind == .other
            ? (.irrelevant, "of a group that holds no addresses and no ports") : Self.used
    }

    // MARK: lists

    mutating func readList(_ line: IOSLine) -> Reading? {
        guard line.words.count >= 3 else {
            guard line.negated, line.words.count == 2 else { return nil }
            config.lists[line.words[1]] = nil
            return Self.used
        }
        let name = line.words[1]
        if ["alert-interval", "deny-flow-max", "cached"].contains(name.lowercased()) {
            return Self.furniture
        }
        // Taken out, so that a change copies nothing.
        var list = config.lists.removeValue(forKey: name) ?? ASAList(name: name)
        defer { config.lists[name] = list }
        var rest = IOSWords(line.words, from: 2)
        var place: Int?
        if rest.keyword == "line" {
            rest.skip()
            guard let number = Int(rest.next()), number > 0, number < 10_000_000 else {
                return (.invalid, "a line's number is missing")
            }
            place = number
        }
        switch rest.keyword {
        case "remark":
            let remark = ASAEntry(line: line.number, permits: false, words: [], isRemark: true)
            list.entries.insert(
                remark, at: min(list.entries.count, place.map { $0 - 1 } ?? list.entries.count))
            return (.irrelevant, "remark")
        case "compiled", "rename": return Self.furniture
        case "standard":
            list.isStandard = true
            return (.irrelevant, "a standard list filters no packets")
        case "ethertype", "webtype":
            list.strange = line.number
            return (.irrelevant, "a list of a kind that filters no IP")
        case "advanced":
            config.advanced = config.advanced ?? line.number
            list.strange = list.strange ?? line.number
            return (.notModelled, "an entry of Firepower Threat Defense isn't modelled")
        case "extended": rest.skip()
        case "permit", "deny": break
        default:
            list.strange = list.strange ?? line.number
            return (.notModelled, "a kind of entry that isn't modelled")
        }
        let permits = rest.keyword == "permit"
        guard permits || rest.keyword == "deny" else {
            list.strange = list.strange ?? line.number
            return (.notRecognised, "no entry of a list")
        }
        let words = Array(line.words.dropFirst(rest.position + 1))
        if line.negated {
            list.entries.removeAll { $0.permits == permits && $0.words == words }
            return Self.used
        }
        let entry = ASAEntry(line: line.number, permits: permits, words: words)
        if let place, place <= list.entries.count {
            list.entries.insert(entry, at: place - 1)
        } else {
            list.entries.append(entry)
        }
        return Self.used
    }

    mutating func bind(_ line: IOSLine) -> Reading? {
        guard line.words.count >= 3 else { return nil }
        let words = line.words.map { $0.lowercased() }
        if words.contains("control-plane") {
            return (.irrelevant, "it filters what the firewall itself takes")
        }
        var binding = ASABinding(
            list: line.words[1], way: .global, interface: "", line: line.number)
        if words[2] != "global" {
            guard ["in", "out"].contains(words[2]), words.count >= 5, words[3] == "interface"
            else { return nil }
            binding.way = words[2] == "in" ? .entering : .leaving
            binding.interface = line.words[4]
        }
        let same = config.bound.firstIndex {
            $0.way == binding.way && $0.interface == binding.interface
        }
        if let same {
            mark(
                config.bound[same].line, .irrelevant,
                "line \(line.number) sets it again, and the last one counts")
            config.bound.remove(at: same)
        }
        if line.negated { return Self.used }
        config.bound.append(binding)
        if words.contains("per-user-override") {
            config.beyond.append("per-user-override")
        }
        return Self.used
    }

    // MARK: inspection

    mutating func openClass(_ line: IOSLine) -> Reading {
        guard !line.negated, line.keyword(1) != "type", let name = line.words.last else {
            context = .other(.irrelevant, "below a line without influence")
            return Self.furniture
        }
        config.classes[name] = ASAClass(line: line.number)
        context = .classMap(name)
        return Self.used
    }

    mutating func openPolicy(_ line: IOSLine) -> Reading {
        guard !line.negated, line.keyword(1) != "type", let name = line.words.last else {
            context = .other(.irrelevant, "below a line without influence")
            return Self.furniture
        }
        config.policies[name] = config.policies[name] ?? []
        context = .policyMap(name, inClass: nil)
        return Self.used
    }

    mutating func readPolicy(_ line: IOSLine, _ name: String, _ inClass: String?) -> Reading? {
        switch (line.keyword(0), line.keyword(1)) {
        case ("class", _) where line.words.count > 1:
            context = .policyMap(name, inClass: line.words[1])
            return Self.used
        case ("inspect", "ftp"):
            guard let inClass else { return (.invalid, "it stands below no class") }
            config.policies[name]?.removeAll { $0.className == inClass }
            if !line.negated {
                config.policies[name]?.append(ASAInspect(className: inClass, line: line.number))
            }
            return Self.used
        case ("inspect", _): return (.irrelevant, "not FTP")
        case ("set", "connection") where line.words.contains("timeout"):
            config.classTimeout = line.number
            return Self.furniture
        case ("set", _), ("police", _), ("ips", _), ("csc", _), ("cxsc", _), ("sfr", _):
            guard line.indent > 0 else { return nil }
            if line.keyword(0) == "set" || line.keyword(0) == "police" { return Self.furniture }
            config.beyond.append(line.keyword(0))
            return (.notModelled, "it may drop packets")
        default:
            guard line.indent > 0 else { return nil }
            return (.irrelevant, "no influence on who reaches which port")
        }
    }

    mutating func servicePolicy(_ line: IOSLine) -> Reading? {
        guard line.words.count >= 3 else { return nil }
        let interface = line.keyword(2) == "interface" && line.words.count > 3 ? line.words[3] : nil
        guard interface != nil || line.keyword(2) == "global" else { return nil }
        config.servicePolicies.removeAll { $0.interface == interface }
        if !line.negated {
            config.servicePolicies.append((line.words[1], interface, line.number))
        }
        return Self.used
    }

    mutating func fixup(_ line: IOSLine) -> Reading {
        guard line.keyword(2) == "ftp" else { return (.irrelevant, "not FTP") }
        guard let port = line.words.last.flatMap({ UInt16($0) }) else {
            return (.notRecognised, "a port is missing")
        }
        if line.negated {
            config.fixups.removeAll { $0.port == port }
        } else {
            config.fixups.append((port, line.number))
        }
        return Self.used
    }
}
