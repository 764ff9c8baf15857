import PolicyText

/// Takes command lines apart as cmd.exe does; a block in parentheses may go over many lines.
struct BatchParser {
    /// Blocks, conditions and loops within each other.
    static let depthLimit = 100

    private let lines: [String]
    private let expand: (String) -> String
    /// The line that is read, from 0.
    private(set) var line: Int
    private var bytes: [UInt8]
    private var at = 0

    /// Reads from line `start`, from 0; `expand` replaces what stands between percent signs.
    init(_ lines: [String], from start: Int, expand: @escaping (String) -> String) {
        self.lines = lines
        self.expand = expand
        line = start
        bytes = Array(expand(lines[start]).utf8)
    }

    /// The command line, to its end; afterwards `line` is the last line of it.
    mutating func parse() -> BatchNode {
        let node = sequence(0)
        skipBlanks()
        guard at >= bytes.count else { return .sequence([node, stray()]) }
        return node
    }

    private mutating func stray() -> BatchNode {
        // A `)` too many ends the line's commands; cmd doesn't read what stands behind it.
        bytes[at] == UInt8(ascii: ")") && at == 0
            ? .nothing(line: line + 1) : .fault("a parenthesis too many", line: line + 1)
    }

    private mutating func sequence(_ depth: Int) -> BatchNode {
        guard depth < Self.depthLimit else {
            at = bytes.count
            return .fault("more than \(Self.depthLimit) blocks within each other", line: line + 1)
        }
        var done: [BatchNode] = []
        var last = command(depth)
        while true {
            skipBlanks()
            guard let mark = peek(), mark == UInt8(ascii: "&") || mark == UInt8(ascii: "|") else {
                break
            }
            let place = line + 1
            at += 1
            let double = peek() == mark
            if double { at += 1 }
            let next = command(depth)
            if double {
                last = .after(last, then: next, line: place)
            } else {
                done.append(last)
                last = next
            }
        }
        return done.isEmpty ? last : .sequence(done + [last])
    }

    private mutating func command(_ depth: Int) -> BatchNode {
        while let byte = peek(), " \t@,;=".utf8.contains(byte) { at += 1 }
        let place = line + 1
        guard let first = peek() else { return .nothing(line: place) }
        if first == UInt8(ascii: "(") {
            at += 1
            return block(depth)
        }
        if first == UInt8(ascii: ":") {
            at = bytes.count
            return .nothing(line: place)
        }
        switch word() {
        case "rem":
            at = bytes.count
            return .nothing(line: place)
        case "if":
            at += 2
            return choice(depth)
        case "for":
            at += 3
            return loop(depth)
        default:
            return .command(text(inBlock: depth > 0), line: place)
        }
    }

    private mutating func block(_ depth: Int) -> BatchNode {
        let place = line + 1
        var nodes: [BatchNode] = []
        while true {
            skipBlanks()
            guard let byte = peek() else {
                guard nextLine() else { return .fault("a block that isn't closed", line: place) }
                continue
            }
            if byte == UInt8(ascii: ")") {
                at += 1
                _ = redirections()
                return .sequence(nodes)
            }
            let before = (line, at)
            nodes.append(sequence(depth + 1))
            if (line, at) == before { at += 1 }
        }
    }

    private mutating func choice(_ depth: Int) -> BatchNode {
        let place = line + 1
        guard let condition = condition() else {
            at = bytes.count
            return .fault("not a condition that cmd understands", line: place)
        }
        let then = sequence(depth + 1)
        skipBlanks()
        guard word() == "else" else {
            return .choice(condition, then: then, otherwise: .nothing(line: place), line: place)
        }
        at += 4
        return .choice(condition, then: then, otherwise: sequence(depth + 1), line: place)
    }

    private mutating func condition() -> BatchCondition? {
        var result = BatchCondition(test: .undecided(""))
        var first = operand()
        while first.lowercased() == "/i" || first.lowercased() == "not" {
            if first.hasPrefix("/") { result.ignoresCase = true } else { result.negated.toggle() }
            first = operand()
        }
        guard !first.isEmpty else { return nil }
        switch first.lowercased() {
        case "exist":
            result.test = .undecided("whether \(Unknown.shown(operand()).excerpt) exists")
        case "defined": result.test = .defined(operand())
        case "errorlevel", "cmdextversion":
            result.test = .undecided("\(first.lowercased()) \(operand())")
        default:
            skipBlanks()
            if bytes[at...].starts(with: "==".utf8) {
                at += 2
                while peek() == UInt8(ascii: "=") { at += 1 }
                result.test = .compare(first, "==", operand())
            } else {
                let sign = operand().lowercased()
                guard ["equ", "neq", "lss", "leq", "gtr", "geq"].contains(sign) else { return nil }
                result.test = .compare(first, sign, operand())
            }
        }
        skipBlanks()
        return peek() == nil ? nil : result
    }

