import Net
import Policy
import PolicyText

/// Objects and groups, resolved.
extension ASAConfig {
    /// Groups may hold groups, to this depth.
    private static let deepest = 16
    private static let mostRanges = 65536

    /// An address, or a name that stands for one.
    func address(_ rest: inout IOSWords) throws(IOSFault) -> IPAddress {
        let word = rest.next()
        if let address = IPAddress(word) ?? names[word] { return address }
        if word.split(separator: ".").count == 4, word.allSatisfy({ $0.isNumber || $0 == "." }) {
            throw .refused("\(word) is no address")
        }
        throw .puzzling(word.isEmpty ? "an address is missing" : "\(word) is no address")
    }

    /// `A M` with a network mask, or `A6/n`.
    func masked(_ rest: inout IOSWords) throws(IOSFault) -> [ClosedRange<IPAddress>] {
        if rest.peek.contains("/"), let prefix = Prefix(rest.peek) {
            rest.skip()
            return [prefix.address...prefix.last]
        }
        let value = try address(&rest)
        let mask = try address(&rest)
        guard value.family == .v4, mask.family == .v4 else { throw .puzzling("no network mask") }
        let wild = ~UInt32(truncatingIfNeeded: mask.bits)
        guard let set = AddressSet(v4: UInt32(truncatingIfNeeded: value.bits), wildcard: wild)
        else { throw .puzzling("a mask of more than 65536 ranges") }
        return set.ranges
    }

    private func range(_ rest: inout IOSWords) throws(IOSFault) -> [ClosedRange<IPAddress>] {
        let (first, last) = (try address(&rest), try address(&rest))
        guard first.family == last.family, first <= last else {
            throw .refused("the range runs backwards")
        }
        return [first...last]
    }

    /// The addresses of an object or object group, in the order in which they are written.
    func ranges(_ name: String, depth: Int = 0) throws(IOSFault) -> [ClosedRange<IPAddress>] {
        if let object = networks[name] {
            guard let value = object.value else { throw .puzzling("object \(name) is empty") }
            var rest = IOSWords(value.words)
            switch rest.next().lowercased() {
            case "host":
                let address = try address(&rest)
                return [address...address]
            case "subnet": return try masked(&rest)
            case "range": return try range(&rest)
            default: throw .puzzling("object \(name) is a name, not an address")
            }
        }
        guard let group = groups[name], group.kind == .network, depth < Self.deepest else {
            throw .puzzling("object or group \(name) isn't defined")
        }
        var all: [ClosedRange<IPAddress>] = []
        for member in group.members {
            var rest = IOSWords(member.words)
            if rest.take("group-object") {
                all += try ranges(rest.next(), depth: depth + 1)
            } else if rest.take("network-object") {
                if rest.take("host") {
                    let address = try address(&rest)
                    all.append(address...address)
                } else if rest.take("object") {
                    all += try ranges(rest.next(), depth: depth + 1)
                } else {
                    all += try masked(&rest)
                }
            } else {
                throw .puzzling("\(rest.peek) is no member of a group of addresses")
            }
            guard all.count <= Self.mostRanges else { throw .puzzling("\(name) is too large") }
        }
        guard !all.isEmpty else { throw .puzzling("group \(name) is empty") }
        return all
    }

    /// The addresses of an object or object group.
    func set(_ name: String) throws(IOSFault) -> AddressSet {
        let circle = IOSFault.puzzling("\(name) holds itself")
        return try setsTold.value(of: name, meanwhile: .failure(circle)) {
            Result { () throws(IOSFault) in AddressSet(try ranges(name)) }
        }.get()
    }

    // MARK: services

    /// The services of an object or group, as matches of ports alone.
    func services(_ name: String, depth: Int = 0) throws(IOSFault) -> [Match] {
        if let object = services[name] {
            guard let value = object.value else { throw .puzzling("object \(name) is empty") }
            var rest = IOSWords(value.words)
            return [try service(&rest)]
        }
        guard let group = groups[name], depth < Self.deepest else {
            throw .puzzling("object or group \(name) isn't defined")
        }
        if group.kind == .protocols { return try protocols(name, group, depth) }
        guard group.kind == .service else {
            throw .puzzling("group \(name) holds no services")
        }
        if let proto = group.proto, !["tcp", "tcp-udp"].contains(proto) {
            return [IOSConfig.never("\(proto), not TCP")]
        }
        var matches: [Match] = []
        for member in group.members {
            guard matches.count < 4096 else { throw .puzzling("group \(name) is too large") }
            var rest = IOSWords(member.words)
            if rest.take("group-object") {
                matches += try services(rest.next(), depth: depth + 1)
            } else if rest.take("port-object") {
                var match = Match()
                match.destinationPorts = try ports(&rest)
                matches.append(match)
            } else if rest.take("service-object") {
                if rest.take("object") {
                    matches += try services(rest.next(), depth: depth + 1)
                } else {
                    matches.append(try service(&rest))
                }
            } else {
                throw .puzzling("\(rest.peek) is no member of a group of services")
            }
        }
        guard !matches.isEmpty else { throw .puzzling("group \(name) is empty") }
        return matches
    }

