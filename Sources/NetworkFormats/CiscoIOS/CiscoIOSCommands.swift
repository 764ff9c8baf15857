import Net
import Policy
import PolicyText

/// Commands that stand on their own, and those that open a block.
extension IOSReader {
    /// Nil where it is no such command.
    mutating func readGlobal(_ line: IOSLine) -> Reading? {
        switch line.keyword(0) {
        case "interface" where line.indent == 0: return openInterface(line)
        case "access-list": return numberedEntry(line)
        case "object-group" where line.indent == 0: return openGroup(line)
        case "zone", "zone-pair", "class-map", "policy-map", "vlan", "cts":
            return readZones(line) ?? readBarrier(line)
        case "time-range":
            context = .other(.notModelled, "a clock decides")
            return (.notModelled, "a clock decides")
        case "ipv6" where line.keyword(1) == "access-list":
            context = .other(.notModelled, "IPv6 lists aren't modelled")
            return (.notModelled, "IPv6 lists aren't modelled")
        case "ip": return readIP(line)
        case "exit" where line.indent == 0:
            context = .none
            return (.irrelevant, "")
        default: return nil
        }
    }

    private mutating func readIP(_ line: IOSLine) -> Reading? {
        switch line.keyword(1) {
        case "access-list": return openList(line)
        case "nat" where line.words.count > 3: return readNAT(line)
        case "nat" where line.keyword(2) == "pool": return readNAT(line)
        case "inspect" where line.keyword(2) == "name":
            context = .none
            guard line.keyword(4) == "ftp" else { return (.irrelevant, "not FTP") }
            config.inspected[line.words[3]] = line.negated ? nil : line.number
            return Self.used
        case "inspect" where line.keyword(2) == "tcp" && line.keyword(3) == "idle-time":
            return inspectionTimeout(line)
        case "port-map" where line.keyword(2) == "ftp":
            context = .none
            var rest = IOSWords(line.words, from: 4)
            _ = rest.take("tcp")
            guard let port = UInt16(rest.next()), rest.isAtEnd, !line.negated else {
                return (.notModelled, "a port map for some hosts")
            }
            config.mapped.append((port, line.number))
            return Self.used
        case "port-map" where line.words.count > 2: return portMap(line)
        default: return nil
        }
    }

    /// `ip port-map https port tcp 5001`, of another protocol than FTP.
    private mutating func portMap(_ line: IOSLine) -> Reading {
        context = .none
        let name = line.keyword(2)
        var rest = IOSWords(line.words, from: 3)
        _ = rest.take("port")
        if rest.take("udp") { return (.irrelevant, "not TCP") }
        _ = rest.take("tcp")
        let first = UInt16(rest.next())
        let last = rest.take("to") || rest.take("from") ? nil : first
        guard let first, let last, rest.isAtEnd, !line.negated,
            let known = config.mappedElse[name] ?? PortSet()
        else {
            config.mappedElse[name] = .some(nil)
            return (.notModelled, "what ports \(name.excerpt) stands for can't be told")
        }
        config.mappedElse[name] = known.union(PortSet(first...last))
        return Self.used
    }

    private mutating func openInterface(_ line: IOSLine) -> Reading {
        let name = line.words.dropFirst().prefix { $0.lowercased() != "point-to-point" }
            .joined()
        guard !name.isEmpty, !line.negated else { return (.invalid, "an interface without a name") }
        if let index = config.interfaces.firstIndex(where: { $0.name == name }) {
            context = .interface(index)
        } else {
            config.interfaces.append(IOSInterface(name: name, line: line.number))
            context = .interface(config.interfaces.count - 1)
        }
        return Self.used
    }

    private mutating func openGroup(_ line: IOSLine) -> Reading {
        let name = line.words.last ?? ""
        if line.negated { return closeGroup(line, name) }
        let group = IOSGroup(line: line.number)
        lastGroup = name
        switch line.keyword(1) {
        case "network" where line.words.count == 3:
            if config.networkGroups[name] == nil { config.networkGroups[name] = group }
            context = .networks(name)
        case "service" where line.words.count == 3:
            if config.serviceGroups[name] == nil { config.serviceGroups[name] = group }
            context = .services(name)
        case "ip" where line.keyword(2) == "port" && line.words.count == 4:
            if config.portGroups[name] == nil { config.portGroups[name] = group }
            context = .ports(name)
        default:
            context = .other(.notModelled, "a kind of group that isn't modelled")
            return (.notModelled, "a kind of group that isn't modelled")
        }
        return Self.used
    }

    /// `no object-group network G`
    private mutating func closeGroup(_ line: IOSLine, _ name: String) -> Reading {
        context = .none
        switch line.keyword(1) {
        case "network": config.networkGroups[name] = nil
        case "service": config.serviceGroups[name] = nil
        default: config.portGroups[name] = nil
        }
        return Self.used
    }

