import Net

/// What an announcement says, decoded and never guessed.
enum AnnouncedEndpoint: Equatable {
    case endpoint(Endpoint, parentheses: Bool)
    /// A port of the control connection's server (229).
    case port(UInt16, parentheses: Bool)
    /// Text without numbers: no announcement at all.
    case nothing
    case malformed(OddityName)
}

/// Reads the numbers of announcements. `isCut` says that the text's end is missing.
enum AnnouncementParser {
    /// `227 Entering Passive Mode (h1,h2,h3,h4,p1,p2)`: six decimal numbers wherever they stand
    /// (RFC 959 section 4.2, RFC 1123 section 4.1.2.6).
    static func passive(_ text: Span<UInt8>, isCut: Bool) -> AnnouncedEndpoint {
        scan(text, isCut: isCut, short)
    }

    /// `228 Entering Long Passive Mode (af,hal,h1…,pal,p1…)` (RFC 1639 section 4).
    static func longPassive(_ text: Span<UInt8>, isCut: Bool) -> AnnouncedEndpoint {
        scan(text, isCut: isCut, long)
    }

    /// `PORT h1,h2,h3,h4,p1,p2`: nothing but the numbers.
    static func port(_ text: Span<UInt8>, isCut: Bool) -> AnnouncedEndpoint {
        alone(scan(text, isCut: isCut, short))
    }

    static func longPort(_ text: Span<UInt8>, isCut: Bool) -> AnnouncedEndpoint {
        alone(scan(text, isCut: isCut, long))
    }

    private static func alone(_ found: AnnouncedEndpoint) -> AnnouncedEndpoint {
        found == .nothing ? .malformed(.malformedAnnouncement) : found
    }

    /// Tries every comma-separated group of numbers; the first of the right length decides.
    private static func scan(
        _ text: Span<UInt8>, isCut: Bool, _ read: (AnnouncedNumbers) -> AnnouncedEndpoint?
    ) -> AnnouncedEndpoint {
        var at = 0
        var sawGroup = false
        var sawParenthesis = false
        while at < text.count {
            guard isDigit(text[at]) else {
                if text[at] == UInt8(ascii: "(") { sawParenthesis = true }
                at += 1
                continue
            }
            let (numbers, end) = group(text, from: at)
            at = end
            if let found = read(numbers) {
                guard !(isCut && end == text.count) else {
                    return .malformed(.announcementCut)
                }
                guard case .endpoint(let endpoint, _) = found else { return found }
                return .endpoint(endpoint, parentheses: sawParenthesis)
            }
            if numbers.count > 1 { sawGroup = true }
        }
        if isCut { return .malformed(.announcementCut) }
        return sawGroup || sawParenthesis ? .malformed(.malformedAnnouncement) : .nothing
    }

    /// Numbers with commas between them, spaces allowed; values stop growing far above 65535.
    private static func group(
        _ text: Span<UInt8>, from start: Int
    ) -> (numbers: AnnouncedNumbers, end: Int) {
        var numbers = AnnouncedNumbers()
        var at = start
        while true {
            var value = 0
            while at < text.count, isDigit(text[at]) {
                value = min(value * 10 + Int(text[at] - 0x30), 1_000_000)
                at += 1
            }
            numbers.append(value)
            let end = at
            while at < text.count, text[at] == 0x20 { at += 1 }
            guard at < text.count, text[at] == UInt8(ascii: ",") else { return (numbers, end) }
            at += 1
            while at < text.count, text[at] == 0x20 { at += 1 }
            guard at < text.count, isDigit(text[at]) else { return (numbers, at) }
        }
    }

    private static func short(_ numbers: AnnouncedNumbers) -> AnnouncedEndpoint? {
        numbers.count == 6 ? four(numbers, address: 0, port: 4) : nil
    }

    /// IPv4, its numbers and those of the port from these places on.
    private static func four(
        _ numbers: AnnouncedNumbers, address: Int, port: Int
    ) -> AnnouncedEndpoint {
        guard numbers.areOctets(address..<address + 4), numbers.areOctets(port..<port + 2) else {
            return .malformed(.octetTooLarge)
        }
        return endpoint(
            IPAddress(v4: UInt32(truncatingIfNeeded: numbers.bits(address..<address + 4))),
            numbers.bits(port..<port + 2))
    }

    private static func long(_ numbers: AnnouncedNumbers) -> AnnouncedEndpoint? {
        if numbers.count == 9, numbers[0] == 4, numbers[1] == 4, numbers[6] == 2 {
            return four(numbers, address: 2, port: 7)
        }
        guard numbers.count == 21, numbers[0] == 6, numbers[1] == 16, numbers[18] == 2 else {
            return nil
        }
        guard numbers.areOctets(2..<18), numbers.areOctets(19..<21) else {
            return .malformed(.octetTooLarge)
        }
        return endpoint(IPAddress(v6: numbers.bits(2..<18)), numbers.bits(19..<21))
    }

