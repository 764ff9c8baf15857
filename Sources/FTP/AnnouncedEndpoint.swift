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
    static func passive(_ text: ArraySlice<UInt8>, isCut: Bool) -> AnnouncedEndpoint {
        scan(text, isCut: isCut) { $0.count == 6 ? four($0[...]) : nil }
    }

    /// `228 Entering Long Passive Mode (af,hal,h1…,pal,p1…)` (RFC 1639 section 4).
    static func longPassive(_ text: ArraySlice<UInt8>, isCut: Bool) -> AnnouncedEndpoint {
        scan(text, isCut: isCut, long)
    }

    /// `PORT h1,h2,h3,h4,p1,p2`: nothing but the numbers.
    static func port(_ text: ArraySlice<UInt8>, isCut: Bool) -> AnnouncedEndpoint {
        alone(scan(text, isCut: isCut) { $0.count == 6 ? four($0[...]) : nil })
    }

    static func longPort(_ text: ArraySlice<UInt8>, isCut: Bool) -> AnnouncedEndpoint {
        alone(scan(text, isCut: isCut, long))
    }

    private static func alone(_ found: AnnouncedEndpoint) -> AnnouncedEndpoint {
        found == .nothing ? .malformed(.malformedAnnouncement) : found
    }

    /// Tries every comma-separated group of numbers; the first of the right length decides.
    private static func scan(
        _ text: ArraySlice<UInt8>, isCut: Bool, _ read: ([Int]) -> AnnouncedEndpoint?
    ) -> AnnouncedEndpoint {
        var at = text.startIndex
        var sawGroup = false
        var sawParenthesis = false
        while at < text.endIndex {
            guard isDigit(text[at]) else {
                if text[at] == UInt8(ascii: "(") { sawParenthesis = true }
                at += 1
                continue
            }
            let (numbers, end) = group(text, from: at)
            at = end
            if let found = read(numbers) {
                guard !(isCut && end == text.endIndex) else {
                    return .malformed(.announcementCut)
                }
                guard case .endpoint(let endpoint, _) = found else { return found }
                return .endpoint(endpoint, parentheses: sawParenthesis)
            }
            if numbers.count > 1 { sawGroup = true }
        }
        if isCut, sawGroup || sawParenthesis { return .malformed(.announcementCut) }
        return sawGroup || sawParenthesis ? .malformed(.malformedAnnouncement) : .nothing
    }

    /// Numbers with commas between them, spaces allowed; values stop growing far above 65535.
    private static func group(
        _ text: ArraySlice<UInt8>, from start: Int
    ) -> (numbers: [Int], end: Int) {
        var numbers: [Int] = []
        // As many as an announcement of IPv4 has.
        numbers.reserveCapacity(6)
        var at = start
        while true {
            var value = 0
            while at < text.endIndex, isDigit(text[at]) {
                value = min(value * 10 + Int(text[at] - 0x30), 1_000_000)
                at += 1
            }
            if numbers.count < 64 { numbers.append(value) }
            let end = at
            while at < text.endIndex, text[at] == 0x20 { at += 1 }
            guard at < text.endIndex, text[at] == UInt8(ascii: ",") else { return (numbers, end) }
            at += 1
            while at < text.endIndex, text[at] == 0x20 { at += 1 }
            guard at < text.endIndex, isDigit(text[at]) else { return (numbers, at) }
        }
    }

    private static func four(_ numbers: ArraySlice<Int>) -> AnnouncedEndpoint {
        guard numbers.allSatisfy({ $0 <= 255 }) else { return .malformed(.octetTooLarge) }
        let value = numbers.reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        let port = UInt16(truncatingIfNeeded: value)
        guard port != 0 else { return .malformed(.portZero) }
        return .endpoint(
            Endpoint(IPAddress(v4: UInt32(truncatingIfNeeded: value >> 16)), port),
            parentheses: true)
    }

    private static func long(_ numbers: [Int]) -> AnnouncedEndpoint? {
        if numbers.count == 9, numbers[0] == 4, numbers[1] == 4, numbers[6] == 2 {
            return four(numbers[2..<6] + numbers[7..<9])
        }
        guard numbers.count == 21, numbers[0] == 6, numbers[1] == 16, numbers[18] == 2 else {
            return nil
        }
        let address = numbers[2..<18]
        guard address.allSatisfy({ $0 <= 255 }), numbers[19] <= 255, numbers[20] <= 255 else {
            return .malformed(.octetTooLarge)
        }
        let port = UInt16(numbers[19] << 8 | numbers[20])
        guard port != 0 else { return .malformed(.portZero) }
        let bits = address.reduce(UInt128(0)) { $0 << 8 | UInt128($1) }
        return .endpoint(Endpoint(IPAddress(v6: bits), port), parentheses: true)
    }

    /// `229 Entering Extended Passive Mode (|||port|)`: any delimiter of 33 to 126 that is no
    /// digit (RFC 2428 section 3). Servers that fill in family and address are understood.
    static func extendedPassive(_ text: ArraySlice<UInt8>, isCut: Bool) -> AnnouncedEndpoint {
        var sawParenthesis = false
        var problem: OddityName?
        for at in text.indices {
            if text[at] == UInt8(ascii: "(") {
                sawParenthesis = true
                continue
            }
            let mark = text[at]
            guard isDelimiter(mark), mark != UInt8(ascii: ")") else { continue }
            // Outside parentheses only the usual form counts, or prose would be taken for it.
            let follows = at > text.startIndex && text[at - 1] == UInt8(ascii: "(")
            let bare =
                at + 2 < text.endIndex && text[at + 1] == mark && text[at + 2] == mark
                && at + 3 < text.endIndex && isDigit(text[at + 3])
            guard follows || bare else { continue }
            switch fields(text[at...], mark, isCut: isCut) {
            case .port(let port, _): return .port(port, parentheses: sawParenthesis)
            case .malformed(let name): problem = problem ?? name
            case .nothing, .endpoint: break
            }
        }
        if let problem { return .malformed(problem) }
        if isCut { return .malformed(.announcementCut) }
        return sawParenthesis ? .malformed(.malformedAnnouncement) : .nothing
    }

    /// The port between the third and the fourth delimiter.
    private static func fields(
        _ text: ArraySlice<UInt8>, _ mark: UInt8, isCut: Bool
    ) -> AnnouncedEndpoint {
        var parts: [ArraySlice<UInt8>] = []
        var start = text.startIndex
        for index in text.indices where text[index] == mark {
            parts.append(text[start..<index])
            start = index + 1
            if parts.count == 4 { break }
        }
        guard parts.count == 4 else {
            if isCut { return .malformed(.announcementCut) }
            return .malformed(parts.count > 0 ? .delimitersDiffer : .malformedAnnouncement)
        }
        switch number(parts[3]) {
        case .some(0): return .malformed(.portZero)
        case .some(let value):
            guard let port = UInt16(exactly: value) else { return .malformed(.portTooLarge) }
            return .port(port, parentheses: true)
        case .none: return .malformed(.malformedAnnouncement)
        }
    }

    /// `EPRT |1|132.235.1.2|6275|` or `EPRT |2|1080::8:800:200C:417A|5282|` (RFC 2428 section 2).
    static func extendedPort(_ text: ArraySlice<UInt8>, isCut: Bool) -> AnnouncedEndpoint {
        guard let mark = text.first, isDelimiter(mark) else {
            return .malformed(isCut ? .announcementCut : .malformedAnnouncement)
        }
        let parts = text.dropFirst().split(
            separator: mark, maxSplits: 3, omittingEmptySubsequences: false)
        guard parts.count == 4 else {
            return .malformed(isCut ? .announcementCut : .delimitersDiffer)
        }
        let host = String(decoding: parts[1], as: UTF8.self)
        guard let address = IPAddress(host), let family = number(parts[0]),
            family == (address.family == .v4 ? 1 : 2)
        else { return .malformed(.malformedAnnouncement) }
        switch number(parts[2]) {
        case .some(0): return .malformed(.portZero)
        case .some(let value):
            guard let port = UInt16(exactly: value) else { return .malformed(.portTooLarge) }
            return .endpoint(Endpoint(address, port), parentheses: true)
        case .none: return .malformed(.malformedAnnouncement)
        }
    }

    private static func number(_ text: ArraySlice<UInt8>) -> Int? {
        guard !text.isEmpty, text.allSatisfy(isDigit) else { return nil }
        return text.reduce(0) { min($0 * 10 + Int($1 - 0x30), 1_000_000) }
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }

    private static func isDelimiter(_ byte: UInt8) -> Bool {
        (33...126).contains(byte) && !isDigit(byte)
    }
}