    // MARK: access lists

    private mutating func openList(_ line: IOSLine) -> Reading {
        context = .none
        let kind = line.keyword(2)
        if kind == "resequence" { return resequence(line) }
        guard kind == "standard" || kind == "extended", line.words.count == 4 else {
            if kind == "log-update" || kind == "logging" { return (.irrelevant, "") }
            if line.words.count >= 3 {
                let name = line.words[2]
                config.lists[name] = IOSAccessList(name: name, extended: true, strange: line.number)
            }
            context = .other(.notRecognised, "in a list that is neither standard nor extended")
            return (.notRecognised, "neither standard nor extended: no list of IOS")
        }
        let name = line.words[3]
        if line.negated {
            config.lists[name] = nil
            return Self.used
        }
        if config.lists[name] == nil {
            config.lists[name] = IOSAccessList(name: name, extended: kind == "extended")
        }
        context = .list(name)
        lastList = name
        return Self.used
    }

    private mutating func resequence(_ line: IOSLine) -> Reading {
        guard line.words.count == 6, let start = Int(line.words[4]), let step = Int(line.words[5]),
            (1...1_000_000).contains(start), (1...1_000_000).contains(step),
            var list = config.lists[line.words[3]]
        else { return (.invalid, "resequences no list") }
        list.resequence(from: start, step: step)
        config.lists[list.name] = list
        return Self.used
    }

    private mutating func numberedEntry(_ line: IOSLine) -> Reading {
        context = .none
        guard let number = Int(line.keyword(1)) else {
            let name = line.words.count > 1 ? line.words[1] : ""
            config.lists[name] = IOSAccessList(name: name, extended: true, strange: line.number)
            return (.notRecognised, "IOS numbers a list that stands on one line")
        }
        guard let extended = IOSAccessList.isExtended(number: number) else {
            return (.irrelevant, "a list of a kind that filters no IPv4")
        }
        let name = "\(number)"
        if line.negated, line.words.count == 2 {
            config.lists[name] = nil
            return Self.used
        }
        // Taken out, so that a change copies nothing.
        var list =
            config.lists.removeValue(forKey: name)
            ?? IOSAccessList(name: name, extended: extended)
        var reading = add(line, Array(line.words.dropFirst(2)), to: &list)
        if line.negated {
            list.strange = list.strange ?? line.number
            reading = (.notModelled, "whether the entry goes or the whole list is for the release")
        }
        config.lists[name] = list
        return reading ?? (.notRecognised, "no entry of a list")
    }

    mutating func readEntry(_ line: IOSLine, _ name: String) -> Reading? {
        guard var list = config.lists.removeValue(forKey: name) else { return nil }
        defer { config.lists[name] = list }
        let reading = add(line, line.words, to: &list)
        if reading == nil, line.indent == 0 { return nil }
        if reading == nil { list.strange = list.strange ?? line.number }
        return reading ?? (.notRecognised, "no entry of a list")
    }

    /// Adds or takes away an entry; nil where the words are none.
    func add(_ line: IOSLine, _ words: [String], to list: inout IOSAccessList) -> Reading? {
        var words = words
        var sequence: Int?
        if let first = words.first, let number = Int(first) {
            guard (1...Int(Int32.max)).contains(number) else {
                return (.invalid, "\(first) is no sequence number")
            }
            sequence = number
            words.removeFirst()
        }
        let verb = words.first.flatMap {
            IOSAbbreviations.word($0, ["permit": 3, "deny": 3, "remark": 3])
        }
        switch verb ?? words.first?.lowercased() {
        case "remark":
            if let sequence { list.remarks.insert(sequence) }
            return (.irrelevant, "remark")
        case "evaluate": return (.irrelevant, "passes only what answers a flow from the other side")
        case nil where line.negated && sequence != nil:
            list.remove { $0.sequence == sequence }
            return Self.used
        case "permit", "deny":
            let permits = verb == "permit"
            let rest = IOSAbbreviations.entry(Array(words.dropFirst()))
            if line.negated {
                let meant = IOSEntry.canonical(rest)
                list.remove { $0.permits == permits && IOSEntry.canonical($0.words) == meant }
                return Self.used
            }
            let place = sequence ?? list.nextSequence
            if list.holds(sequence: place) {
                return (.invalid, "the sequence number is taken")
            }
            list.append(
                IOSEntry(sequence: place, line: line.number, permits: permits, words: rest))
            return Self.used
        case "dynamic":
            list.strange = list.strange ?? line.number
            return (.notModelled, "lock-and-key")
        default: return nil
        }
    }
}
