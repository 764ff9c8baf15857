import PolicyText

extension BatchCondition {
    enum Answer {
        case yes, no
        /// A clause: what isn't known.
        case undecided(String)
    }

    func answer(_ state: BatchState) -> Answer {
        switch test {
        case .undecided(let what): return .undecided("\(what) isn't known")
        case .defined(let name):
            guard let value = state.variables[name.lowercased()], !Unknown.isIn(value) else {
                return .undecided("whether \(Unknown.shown(name)) is defined isn't known")
            }
            return value.isEmpty == negated ? .yes : .no
        case .compare(let left, let sign, let right):
            let a = BatchExpansion.late(left, state)
            let b = BatchExpansion.late(right, state)
            if let name = Unknown.name(in: a) ?? Unknown.name(in: b) {
                return .undecided("the value of \(name) isn't known")
            }
            return holds(a, sign, b) != negated ? .yes : .no
        }
    }

    private func holds(_ a: String, _ sign: String, _ b: String) -> Bool {
        let (a, b) = ignoresCase ? (a.lowercased(), b.lowercased()) : (a, b)
        if sign == "==" { return a == b }
        if let a = BatchArithmetic.number(a), let b = BatchArithmetic.number(b) {
            return Self.compare(a, sign, b)
        }
        return Self.compare(a, sign, b)
    }

    private static func compare<Value: Comparable>(_ a: Value, _ sign: String, _ b: Value) -> Bool {
        switch sign {
        case "equ": a == b
        case "neq": a != b
        case "lss": a < b
        case "leq": a <= b
        case "gtr": a > b
        default: a >= b
        }
    }
}