    private func protocols(
        _ name: String, _ group: ASAGroup, _ depth: Int
    ) throws(IOSFault) -> [Match] {
        var matches: [Match] = []
        for member in group.members {
            guard matches.count < 4096 else { throw .puzzling("group \(name) is too large") }
            var rest = IOSWords(member.words)
            if rest.take("group-object") {
                matches += try services(rest.next(), depth: depth + 1)
            } else {
                rest.skip()
                matches.append(try Self.proto(rest.next()))
            }
        }
        guard !matches.isEmpty else { throw .puzzling("group \(name) is empty") }
        return matches
    }

    /// What a protocol by name or number means for TCP.
    static func proto(_ word: String) throws(IOSFault) -> Match {
        let word = word.lowercased()
        if ["ip", "tcp", "tcp-udp", "6"].contains(word) { return Match() }
        let others: Set<String> = ["snp", "ipsec", "pptp", "nos", "sctp", "icmp6", "ah"]
        guard
            IOSConfig.otherProtocols.contains(word) || others.contains(word) || UInt8(word) != nil
        else { throw .puzzling("\(word) is no protocol known here") }
        return IOSConfig.never("\(word), not TCP")
    }

    /// `tcp source eq 20 destination range 5001 5201`; before 8.3 the destination stands bare.
    private func service(_ rest: inout IOSWords) throws(IOSFault) -> Match {
        var match = try Self.proto(rest.next())
        guard match.never == nil else { return match }
        if rest.take("source") { match.sourcePorts = try ports(&rest) }
        _ = rest.take("destination")
        if !rest.isAtEnd { match.destinationPorts = try ports(&rest) }
        guard rest.isAtEnd else { throw .puzzling("\(rest.peek) is no part of a service") }
        return match
    }

    // MARK: ports

    func port(_ rest: inout IOSWords) throws(IOSFault) -> UInt16 {
        let word = rest.next()
        if let port = UInt16(word) ?? ASAPorts.names[word.lowercased()] { return port }
        if !word.isEmpty, word.allSatisfy(\.isNumber) { throw .refused("\(word) is no port") }
        throw .puzzling(word.isEmpty ? "a port is missing" : "\(word) is no port known here")
    }

    /// Whether an operator on ports follows.
    static func operatorFollows(_ rest: IOSWords) -> Bool {
        ["eq", "neq", "gt", "lt", "range"].contains(rest.keyword)
    }

    func ports(_ rest: inout IOSWords) throws(IOSFault) -> PortSet {
        let word = rest.next().lowercased()
        let first = try port(&rest)
        switch word {
        case "eq": return PortSet(first...first)
        case "neq": return PortSet(first...first).complement
        case "gt": return first.next.map { PortSet($0...65535) } ?? PortSet()
        case "lt": return first.previous.map { PortSet(0...$0) } ?? PortSet()
        case "range":
            let last = try port(&rest)
            // The command line takes a range either way round.
            return PortSet(min(first, last)...max(first, last))
        default: throw .puzzling("\(word) is no operator on ports")
        }
    }
}

enum ASAPorts {
    /// Names of TCP ports, as `access-list … eq ?` lists them.
    static let names: [String: UInt16] = [
        "aol": 5190, "bgp": 179, "chargen": 19, "cifs": 3020, "citrix-ica": 1494, "cmd": 514,
        "ctiqbe": 2748, "daytime": 13, "discard": 9, "domain": 53, "echo": 7, "exec": 512,
        "finger": 79, "ftp": 21, "ftp-data": 20, "gopher": 70, "h323": 1720, "hostname": 101,
        "http": 80, "https": 443, "ident": 113, "imap4": 143, "irc": 194, "kerberos": 750,
        "klogin": 543, "kshell": 544, "ldap": 389, "ldaps": 636, "login": 513, "lotusnotes": 1352,
        "lpd": 515, "netbios-ssn": 139, "nfs": 2049, "nntp": 119, "pcanywhere-data": 5631,
        "pim-auto-rp": 496, "pop2": 109, "pop3": 110, "pptp": 1723, "rsh": 514, "rtsp": 554,
        "sip": 5060, "smtp": 25, "sqlnet": 1521, "ssh": 22, "sunrpc": 111, "tacacs": 49,
        "talk": 517, "telnet": 23, "uucp": 540, "whois": 43, "www": 80,
    ]

    /// The operand for one range of ports, as a command writes it.
    static func text(_ range: ClosedRange<UInt16>) -> String { IOSPorts.text(range) }
}
