import Net
import Policy
import PolicyText

/// A line of an IOS configuration, cut into words.
struct IOSLine {
    let number: Int
    /// Blanks before the first word, the margin of the text taken off; a tab counts as one.
    let indent: Int
    /// Words without a leading `no`.
    let words: [String]
    let negated: Bool
    let text: String

    init(number: Int, text: String, margin: Int = 0) {
        self.number = number
        let typed = Self.typed(text)
        self.text = typed.map { String($0.command) } ?? text
        let all = self.text.words
        negated = all.count > 1 && all[0].lowercased() == "no"
        words = IOSAbbreviations.command(negated ? Array(all.dropFirst()) : all)
        let blanks = text.utf8.prefix { $0 == 0x20 || $0 == 0x09 }.count
        let isBelow = typed?.isBelow == true && !Self.opening.contains(words.first ?? "")
        indent = typed == nil ? max(0, blanks - margin) : isBelow ? 1 : 0
    }

    /// What was typed after the prompt of a configuration session, `edge(config-if)#`, and whether
    /// the prompt is that of a block.
    private static func typed(_ text: String) -> (command: Substring, isBelow: Bool)? {
        guard text.utf8.contains(0x23), let hash = text.firstIndex(of: "#") else { return nil }
        let prompt = text[..<hash]
        guard prompt.hasSuffix(")"), let mode = prompt.firstRange(of: "(config"),
            !prompt.bare.contains(" ")
        else { return nil }
        return (text[hash...].dropFirst(), prompt[mode.upperBound...] != ")")
    }

    /// Commands that end the block in which they are typed.
    private static let opening: Set<String> = [
        "interface", "access-list", "access-group", "object-group", "class-map", "policy-map",
        "zone", "zone-pair", "route-map", "exit", "end",
    ]

    /// Blanks before all lines of a text that was pasted with a margin.
    static func margin(_ lines: [String]) -> Int {
        var least = Int.max
        for line in lines where !line.bare.isEmpty {
            least = min(least, line.utf8.prefix { $0 == 0x20 || $0 == 0x09 }.count)
            if least == 0 { break }
        }
        return least == .max ? 0 : least
    }

    /// The keyword at a place, for comparing: IOS takes keywords in any case.
    func keyword(_ index: Int) -> String {
        words.indices.contains(index) ? words[index].lowercased() : ""
    }

    /// Whether the line begins with these keywords.
    func begins(_ keywords: String...) -> Bool {
        keywords.count <= words.count
            && keywords.indices.allSatisfy { keyword($0) == keywords[$0] }
    }

    var rest: IOSWords { IOSWords(words) }
}

/// Words that are read from left to right.
struct IOSWords {
    private let words: [String]
    private(set) var position: Int

    init(_ words: [String], from position: Int = 0) {
        self.words = words
        self.position = position
    }

    /// The next word in lower case, not taken; empty at the end.
    var keyword: String { peek.lowercased() }

    /// The next word, not taken; empty at the end.
    var peek: String { words.indices.contains(position) ? words[position] : "" }

    var isAtEnd: Bool { position >= words.count }

    mutating func skip(_ count: Int = 1) { position = min(words.count, position + count) }

    mutating func next() -> String {
        let word = peek
        skip()
        return word
    }

    /// Takes the next word if it is this keyword.
    mutating func take(_ keyword: String) -> Bool {
        guard self.keyword == keyword, !isAtEnd else { return false }
        skip()
        return true
    }
}

/// Why a part of a line can't be turned into the model.
enum IOSFault: Error {
    /// Wrong by the rules of IOS, which takes no such line.
    case refused(String)
    /// Beyond this reader.
    case puzzling(String)

    /// What becomes of the line.
    var state: LineNote.State {
        switch self {
        case .refused: .invalid
        case .puzzling: .notRecognised
        }
    }

    var why: String {
        switch self {
        case .refused(let why), .puzzling(let why): why
        }
    }

    /// Whether the line may mean anything; else the device doesn't have it.
    var isOpen: Bool { state == .notRecognised }
}

extension IOSWords {
    /// Dotted decimal.
    mutating func address() throws(IOSFault) -> UInt32 {
        let word = next()
        guard let address = IPAddress(word), address.family == .v4 else {
            let dotted = word.split(separator: ".").count == 4
            if dotted, word.allSatisfy({ $0.isNumber || $0 == "." }) {
                throw .refused("\(word) is no address")
            }
            throw .puzzling(word.isEmpty ? "an address is missing" : "\(word) is no address")
        }
        return UInt32(truncatingIfNeeded: address.bits)
    }

    /// A port by number or by the name that IOS gives it.
    mutating func port() throws(IOSFault) -> UInt16 {
        let word = next()
        if let port = UInt16(word) { return port }
        if let port = IOSPorts.names[word.lowercased()] { return port }
        if !word.isEmpty, word.allSatisfy(\.isNumber) { throw .refused("\(word) is no port") }
        throw .puzzling(word.isEmpty ? "a port is missing" : "\(word) is no port known here")
    }

    private var nextIsPort: Bool {
        !isAtEnd && (IOSPorts.names[keyword] != nil || peek.allSatisfy(\.isNumber))
    }

    /// `eq`, `neq`, `gt`, `lt`, `range`; nil where none of them follows.
    mutating func ports() throws(IOSFault) -> PortSet? {
        switch keyword {
        case "eq":
            skip()
            return try listed()
        case "neq":
            skip()
            return try listed().complement
        case "gt":
            skip()
            return try port().next.map { PortSet($0...65535) } ?? PortSet()
        case "lt":
            skip()
            return try port().previous.map { PortSet(0...$0) } ?? PortSet()
        case "range":
            skip()
            let (first, last) = (try port(), try port())
            guard first <= last else { throw .puzzling("the range runs backwards") }
            return PortSet(first...last)
        default: return nil
        }
    }

    private mutating func listed() throws(IOSFault) -> PortSet {
        var ports = [try port()]
        while nextIsPort { ports.append(try port()) }
        return PortSet(ports: ports)
    }
}

enum IOSPorts {
    /// The names of TCP ports, as `?` of the command line lists them; below, some that other
    /// releases print.
    static let names: [String: UInt16] = [
        "bgp": 179, "chargen": 19, "cmd": 514, "daytime": 13, "discard": 9, "domain": 53,
        "drip": 3949, "echo": 7, "exec": 512, "finger": 79, "ftp": 21, "ftp-data": 20,
        "gopher": 70, "hostname": 101, "ident": 113, "irc": 194, "klogin": 543, "kshell": 544,
        "login": 513, "lpd": 515, "msrpc": 135, "nntp": 119, "onep-plain": 15001,
        "onep-tls": 15002, "pim-auto-rp": 496, "pop2": 109, "pop3": 110, "smtp": 25,
        "sunrpc": 111, "syslog": 514, "tacacs": 49, "tacacs-ds": 49, "talk": 517, "telnet": 23,
        "time": 37, "uucp": 540, "whois": 43, "www": 80,
        "http": 80, "https": 443, "ldap": 389, "microsoft-ds": 445, "netbios-ssn": 139,
        "ssh": 22,
    ]

    /// The operand for one range of ports, as a command writes it.
    static func text(_ range: ClosedRange<UInt16>) -> String {
        range.count == 1
            ? "eq \(range.lowerBound)" : "range \(range.lowerBound) \(range.upperBound)"
    }
}
