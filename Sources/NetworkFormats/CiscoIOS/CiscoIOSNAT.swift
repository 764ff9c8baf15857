import Net
import Policy
import PolicyText

/// `ip nat …` commands that stand on their own.
extension IOSReader {
    mutating func readNAT(_ line: IOSLine) -> Reading {
        context = .none
        var rest = IOSWords(line.words, from: 2)
        do throws(IOSFault) {
            switch rest.next().lowercased() {
            case "pool": return try pool(line, &rest)
            case "inside" where rest.keyword == "source": return try source(line, &rest)
            case "inside" where rest.keyword == "destination":
                return try destination(line, &rest)
            case "outside": return try outsideSource(line, &rest)
            case "service": return service(line, &rest)
            case "translation" where rest.take("tcp-timeout"):
                return translationTimeout(line, &rest)
            case "translation", "log", "portmap", "settings", "switchover", "sip-sbc", "stateful":
                return (.irrelevant, "no influence on who reaches which port")
            default: return (.notModelled, "a form of translation that isn't modelled")
            }
        } catch {
            return (error.state, error.why)
        }
    }

    /// A client of whom it can't be told which address the lists behind see.
    private mutating func outsideSource(
        _ line: IOSLine, _ rest: inout IOSWords
    ) throws(IOSFault) -> Reading {
        guard rest.take("source") else { throw .puzzling("`source` is missing") }
        let clients: IOSOutsideSource.Clients
        if rest.take("list") {
            guard !rest.isAtEnd else { throw .puzzling("a list is missing") }
            clients = .list(rest.next())
        } else if rest.take("static") {
            if rest.keyword == "udp" { return (.irrelevant, "not TCP") }
            let tcp = rest.take("tcp")
            let network = rest.take("network")
            let global = try rest.address()
            if tcp { _ = try rest.port() }
            var mask = UInt32.max
            if network {
                _ = try rest.address()
                mask = ~(try size(&rest) - 1)
            }
            let (first, last) = (IPAddress(v4: global & mask), IPAddress(v4: global | ~mask))
            clients = .these(AddressSet(first...last))
        } else {
            clients = .these(.allV4)
        }
        if line.negated {
            config.outsideSources.removeAll { $0.clients == clients }
            return Self.used
        }
        config.outsideSources.append(IOSOutsideSource(line: line.number, clients: clients))
        return (.notModelled, Self.outsideSourceUnknown)
    }

    static let outsideSourceUnknown =
        "the client's address is translated, to which isn't followed"

    private mutating func pool(_ line: IOSLine, _ rest: inout IOSWords) throws(IOSFault) -> Reading
    {
        let name = rest.next()
        if line.negated {
            config.pools[name] = nil
            return Self.used
        }
        var pool = IOSPool(name: name, line: line.number, isRotary: false)
        if rest.peek.contains(".") { pool.ranges.append(try range(&rest)) }
        while !rest.isAtEnd {
            switch rest.next().lowercased() {
            case "netmask", "prefix-length": rest.skip()
            case "type": pool.isRotary = rest.next().lowercased() == "rotary"
            default: break
            }
        }
        config.pools[name] = pool
        if pool.ranges.isEmpty { context = .pool(name) }
        return Self.used
    }

    private func range(_ rest: inout IOSWords) throws(IOSFault) -> ClosedRange<IPAddress> {
        let first = IPAddress(v4: try rest.address())
        let last = IPAddress(v4: try rest.address())
        guard first <= last else { throw .refused("the pool ends before it begins") }
        return first...last
    }

    mutating func addToPool(_ name: String, _ line: IOSLine) -> Reading {
        var rest = IOSWords(line.words, from: 1)
        guard let range = try? range(&rest) else { return (.invalid, "no range of addresses") }
        config.pools[name]?.ranges.append(range)
        config.pools[name]?.more.append(line.number)
        return Self.used
    }

