import Net
import Policy
import PolicyText

/// `nat`, `global` and `static` commands.
extension ASAReader {
    mutating func readNAT(_ line: IOSLine) -> Reading? {
        context = .none
        do throws(IOSFault) {
            switch line.keyword(0) {
            case "nat-control":
                config.natControl = line.negated ? nil : line.number
                return Self.used
            case "global": return (.irrelevant, "addresses for what goes out")
            case "static": return try readStatic(line)
            default: break
            }
            if line.words.contains(where: { $0.lowercased() == "source" }) {
                return try readTwice(line)
            }
            return try readOldNAT(line)
        } catch {
            if !line.negated { config.strangeNAT.append(line.number) }
            return (error.state, error.why)
        }
    }

    /// `(real,mapped)`; nothing stands for any of both.
    private func sides(_ rest: inout IOSWords) throws(IOSFault) -> (real: String, mapped: String) {
        guard rest.peek.hasPrefix("(") else { return ("any", "any") }
        var word = rest.next()
        while !word.hasSuffix(")"), !rest.isAtEnd { word += rest.next() }
        let parts = word.dropFirst().dropLast().split(separator: ",").map(String.init)
        guard parts.count == 2 else { throw .puzzling("two interfaces are expected") }
        return (parts[0], parts[1])
    }

    private func value(_ word: String) throws(IOSFault) -> ASANATValue {
        switch word.lowercased() {
        case "": throw .puzzling("an address is missing")
        case "any", "any4": return .any
        case "interface": return .interface
        default: break
        }
        if let address = IPAddress(word) { return .address(address) }
        if config.networks[word] == nil, config.groups[word] == nil,
            let address = config.names[word]
        {
            return .address(address)
        }
        return .named(word)
    }

    // MARK: since 8.3

    private mutating func readTwice(_ line: IOSLine) throws(IOSFault) -> Reading {
        var rest = IOSWords(line.words, from: 1)
        let sides = try sides(&rest)
        let late = rest.take("after-auto")
        var place: Int?
        if let number = Int(rest.peek) {
            place = number
            rest.skip()
        }
        guard rest.take("source") else { throw .puzzling("`source` is missing") }
        let kind = rest.next().lowercased()
        guard kind == "static" || kind == "dynamic" else { throw .puzzling("no kind of NAT") }
        var entry = ASATwiceNAT(
            line: line.number, words: line.words.filter { Int($0) == nil }, real: sides.real,
            mapped: sides.mapped, isStatic: kind == "static", source: (.any, .any))
        entry.source.real = try value(rest.next())
        if kind == "dynamic", rest.take("pat-pool") {
            rest.skip()
        } else {
            entry.source.mapped = try value(rest.next())
        }
        if try twiceOptions(&rest, &entry) {
            return (.irrelevant, "the line is inactive")
        }
        if line.negated {
            config.twice.removeAll { $0.words == entry.words }
            config.late.removeAll { $0.words == entry.words }
            return Self.used
        }
        if late {
            config.late.insert(entry, at: min(config.late.count, max(0, (place ?? .max) - 1)))
        } else {
            config.twice.insert(entry, at: min(config.twice.count, max(0, (place ?? .max) - 1)))
        }
        return Self.used
    }

    /// Whether the line is inactive.
    private func twiceOptions(
        _ rest: inout IOSWords, _ entry: inout ASATwiceNAT
    ) throws(IOSFault) -> Bool {
        var inactive = false
        while !rest.isAtEnd {
            switch rest.next().lowercased() {
            case "destination":
                guard rest.take("static") else { throw .puzzling("`static` is missing") }
                entry.destination = (try value(rest.next()), try value(rest.next()))
            case "service":
                let (real, mapped) = (rest.next(), rest.next())
                guard !mapped.isEmpty else { throw .puzzling("a service is missing") }
                entry.service = (real, mapped)
            case "inactive": inactive = true
            case "unidirectional": entry.isOneWay = true
            case "description": while !rest.isAtEnd { rest.skip() }
            case "interface", "ipv6", "round-robin", "extended", "flat", "include-reserve",
                "block-allocation", "no-proxy-arp", "route-lookup", "net-to-net", "dns":
                continue
            default: throw .puzzling("an option that isn't known here")
            }
        }
        return inactive
    }

