/// Reads statements that change sets, and those that translate.
extension NftCursor {
    /// `add @set { ip saddr timeout 1m limit rate over 3/second : data }`
    mutating func change(_ verb: String) throws(NftProblem) -> [NftStatement] {
        index += 1
        try expect("@")
        let set = try name("a set")
        try enter("{")
        let key = try expression(.looking)
        let (bounds, data) = try changeOptions()
        try leave("}")
        return [.change(verb, set: set, key: key, data: data, bounds: bounds)]
    }

    /// `meter name size 128 { ip saddr timeout 10s limit rate over 3/second }`: a set of its own.
    mutating func meter() throws(NftProblem) -> [NftStatement] {
        index += 1
        _ = try name("a meter")
        if takeWord("size") { _ = try name("a size") }
        try enter("{")
        _ = try expression(.looking)
        let (bounds, _) = try changeOptions()
        try leave("}")
        return bounds
    }

    private mutating func changeOptions() throws(NftProblem) -> ([NftStatement], NftExpression?) {
        var bounds: [NftStatement] = []
        var data: NftExpression?
        while !token.isSymbol("}") {
            if take(":") {
                if let verdict = try verdict() {
                    data = .verdict(verdict)
                } else {
                    data = try expression(.looking)
                }
                continue
            }
            switch token.text {
            case "timeout", "expires":
                index += 1
                _ = try name("a time")
            case "comment":
                index += 1
                _ = try name("a comment")
            case "limit": bounds.append(try limit())
            case "quota": bounds.append(try quota())
            case "counter": _ = try counter()
            case "last": _ = skipOptions()
            case "ct" where ahead(1).isWord("count"):
                index += 2
                let over = takeWord("over")
                let count = try name("a count")
                bounds.append(.bounded(over: over, text: "ct count \(over ? "over " : "")\(count)"))
            default: throw problem("'\(shown)' isn't known in an element")
            }
        }
        return (bounds, data)
    }

    // MARK: translation

    mutating func translation(_ word: String) throws(NftProblem) -> NftStatement {
        index += 1
        let target: NftStatement.Target =
            switch word {
            case "dnat": .destination
            case "redirect": .redirect
            default: .source(word)
            }
        var family: String?
        if token.isWord("ip") || token.isWord("ip6"),
            ahead(1).isWord("to") || ahead(1).isWord("prefix") || ahead(1).isWord("addr")
                || ahead(1).isWord("interval")
        {
            family = try name("a family")
        }
        var flags: [String] = []
        if takeWord("prefix") || takeWord("interval") { flags.append("prefix") }
        if takeWord("addr") {
            // `dnat ip addr . port to …`
            try expect(".")
            _ = takeWord("port")
        }
        var address: NftExpression?
        var port: NftExpression?
        if takeWord("to") || token.isSymbol(":") {
            if token.isWord("ip") || token.isWord("ip6"), family == nil, ahead(1).isWord("prefix") {
                family = try name("a family")
                index += 1
                flags.append("prefix")
            }
            if !token.isSymbol(":") { address = try value() }
            if take(":") { port = try value() }
        }
        let known = ["random", "fully-random", "persistent"]
        while token.kind == .word, known.contains(token.text) {
            flags.append(try name("a flag"))
            if !take(",") { break }
        }
        return .translate(target, family: family, address: address, port: port, flags: flags)
    }
}