    private static func endpoint(_ address: IPAddress, _ port: UInt128) -> AnnouncedEndpoint {
        guard port != 0 else { return .malformed(.portZero) }
        return .endpoint(
            Endpoint(address, UInt16(truncatingIfNeeded: port)), parentheses: true)
    }

    /// `229 Entering Extended Passive Mode (|||port|)`: any delimiter of 33 to 126 that is no
    /// digit (RFC 2428 section 3). Servers that fill in family and address are understood.
    static func extendedPassive(_ text: Span<UInt8>, isCut: Bool) -> AnnouncedEndpoint {
        var sawParenthesis = false
        var problem: OddityName?
        for at in 0..<text.count {
            if text[at] == UInt8(ascii: "(") {
                sawParenthesis = true
                continue
            }
            let mark = text[at]
            guard isDelimiter(mark), mark != UInt8(ascii: ")") else { continue }
            // Outside parentheses only the usual form counts, or prose would be taken for it.
            let follows = at > 0 && text[at - 1] == UInt8(ascii: "(")
            let bare =
                at + 2 < text.count && text[at + 1] == mark && text[at + 2] == mark
                && at + 3 < text.count && isDigit(text[at + 3])
            guard follows || bare else { continue }
            switch fields(text.extracting(at..<text.count), mark, isCut: isCut) {
            case .port(let port, _): return .port(port, parentheses: sawParenthesis)
            case .malformed(let name): problem = problem ?? name
            case .nothing, .endpoint: break
            }
        }
        if let problem { return .malformed(problem) }
        if isCut { return .malformed(.announcementCut) }
        return sawParenthesis ? .malformed(.malformedAnnouncement) : .nothing
    }

    /// The port between the third and the fourth delimiter; the text begins with the first.
    private static func fields(
        _ text: Span<UInt8>, _ mark: UInt8, isCut: Bool
    ) -> AnnouncedEndpoint {
        var marks = 0
        var third = 0
        for index in 0..<text.count where text[index] == mark {
            marks += 1
            if marks == 3 { third = index }
            if marks == 4 { return port(text.extracting(third + 1..<index)) }
        }
        return .malformed(isCut ? .announcementCut : .delimitersDiffer)
    }

    private static func port(_ text: Span<UInt8>) -> AnnouncedEndpoint {
        switch number(text) {
        case .some(0): return .malformed(.portZero)
        case .some(let value):
            guard let port = UInt16(exactly: value) else { return .malformed(.portTooLarge) }
            return .port(port, parentheses: true)
        case .none: return .malformed(.malformedAnnouncement)
        }
    }

    /// `EPRT |1|132.235.1.2|6275|` or `EPRT |2|1080::8:800:200C:417A|5282|` (RFC 2428 section 2).
    static func extendedPort(_ text: Span<UInt8>, isCut: Bool) -> AnnouncedEndpoint {
        guard text.count > 0, isDelimiter(text[0]) else {
            return .malformed(isCut ? .announcementCut : .malformedAnnouncement)
        }
        var ends: [Int] = []
        for index in 1..<text.count where text[index] == text[0] {
            ends.append(index)
            if ends.count == 3 { break }
        }
        guard ends.count == 3 else {
            return .malformed(isCut ? .announcementCut : .delimitersDiffer)
        }
        let host = String(decoding: text.extracting(ends[0] + 1..<ends[1]).array, as: UTF8.self)
        guard let address = IPAddress(host), let family = number(text.extracting(1..<ends[0])),
            family == (address.family == .v4 ? 1 : 2)
        else { return .malformed(.malformedAnnouncement) }
        let found = port(text.extracting(ends[1] + 1..<ends[2]))
        guard case .port(let port, _) = found else { return found }
        return .endpoint(Endpoint(address, port), parentheses: true)
    }

    private static func number(_ text: Span<UInt8>) -> Int? {
        guard text.count > 0 else { return nil }
        var value = 0
        for index in 0..<text.count {
            guard isDigit(text[index]) else { return nil }
            value = min(value * 10 + Int(text[index] - 0x30), 1_000_000)
        }
        return value
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }

    private static func isDelimiter(_ byte: UInt8) -> Bool {
        (33...126).contains(byte) && !isDigit(byte)
    }
}

/// Numbers of a group; of more than any announcement has, only that they are more.
private struct AnnouncedNumbers {
    // No `InlineArray`: what was appended is lost with optimization (Swift 6.3.1).
    private var held = SIMD32<Int32>()
    private(set) var count = 0

    mutating func append(_ number: Int) {
        guard count < held.scalarCount else { return }
        held[count] = Int32(truncatingIfNeeded: number)
        count += 1
    }

    subscript(place: Int) -> Int32 { held[place] }

    func areOctets(_ places: Range<Int>) -> Bool { places.allSatisfy { held[$0] <= 255 } }

    /// Octets as one number.
    func bits(_ places: Range<Int>) -> UInt128 {
        places.reduce(0) { $0 << 8 | UInt128(held[$1]) }
    }
}
