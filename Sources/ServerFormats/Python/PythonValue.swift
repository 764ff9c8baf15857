import PolicyText

/// What an expression of a Python file comes to, as far as literals tell.
enum PythonValue: Hashable {
    case none
    case bool(Bool)
    case int(Int)
    case string(String)
    /// A list, a tuple or a set.
    case list([PythonValue])
    /// `range(first, end)`, the end not included.
    case range(Int, Int)
    /// Anything else, by its text.
    case unknown

    /// What a condition makes of it; nil where it isn't known.
    var truth: Bool? {
        switch self {
        case .none: false
        case .bool(let value): value
        case .int(let number): number != 0
        case .string(let text): !text.isEmpty
        case .list(let values): !values.isEmpty
        case .range(let first, let end): first < end
        case .unknown: nil
        }
    }

    /// The ports of a sequence, ascending runs of them; nil where it isn't known.
    var ports: [ClosedRange<Int>]? {
        switch self {
        case .range(let first, let end): return first < end ? [first...(end - 1)] : []
        case .list(let values):
            var numbers: [Int] = []
            for value in values {
                guard case .int(let number) = value else { return nil }
                numbers.append(number)
            }
            var runs: [ClosedRange<Int>] = []
            for number in Set(numbers).sorted() {
                if let last = runs.last, last.upperBound + 1 == number {
                    runs[runs.count - 1] = last.lowerBound...number
                } else {
                    runs.append(number...number)
                }
            }
            return runs
        default: return nil
        }
    }
}

/// Evaluates literals, names, sums, `range`, `list`, `int` and the like.
struct PythonExpression {
    private enum Token: Hashable {
        case number(Int), text(String), name(String), mark(Character)
    }

    private var tokens: [Token] = []
    private var at = 0
    private let names: [String: PythonValue]
    private var depth = 0

    static func value(_ text: some StringProtocol, _ names: [String: PythonValue]) -> PythonValue {
        var expression = PythonExpression(String(text), names)
        let value = expression.sum()
        return expression.at == expression.tokens.count ? value : .unknown
    }

    /// The arguments of a call whose text begins at its opening bracket.
    static func arguments(
        _ text: some StringProtocol, _ names: [String: PythonValue]
    ) -> [PythonValue] {
        var expression = PythonExpression(String(text), names)
        guard expression.take("(") else { return [] }
        return expression.items(until: ")")
    }

    private init(_ text: String, _ names: [String: PythonValue]) {
        self.names = names
        var rest = text.prefix(65536)[...]
        while let first = rest.first {
            if first == " " || first == "\t" || first == "\n" {
                rest = rest.dropFirst()
            } else if first == "\"" || first == "'" {
                rest = rest.dropFirst()
                let body = rest.prefix { $0 != first }
                tokens.append(.text(String(body)))
                rest = rest[body.endIndex...].dropFirst()
            } else if first.isASCII, first.isNumber {
                let digits = rest.prefix { $0.isASCII && ($0.isNumber || $0 == "_") }
                tokens.append(.number(ServerText.number(digits.filter { $0 != "_" }) ?? -1))
                rest = rest[digits.endIndex...]
            } else if first.isLetter || first == "_" {
                let name = rest.prefix { $0.isLetter || $0.isNumber || $0 == "_" || $0 == "." }
                tokens.append(.name(String(name)))
                rest = rest[name.endIndex...]
            } else {
                tokens.append(.mark(first))
                rest = rest.dropFirst()
            }
        }
    }

    private mutating func take(_ mark: Character) -> Bool {
        guard at < tokens.count, tokens[at] == .mark(mark) else { return false }
        at += 1
        return true
    }

    private mutating func sum() -> PythonValue {
        depth += 1
        defer { depth -= 1 }
        guard depth < 32 else { return .unknown }
        var value = term()
        while at < tokens.count {
            let isPlus = tokens[at] == .mark("+")
            guard isPlus || tokens[at] == .mark("-") else { break }
            at += 1
            let other = term()
            if case .int(let a) = value, case .int(let b) = other {
                value = Self.bounded(isPlus ? a + b : a - b)
            } else if isPlus, case .list(let a) = value, case .list(let b) = other,
                a.count + b.count <= 65536
            {
                value = .list(a + b)
            } else {
                value = .unknown
            }
        }
        return value
    }

    /// Numbers stay far below what would overflow.
    private static func bounded(_ number: Int) -> PythonValue {
        abs(number) < 1 << 40 ? .int(number) : .unknown
    }

    private mutating func term() -> PythonValue {
        guard at < tokens.count else { return .unknown }
        let token = tokens[at]
        at += 1
        switch token {
        case .number(let number): return number < 0 ? .unknown : .int(number)
        case .text(let text): return .string(text)
        case .mark("-"):
            if case .int(let number) = term() { return .int(-number) }
            return .unknown
        case .mark("("):
            let before = at
            let values = items(until: ")")
            let isTuple = tokens[before..<max(before, at)].contains(.mark(","))
            return values.count == 1 && !isTuple ? values[0] : .list(values)
        case .mark("["): return .list(items(until: "]"))
        case .mark: return .unknown
        case .name(let name): return named(name)
        }
    }

    private mutating func named(_ name: String) -> PythonValue {
        guard take("(") else {
            switch name {
            case "None": return .none
            case "True": return .bool(true)
            case "False": return .bool(false)
            default: return names[name] ?? .unknown
            }
        }
        let values = items(until: ")")
        switch (name, values.first) {
        case ("range", .int(let first)?) where values.count == 1: return .range(0, first)
        case ("range", .int(let first)?):
            guard case .int(let end) = values[1] else { return .unknown }
            return values.count == 2 ? .range(first, end) : .unknown
        case ("list", let value?), ("tuple", let value?), ("set", let value?): return value
        case ("int", .int(let number)?): return .int(number)
        case ("int", .string(let text)?):
            return ServerText.number(text).map { .int($0) } ?? .unknown
        default: return .unknown
        }
    }

    private mutating func items(until end: Character) -> [PythonValue] {
        var values: [PythonValue] = []
        while at < tokens.count, !take(end) {
            if take(",") { continue }
            // `name=value` in a call: the name is left out.
            if at + 1 < tokens.count, case .name = tokens[at], tokens[at + 1] == .mark("=") {
                at += 2
            }
            let before = at
            values.append(sum())
            if at == before { at += 1 }
            // What isn't read of this item.
            var open = 0
            while at < tokens.count,
                open > 0 || (tokens[at] != .mark(",") && tokens[at] != .mark(end))
            {
                if "([{".contains(where: { tokens[at] == .mark($0) }) { open += 1 }
                if ")]}".contains(where: { tokens[at] == .mark($0) }) { open -= 1 }
                if !values.isEmpty { values[values.count - 1] = .unknown }
                at += 1
                if open < 0 { break }
            }
        }
        return values
    }
}