    private mutating func destination(
        _ line: IOSLine, _ rest: inout IOSWords
    ) throws(IOSFault) -> Reading {
        rest.skip()
        guard rest.take("list") else { throw .puzzling("only lists name destinations here") }
        let list = rest.next()
        guard rest.take("pool"), !rest.isAtEnd else { throw .puzzling("a pool is missing") }
        let pool = rest.next()
        if line.negated {
            config.destinationLists.removeAll { $0.list == list && $0.pool == pool }
        } else {
            config.destinationLists.append(
                IOSDestinationList(line: line.number, list: list, pool: pool))
        }
        return Self.used
    }

    private mutating func source(
        _ line: IOSLine, _ rest: inout IOSWords
    ) throws(IOSFault) -> Reading {
        rest.skip()
        guard rest.take("static") else {
            if rest.take("list") { config.sourceLists.insert(rest.next()) }
            return (.irrelevant, "translates sources on their way out, opens nothing")
        }
        if rest.keyword == "udp" || rest.keyword == "esp" { return (.irrelevant, "not TCP") }
        let tcp = rest.take("tcp")
        let network = rest.take("network")
        let local = IPAddress(v4: try rest.address())
        let localPort = tcp ? try rest.port() : nil
        var global: IOSStatic.Global
        if rest.take("interface") {
            global = .interface(interfaceName(&rest))
        } else {
            global = .address(IPAddress(v4: try rest.address()))
        }
        var entry = IOSStatic(line: line.number, local: local, global: global)
        if let localPort { entry.ports = (localPort, try rest.port()) }
        if network { entry.count = try size(&rest) }
        try options(&rest, &entry)
        if line.negated {
            let target = String(describing: entry.global)
            config.statics.removeAll {
                $0.local == local && $0.ports?.global == entry.ports?.global
                    && String(describing: $0.global) == target
            }
            return Self.used
        }
        config.statics.append(entry)
        return entry.beyond.isEmpty
            ? Self.used : (.notModelled, entry.beyond.joined(separator: ", "))
    }

    /// A name may stand in two words: `GigabitEthernet 0/0`.
    private func interfaceName(_ rest: inout IOSWords) -> String {
        let name = rest.next()
        return name.contains(where: \.isNumber) ? name : name + rest.next()
    }

    private func size(_ rest: inout IOSWords) throws(IOSFault) -> UInt32 {
        let length: Int
        if rest.peek.hasPrefix("/"), let bits = Int(rest.next().dropFirst()) {
            length = bits
        } else {
            length = (try rest.address()).nonzeroBitCount
        }
        guard (1...32).contains(length) else { throw .refused("no size of a network") }
        return 1 << UInt32(32 - length)
    }

    private func options(_ rest: inout IOSWords, _ entry: inout IOSStatic) throws(IOSFault) {
        while !rest.isAtEnd {
            let word = rest.next().lowercased()
            switch word {
            case "extendable", "no-alias", "reversible", "forced": break
            case "no-payload": entry.readsPayload = false
            case "vrf", "redundancy", "mapping-id": rest.skip()
            case "route-map": entry.beyond.append("route-map \(rest.next())")
            default: entry.beyond.append("option \(word)")
            }
        }
    }

    private mutating func service(_ line: IOSLine, _ rest: inout IOSWords) -> Reading {
        var list: String?
        if rest.take("list") { list = rest.next() }
        guard rest.take("ftp") || rest.keyword == "all-algs" else {
            return (.irrelevant, "not FTP")
        }
        _ = rest.take("tcp")
        _ = rest.take("port")
        let port = UInt16(rest.next()) ?? 21
        if line.negated {
            config.payloads.removeAll { $0.list == list && $0.port == port }
            if list == nil, port == 21 { config.payloadOff = line.number }
        } else {
            if list == nil, port == 21 { config.payloadOff = nil }
            config.payloads.append(IOSPayload(line: line.number, list: list, port: port))
        }
        return Self.used
    }
}
