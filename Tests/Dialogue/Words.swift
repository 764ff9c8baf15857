import Net

/// The words of one line, read from left to right; every refusal names the column.
struct Words {
    private let file: String
    private let line: Int
    private var rest: [(text: String, column: Int)] = []
    private let end: Int

    /// Splits at blanks; a word that begins with `#` starts a comment.
    init(_ text: Substring, file: String, line: Int) {
        self.file = file
        self.line = line
        var word = ""
        var column = 0
        var used = 0
        for (index, character) in text.enumerated() {
            if character == " " || character == "\t" {
                if !word.isEmpty { rest.append((word, column)) }
                word = ""
                continue
            }
            if word.isEmpty {
                if character == "#" { break }
                column = index + 1
            }
            word.append(character)
            used = index + 1
        }
        if !word.isEmpty { rest.append((word, column)) }
        end = used + 1
        rest.reverse()
    }

    var isEmpty: Bool { rest.isEmpty }

    /// The next word without taking it.
    var peek: String? { rest.last?.text }

    /// Takes the next word if it is this one.
    mutating func take(_ word: String) -> Bool {
        guard rest.last?.text == word else { return false }
        rest.removeLast()
        return true
    }

    mutating func word(_ expected: String) throws(DialogueError) -> String {
        guard let word = rest.popLast() else { throw fault(expected) }
        return word.text
    }

    mutating func keyword(_ word: String) throws(DialogueError) {
        guard take(word) else { throw fault("`\(word)`") }
    }

    /// Takes a word that `read` understands.
    mutating func value<Value>(
        _ expected: String, _ read: (String) -> Value?
    ) throws(DialogueError) -> Value {
        guard let text = rest.last?.text, let value = read(text) else { throw fault(expected) }
        rest.removeLast()
        return value
    }

    mutating func number<Number: FixedWidthInteger>(
        _ range: ClosedRange<Number>, _ what: String
    ) throws(DialogueError) -> Number {
        try value("\(what) from \(range.lowerBound) to \(range.upperBound)") { text in
            guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = Number(text),
                range.contains(number)
            else { return nil }
            return number
        }
    }

    mutating func side() throws(DialogueError) -> Side {
        try value("`client` or `server`") {
            $0 == "client" ? .client : $0 == "server" ? .server : nil
        }
    }

    mutating func address() throws(DialogueError) -> IPAddress {
        try value("an address such as 203.0.113.10 or 2001:db8::1") { IPAddress($0) }
    }

    mutating func endpoint() throws(DialogueError) -> Endpoint {
        try value("an endpoint such as 203.0.113.10:21 or [2001:db8::1]:21") { text in
            Endpoint(text).flatMap { $0.port == 0 ? nil : $0 }
        }
    }

    mutating func host() throws(DialogueError) -> Host {
        try value("an address or an endpoint such as 203.0.113.10:21 or [2001:db8::1]:21") { text in
            if let address = IPAddress(text) { return Host(address: address, port: nil) }
            guard let end = Endpoint(text), end.port != 0 else { return nil }
            return Host(address: end.address, port: end.port)
        }
    }

    /// Seconds with up to nine decimals, as nanoseconds; up to a day.
    mutating func seconds() throws(DialogueError) -> Int64 {
        try value("seconds such as 0.5, up to 86400") { text in
            let parts = text.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
            guard let whole = Int64(parts[0]), (0...86400).contains(whole) else { return nil }
            guard parts.count == 2 else { return whole * 1_000_000_000 }
            guard (1...9).contains(parts[1].utf8.count),
                parts[1].utf8.allSatisfy({ (0x30...0x39).contains($0) })
            else { return nil }
            var fraction = Int64(parts[1]) ?? 0
            for _ in parts[1].utf8.count..<9 { fraction *= 10 }
            return whole * 1_000_000_000 + fraction
        }
    }

    func finish() throws(DialogueError) {
        guard isEmpty else { throw fault("the end of the line") }
    }

    /// The refusal of the next word, or of the end of the line.
    func fault(_ expected: String) -> DialogueError {
        DialogueError(
            file: file, line: line, column: rest.last?.column ?? end, expected: expected,
            found: rest.last?.text ?? "")
    }
}
