import PolicyText

/// Reads the statements of a rule.
extension NftCursor {
    /// All statements up to the rule's end. What isn't understood ends the rule as `.unknown`,
    /// behind what was; what nft refuses is thrown.
    /// `inline` takes the rules of a chain that is written within the rule, and gives back its
    /// name.
    mutating func statements(
        inline: (inout NftCursor) throws(NftProblem) -> String
    ) throws(NftProblem) -> [NftStatement] {
        var statements: [NftStatement] = []
        while !endsStatement {
            let start = index
            let before = depth
            do {
                if token.isWord("jump") || token.isWord("goto"), ahead(1).isSymbol("{") {
                    let jumps = token.isWord("jump")
                    index += 1
                    let chain = try inline(&self)
                    statements.append(.verdict(jumps ? .jump(chain) : .go(chain)))
                } else {
                    statements += try statement()
                }
            } catch {
                guard !error.isRefused else { throw error }
                index = start
                depth = before
                // A sign that stands where a statement should may belong to what precedes it.
                if token.kind != .word { statements = [] }
                statements.append(.unknown(skipStatement()))
            }
        }
        for (index, statement) in statements.enumerated().dropLast() where statement.isTerminal {
            let rest = statements[(index + 1)...].contains {
                if case .comment = $0 { false } else { true }
            }
            if rest {
                throw problem("a statement stands behind one that ends the rule", refused: true)
            }
        }
        return statements
    }

    private mutating func statement() throws(NftProblem) -> [NftStatement] {
        if let verdict = try verdict() { return [.verdict(verdict)] }
        if token.kind == .word, let simple = try keyword(token.text) { return simple }
        return [try match()]
    }

    private mutating func keyword(_ word: String) throws(NftProblem) -> [NftStatement]? {
        switch word {
        case "counter":
            return [try counter()]
        case "log":
            return [.passing(skipOptions())]
        case "comment":
            index += 1
            return [.comment(try name("a comment"))]
        case "notrack":
            index += 1
            return [.untrack]
        case "reject":
            index += 1
            return [.reject(try rejection())]
        case "limit": return [try limit()]
        case "quota": return [try quota()]
        case "ct" where ahead(1).isWord("count"):
            index += 2
            let over = takeWord("over")
            let count = try name("a count")
            return [.bounded(over: over, text: "ct count \(over ? "over " : "")\(count)")]
        case "ct"
        where ["timeout", "expectation", "event", "label", "zone"].contains(ahead(1).text)
            && ahead(2).isWord("set"):
            return [try passingAssignment()]
        case "queue", "tproxy", "synproxy", "dup", "fwd":
            let text = word == "dup" || word == "fwd" ? skipToNext() : skipOptions()
            return [word == "dup" ? .passing(text) : .beyond(text)]
        case "dnat", "snat", "masquerade", "redirect": return [try translation(word)]
        case "flow":
            let known = ["add", "offload"].contains(ahead(1).text)
            guard known else { return nil }
            index += 2
            try expect("@")
            return [.passing("flow add @\(try name("a flow table"))")]
        case "add", "update", "delete":
            guard ahead(1).isSymbol("@") else { return nil }
            return try change(word)
        case "set":
            // The older form: `set add ip saddr @name`.
            guard ["add", "update", "delete"].contains(ahead(1).text) else { return nil }
            index += 1
            let verb = try name("a verb")
            let key = try expression(.looking)
            try expect("@")
            return [.change(verb, set: try name("a set"), key: key, data: nil, bounds: [])]
        case "meter": return try meter()
        case "last", "xt", "log-prefix":
            if word == "last" {
                return [.passing(skipOptions())]
            }
            return nil
        default: return nil
        }
    }

    // MARK: matches

    private static let comparisons: [String: NftStatement.Comparison] = [
        "==": .equal, "eq": .equal, "!=": .unequal, "ne": .unequal, "<": .below, "lt": .below,
        ">": .above, "gt": .above, "<=": .atMost, "le": .atMost, ">=": .atLeast, "ge": .atLeast,
        "!": .none,
    ]

    private mutating func match() throws(NftProblem) -> NftStatement {
        let left = try expression(.looking)
        if takeWord("vmap") {
            return .verdictMap(left, try container())
        }
        if token.isWord("set"), case .field(let name) = left {
            index += 1
            return .assign(name, try value())
        }
        guard left.name == nil else { throw problem("'\(left.text)' begins no statement") }
        var comparison = NftStatement.Comparison.implicit
        if token.kind == .symbol || token.kind == .word, let known = Self.comparisons[token.text] {
            comparison = known
            index += 1
        }
        let right = try wanted()
        return .match(left, comparison, right)
    }

    /// `established,related`, `syn / fin,syn,rst,ack`.
    private mutating func wanted() throws(NftProblem) -> NftExpression {
        var parts = [try expression(.wanted)]
        while token.isSymbol(","), depth == 0 || !token.isSymbol("}") {
            index += 1
            parts.append(try expression(.wanted))
        }
        let value = parts.count == 1 ? parts[0] : NftExpression.list(parts)
        guard take("/") else { return value }
        // A value and the mask that it is seen through.
        return .operation("/", value, try wanted())
    }

    /// A set in braces, or the name of one.
    private mutating func container() throws(NftProblem) -> NftExpression {
        if take("@") { return .named(try name("a map")) }
        guard token.isSymbol("{") else { throw problem("a map is expected, not '\(shown)'") }
        return try set(.wanted)
    }

    /// A value that may come out of a map.
    mutating func value() throws(NftProblem) -> NftExpression {
        var left = try expression(.looking)
        while takeWord("map") { left = .map(left, try container()) }
        return left
    }

    // MARK: statements