    mutating func readObjectNAT(_ line: IOSLine, _ object: String) -> Reading {
        do throws(IOSFault) {
            return try objectNAT(line, object)
        } catch {
            config.strangeNAT.append(line.number)
            return (error.state, error.why)
        }
    }

    private mutating func objectNAT(_ line: IOSLine, _ object: String) throws(IOSFault) -> Reading {
        var rest = IOSWords(line.words, from: 1)
        let sides = try sides(&rest)
        let kind = rest.next().lowercased()
        guard kind == "static" || kind == "dynamic" else { throw .puzzling("no kind of NAT") }
        config.objectNATs.removeAll { $0.object == object }
        if line.negated { return Self.used }
        var entry = ASAObjectNAT(
            line: line.number, object: object, real: sides.real, mapped: sides.mapped,
            isStatic: kind == "static", to: .any)
        if kind == "dynamic" {
            config.objectNATs.append(entry)
            return Self.used
        }
        entry.to = try value(rest.next())
        while !rest.isAtEnd {
            switch rest.next().lowercased() {
            case "service":
                let proto = rest.next().lowercased()
                let (real, mapped) = (try config.port(&rest), try config.port(&rest))
                if proto == "tcp" { entry.ports = (real, mapped) }
                entry.isOtherProtocol = proto != "tcp"
            case "dns", "no-proxy-arp", "route-lookup", "net-to-net", "ipv6": continue
            default: throw .puzzling("an option that isn't known here")
            }
        }
        config.objectNATs.append(entry)
        return entry.isOtherProtocol ? (.irrelevant, "not TCP") : Self.used
    }

    // MARK: before 8.3

    private mutating func readStatic(_ line: IOSLine) throws(IOSFault) -> Reading {
        var rest = IOSWords(line.words, from: 1)
        let sides = try sides(&rest)
        guard sides.real != "any" else { throw .puzzling("two interfaces are expected") }
        let proto = rest.keyword
        if proto == "udp" { return (.irrelevant, "not TCP") }
        let ported = rest.take("tcp")
        var entry = ASAStatic(
            line: line.number, words: line.words, real: sides.real, mapped: sides.mapped,
            to: try value(rest.next()))
        if case .named(let name) = entry.to { throw .puzzling("\(name) is no address") }
        let mapped = ported ? try config.port(&rest) : 0
        if rest.take("access-list") {
            entry.list = rest.next()
            if ported { entry.ports = (mapped, mapped) }
        } else {
            entry.local = try config.address(&rest)
            if ported { entry.ports = (try config.port(&rest), mapped) }
        }
        if rest.take("netmask") {
            let mask = UInt32(truncatingIfNeeded: try config.address(&rest).bits)
            guard ~mask & (~mask &+ 1) == 0, mask != 0 else { throw .refused("no network mask") }
            entry.count = ~mask &+ 1
        }
        if line.negated {
            config.statics.removeAll { $0.words.starts(with: entry.words.prefix(7)) }
            return Self.used
        }
        // Numbers that follow bound connections: beyond this model, and rarely reached.
        config.statics.append(entry)
        return Self.used
    }

    private mutating func readOldNAT(_ line: IOSLine) throws(IOSFault) -> Reading {
        var rest = IOSWords(line.words, from: 1)
        let real = String(rest.next().dropFirst().dropLast())
        guard let number = Int(rest.next()), !real.isEmpty else {
            throw .puzzling("a form of translation that isn't known here")
        }
        guard !line.negated else { return Self.furniture }
        if rest.take("access-list") {
            let list = rest.next()
            guard number == 0 else { return (.irrelevant, "addresses for what goes out") }
            config.exemptions.append(ASAExemption(line: line.number, real: real, list: list))
            return Self.used
        }
        let first = try config.address(&rest)
        var ranges = [first...first]
        if !rest.isAtEnd {
            var both = IOSWords(line.words, from: 3)
            // `0 0` is short for every address.
            ranges = first.bits == 0 ? AddressSet.allV4.ranges : try config.masked(&both)
        }
        if number != 0 {
            config.dynamics.append(
                ASADynamic(line: line.number, real: real, addresses: AddressSet(ranges)))
        }
        return Self.used
    }
}
