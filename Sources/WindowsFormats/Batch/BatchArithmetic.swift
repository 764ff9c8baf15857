import PolicyText

/// `set /a`: 32-bit arithmetic over numbers and variables, several assignments parted by commas.
struct BatchArithmetic {
    /// Parentheses and signs within each other.
    static let depthLimit = 64

    /// The value of a name; nil where it isn't known.
    private let value: (String) -> Int32?
    private var bytes: [UInt8]
    private var at = 0

    enum Fault: Error { case notUnderstood, notKnown }

    /// The assignments of the expression in order, a value of nil where it isn't known; nil where
    /// it isn't understood.
    static func assignments(
        _ text: String, value: @escaping (String) -> Int32?
    ) -> [(name: String, value: Int32?)]? {
        var result: [(name: String, value: Int32?)] = []
        let plain = text.filter { $0 != "\"" }
        for part in plain.split(separator: ",") {
            let known: (String) -> Int32? = { name in
                result.last { $0.name == name }.map(\.value) ?? value(name)
            }
            guard let equals = part.utf8.firstIndex(of: UInt8(ascii: "=")) else { continue }
            var name = String(part[..<equals]).bare
            var sign: UInt8?
            if let last = name.utf8.last, "+-*/%&^|".utf8.contains(last) {
                sign = last
                name = String(name.dropLast()).bare
            }
            name = name.lowercased()
            guard !name.isEmpty, !name.contains(" ") else { return nil }
            var reader = BatchArithmetic(
                bytes: Array(part[part.utf8.index(after: equals)...].utf8), value: known)
            do throws(Fault) {
                let right = try reader.whole()
                guard let sign else {
                    result.append((name, right))
                    continue
                }
                guard let left = known(name) else { throw Fault.notKnown }
                result.append((name, try combine(left, sign, right)))
            } catch {
                guard error == .notKnown else { return nil }
                result.append((name, nil))
            }
        }
        return result
    }

    private init(bytes: [UInt8], value: @escaping (String) -> Int32?) {
        self.bytes = bytes
        self.value = value
    }

    /// A number as cmd reads it: decimal, `0x1f`, or octal with a leading 0.
    static func number(_ text: some StringProtocol) -> Int32? {
        let negative = text.hasPrefix("-")
        let digits = text.dropFirst(negative || text.hasPrefix("+") ? 1 : 0).lowercased()
        guard let first = digits.utf8.first, (0x30...0x39).contains(first) else { return nil }
        let parsed: Int64? =
            digits.hasPrefix("0x")
            ? Int64(digits.dropFirst(2), radix: 16)
            : digits.hasPrefix("0") && digits != "0"
                ? Int64(digits.dropFirst(), radix: 8) : Int64(digits)
        guard let parsed, parsed <= 1 << 32 else { return nil }
        return Int32(truncatingIfNeeded: negative ? 0 &- parsed : parsed)
    }

    private mutating func whole() throws(Fault) -> Int32 {
        let value = try sum(0)
        skip()
        guard at == bytes.count else { throw .notUnderstood }
        return value
    }

    private mutating func sum(_ depth: Int) throws(Fault) -> Int32 {
        var left = try product(depth)
        while let sign = sign(of: "+-&^|") {
            left = try Self.combine(left, sign, try product(depth))
        }
        return left
    }

    private mutating func product(_ depth: Int) throws(Fault) -> Int32 {
        var left = try unary(depth)
        while let sign = sign(of: "*/%") { left = try Self.combine(left, sign, try unary(depth)) }
        return left
    }

    private mutating func unary(_ depth: Int) throws(Fault) -> Int32 {
        guard depth < Self.depthLimit else { throw .notUnderstood }
        if let sign = sign(of: "+-~(") {
            if sign == UInt8(ascii: "(") {
                let value = try sum(depth + 1)
                guard self.sign(of: ")") != nil else { throw .notUnderstood }
                return value
            }
            let value = try unary(depth + 1)
            if sign == UInt8(ascii: "-") { return 0 &- value }
            return sign == UInt8(ascii: "~") ? ~value : value
        }
        let start = at
        while at < bytes.count, !" \t+-*/%&^|()~".utf8.contains(bytes[at]) { at += 1 }
        let word = String(decoding: bytes[start..<at], as: UTF8.self)
        guard let first = word.utf8.first else { throw .notUnderstood }
        if (0x30...0x39).contains(first) {
            guard let number = Self.number(word) else { throw .notUnderstood }
            return number
        }
        guard !Unknown.isIn(word), let value = value(word.lowercased()) else { throw .notKnown }
        return value
    }

    private static func combine(_ a: Int32, _ sign: UInt8, _ b: Int32) throws(Fault) -> Int32 {
        switch sign {
        case UInt8(ascii: "+"): return a &+ b
        case UInt8(ascii: "-"): return a &- b
        case UInt8(ascii: "*"): return a &* b
        case UInt8(ascii: "/"), UInt8(ascii: "%"):
            guard b != 0, b != -1 || a != .min else { throw .notUnderstood }
            return sign == UInt8(ascii: "/") ? a / b : a % b
        case UInt8(ascii: "&"): return a & b
        case UInt8(ascii: "^"): return a ^ b
        default: return a | b
        }
    }

    private mutating func sign(of signs: String) -> UInt8? {
        skip()
        guard at < bytes.count, signs.utf8.contains(bytes[at]) else { return nil }
        at += 1
        return bytes[at - 1]
    }

    private mutating func skip() {
        while at < bytes.count, bytes[at] == 0x20 || bytes[at] == 0x09 { at += 1 }
    }
}