    /// A word of a condition: to a blank or an equals sign outside quotation marks.
    private mutating func operand() -> String {
        skipBlanks()
        let start = at
        var inside = false
        while let byte = peek() {
            if byte == UInt8(ascii: "\"") { inside.toggle() }
            if !inside, " \t=,;".utf8.contains(byte) { break }
            at += 1
        }
        return String(decoding: bytes[start..<at], as: UTF8.self)
    }

    private mutating func loop(_ depth: Int) -> BatchNode {
        let place = line + 1
        guard let head = loopHead() else {
            at = bytes.count
            return .fault("not a loop that cmd understands", line: place)
        }
        return .loop(head, body: sequence(depth + 1), line: place)
    }

    private mutating func loopHead() -> BatchLoop? {
        var kind: UInt8?
        var word = operand()
        if word.hasPrefix("/"), word.utf8.count == 2, let letter = word.utf8.last {
            kind = letter | 0x20
            word = operand()
            // Options or a folder stand between.
            while !word.hasPrefix("%"), !word.isEmpty { word = operand() }
        }
        let name = Array(word.utf8)
        guard name.count == 2, name[0] == UInt8(ascii: "%"), operand().same("in") else {
            return nil
        }
        skipBlanks()
        guard peek() == UInt8(ascii: "(") else { return nil }
        at += 1
        let start = at
        while let byte = peek(), byte != UInt8(ascii: ")") { at += 1 }
        guard peek() != nil else { return nil }
        let set = String(decoding: bytes[start..<at], as: UTF8.self)
        at += 1
        guard operand().same("do") else { return nil }
        skipBlanks()
        guard peek() != nil else { return nil }
        return BatchLoop(kind: kind, variable: name[1], set: set)
    }

    /// A command to its end, redirections taken out.
    private mutating func text(inBlock: Bool) -> String {
        var result: [UInt8] = []
        var inside = false
        while let byte = peek() {
            if byte == UInt8(ascii: "\"") {
                inside.toggle()
            } else if !inside {
                if byte == UInt8(ascii: "^") {
                    at += 1
                    if let escaped = peek() {
                        result.append(escaped)
                        at += 1
                    } else if !nextLine() {
                        break
                    }
                    continue
                }
                if byte == UInt8(ascii: "&") || byte == UInt8(ascii: "|") { break }
                if byte == UInt8(ascii: ")"), inBlock { break }
                if redirections(after: &result) { continue }
            }
            result.append(byte)
            at += 1
        }
        return String(decoding: result, as: UTF8.self)
    }

    private mutating func redirections() -> Bool {
        var nothing: [UInt8] = []
        skipBlanks()
        if let byte = peek(), (0x30...0x39).contains(byte), at + 1 < bytes.count,
            bytes[at + 1] == UInt8(ascii: ">")
        {
            at += 1
        }
        return redirections(after: &nothing)
    }

    /// Skips `>file`, `2>&1`, `<file`; the digit before it is taken back.
    private mutating func redirections(after result: inout [UInt8]) -> Bool {
        guard let byte = peek(), byte == UInt8(ascii: ">") || byte == UInt8(ascii: "<") else {
            return false
        }
        if let digit = result.last, (0x30...0x39).contains(digit),
            result.dropLast().last.map({ " \t".utf8.contains($0) }) ?? true
        {
            result.removeLast()
        }
        while peek() == byte { at += 1 }
        if peek() == UInt8(ascii: "&") {
            at = min(at + 2, bytes.count)
            return true
        }
        skipBlanks()
        var inside = false
        while let byte = peek() {
            if byte == UInt8(ascii: "\"") { inside.toggle() }
            if !inside, " \t&|)<>".utf8.contains(byte) { break }
            at += 1
        }
        return true
    }

    private mutating func nextLine() -> Bool {
        guard line + 1 < lines.count else { return false }
        line += 1
        bytes = Array(expand(lines[line]).utf8)
        at = 0
        return true
    }

    /// The letters that start here, in small ones; they aren't taken.
    private func word() -> String {
        let letters = bytes[at...].prefix(7).prefix { (0x61...0x7a).contains($0 | 0x20) }
        let next = at + letters.count
        if next < bytes.count, !" \t(/,;=\"".utf8.contains(bytes[next]) { return "" }
        return String(decoding: letters.map { $0 | 0x20 }, as: UTF8.self)
    }

    private func peek() -> UInt8? { at < bytes.count ? bytes[at] : nil }

    private mutating func skipBlanks() {
        while let byte = peek(), byte == 0x20 || byte == 0x09 { at += 1 }
    }
}