    mutating func counter() throws(NftProblem) -> NftStatement {
        index += 1
        if takeWord("name") {
            return .passing("counter name \(try value().text)")
        }
        if token.kind == .quoted { return .passing("counter name \"\(try name("a counter"))\"") }
        while token.isWord("packets") || token.isWord("bytes") {
            index += 1
            _ = try name("a number")
        }
        return .passing("counter")
    }

    private static let optionWords: Set<String> = [
        "prefix", "level", "group", "flags", "snaplen", "queue-threshold", "all", "tcp", "sequence",
        "options", "ip", "skuid", "ether", "to", "num", "bypass", "fanout", "mss", "wscale",
        "timestamp", "sack-perm", "used", "never", "emerg", "alert", "crit", "err", "warn",
        "notice", "info", "debug", "audit", "name",
    ]

    /// The words of a statement with options that don't matter.
    mutating func skipOptions() -> String {
        var words = [token.text]
        let kind = token.text
        index += 1
        while !endsStatement {
            let previous = words.last ?? ""
            let takes =
                token.kind == .quoted || token.isSymbol(",") || token.isSymbol("-")
                || token.isSymbol(":") || token.kind == .word && Int(token.text) != nil
                || kind == "queue" || kind == "tproxy" && token.kind == .word && !isVerdict
                || token.kind == .word && Self.optionWords.contains(token.text)
                || kind == "last" && token.kind == .word && !isVerdict
            // `log flags tcp sequence` against `log tcp dport 21`.
            let header = ["tcp", "ip", "ether"].contains(token.text) && token.kind == .word
            if header, kind != "log" || !["flags", ","].contains(previous) || previous == kind {
                if kind != "tproxy" { break }
            }
            guard takes else { break }
            words.append(token.kind == .quoted ? "\"\(token.text)\"" : token.text)
            index += 1
        }
        return words.joined(separator: " ")
    }

    private var isVerdict: Bool {
        ["accept", "drop", "return", "continue", "jump", "goto", "counter", "comment", "log"]
            .contains(token.text)
    }

    /// `dup to 10.0.0.1 device "eth0"`, `fwd to "eth1"`.
    private mutating func skipToNext() -> String {
        var words = [token.text]
        index += 1
        while token.kind == .word || token.kind == .quoted || token.isSymbol(":"), !isVerdict {
            words.append(token.kind == .quoted ? "\"\(token.text)\"" : token.text)
            index += 1
        }
        return words.joined(separator: " ")
    }

    private mutating func rejection() throws(NftProblem) -> String {
        guard takeWord("with") else { return "" }
        var words = ["with", try name("an answer")]
        if words[1] == "tcp" {
            words.append(try name("reset"))
        } else {
            _ = takeWord("type")
            words.append(try name("a type"))
        }
        return words.joined(separator: " ")
    }

    mutating func limit() throws(NftProblem) -> NftStatement {
        index += 1
        if takeWord("name") { return .boundedBy(kind: "limit", name: try value()) }
        if token.kind == .quoted {
            return .boundedBy(kind: "limit", name: .quoted(try name("a limit")))
        }
        guard takeWord("rate") else { throw problem("'rate' is expected behind limit") }
        let over = takeWord("over")
        if takeWord("until") {}
        var text = "limit rate \(over ? "over " : "")"
        guard Int(token.text) != nil else { throw problem("a rate is expected, not '\(shown)'") }
        text += try name("a rate")
        // `5/minute`, `1 mbytes/second`, `10 bytes / second`.
        if token.kind == .word, !isVerdict { text += " \(try name("a unit"))" }
        if take("/") { text += "/\(try name("a time"))" }
        if takeWord("burst") {
            text += " burst \(try name("a number")) \(try name("a unit"))"
        }
        return .bounded(over: over, text: text)
    }

    mutating func quota() throws(NftProblem) -> NftStatement {
        index += 1
        if takeWord("name") { return .boundedBy(kind: "quota", name: try value()) }
        if token.kind == .quoted {
            return .boundedBy(kind: "quota", name: .quoted(try name("a quota")))
        }
        let over = takeWord("over")
        if takeWord("until") {}
        let size = try name("a size")
        let unit = try name("a unit")
        let text = "quota \(over ? "over " : "")\(size) \(unit)"
        if takeWord("used") {
            let (used, usedUnit) = (try name("a size"), try name("a unit"))
            guard let isSpent = Self.isSpent(used, usedUnit, of: size, unit) else {
                return .unknown("\(text) used \(used) \(usedUnit)")
            }
            return .bounded(over: over != isSpent, text: "\(text) used \(used) \(usedUnit)")
        }
        return .bounded(over: over, text: text)
    }

    /// Whether the listing shows a quota as used up; nil where the sizes aren't understood.
    static func isSpent(
        _ used: String, _ usedUnit: String, of size: String, _ unit: String
    ) -> Bool? {
        func bytes(_ count: String, _ unit: String) -> UInt64? {
            let factors: [String: UInt64] = [
                "bytes": 1, "kbytes": 1 << 10, "mbytes": 1 << 20, "gbytes": 1 << 30,
            ]
            guard let count = UInt64(count), let factor = factors[unit] else { return nil }
            let (product, overflow) = count.multipliedReportingOverflow(by: factor)
            return overflow ? nil : product
        }
        guard let used = bytes(used, usedUnit), let size = bytes(size, unit) else { return nil }
        return used >= size
    }

    private mutating func passingAssignment() throws(NftProblem) -> NftStatement {
        let start = index
        index += 3
        _ = try value()
        while take(",") { _ = try value() }
        let words = tokens[start..<index].map { $0.kind == .quoted ? "\"\($0.text)\"" : $0.text }
        return .passing(words.joined(separator: " "))
    }
}
