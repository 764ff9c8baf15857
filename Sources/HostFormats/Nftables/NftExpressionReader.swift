import PolicyText

/// Reads expressions: what a rule looks at, and what it wants to see there.
extension NftCursor {
    /// Which words are names of what can be looked at.
    enum Side { case looking, wanted }

    /// Keys of `meta` that stand without that word too.
    private static let metaKeys: Set<String> = [
        "mark", "iif", "iifname", "iiftype", "iifgroup", "iifkind", "oif", "oifname", "oiftype",
        "oifgroup", "oifkind", "skuid", "skgid", "nftrace", "rtclassid", "ibrname", "obrname",
        "ibriport", "obriport", "pkttype", "cpu", "cgroup", "time", "day", "hour",
    ]

    /// Words behind which a field of that header stands.
    private static let headers: Set<String> = [
        "ip", "ip6", "tcp", "udp", "udplite", "sctp", "dccp", "th", "icmp", "icmpv6", "igmp",
        "ether", "vlan", "arp", "ah", "esp", "comp", "gre", "gretap", "vxlan", "geneve", "hbh",
        "dst", "mh", "srh", "frag", "rt", "meta", "ct", "fib", "socket", "osf", "exthdr", "numgen",
        "jhash", "symhash", "ipsec", "tunnel",
    ]

    /// A concatenation, or one of its parts; on the side that is looked at perhaps with a map.
    mutating func expression(_ side: Side) throws(NftProblem) -> NftExpression {
        var parts = [try operation(side, 0)]
        while take(".") {
            skipNewlinesInside()
            parts.append(try operation(side, 0))
        }
        return parts.count == 1 ? parts[0] : .concatenation(parts)
    }

    /// Line breaks count for nothing inside of braces.
    private mutating func skipNewlinesInside() { if depth > 0 { skipNewlines() } }

    private static let precedence: [[String: String]] = [
        ["|": "|", "or": "|"], ["^": "^", "xor": "^"], ["&": "&", "and": "&"],
        ["<<": "<<", ">>": ">>", "lshift": "<<", "rshift": ">>"],
    ]

    private mutating func operation(_ side: Side, _ level: Int) throws(NftProblem) -> NftExpression
    {
        guard level < Self.precedence.count else { return try ranged(side) }
        var left = try operation(side, level + 1)
        while token.kind == .symbol || token.kind == .word,
            let sign = Self.precedence[level][token.text]
        {
            index += 1
            left = .operation(sign, left, try operation(side, level + 1))
        }
        return left
    }

    private mutating func ranged(_ side: Side) throws(NftProblem) -> NftExpression {
        let low = try primary(side)
        if side == .wanted || low.name != nil {
            if token.isSymbol("/"), ahead(1).kind == .word,
                let length = NftValues.number(ahead(1).text).map({ Int($0) }),
                ahead(1).text.allSatisfy(\.isNumber)
            {
                index += 2
                let prefix = NftExpression.prefix(low, length)
                guard take("-") else { return prefix }
                return .range(prefix, try primary(side))
            }
            if token.isSymbol("-") {
                index += 1
                var high = try primary(side)
                if token.isSymbol("/"),
                    let length = NftValues.number(ahead(1).text).map({ Int($0) })
                {
                    index += 2
                    high = .prefix(high, length)
                }
                return .range(low, high)
            }
        }
        return low
    }

    private mutating func primary(_ side: Side) throws(NftProblem) -> NftExpression {
        let token = token
        switch token.kind {
        case .quoted:
            index += 1
            return .quoted(token.text)
        case .word:
            if side == .looking {
                if Self.metaKeys.contains(token.text) {
                    index += 1
                    return .field("meta \(token.text)")
                }
                if Self.headers.contains(token.text), ahead(1).kind == .word { return try field() }
            }
            index += 1
            return .word(token.text)
        case .symbol: return try symbol(side)
        case .undefined: throw problem("variable \(token.text) isn't defined", refused: true)
        case .unresolved: throw problem("no file that is given defines \(token.text)")
        case .missing: throw problem("the included file \(token.text) isn't given")
        default: throw problem("an expression is expected, not '\(shown)'")
        }
    }

    private mutating func symbol(_ side: Side) throws(NftProblem) -> NftExpression {
        if token.isSymbol("@") {
            index += 1
            let name = try name("a set")
            guard token.isSymbol(","), ["th", "nh", "ll", "ih"].contains(name) else {
                return .named(name)
            }
            // `@th,16,16`: bits of a header.
            try expect(",")
            let offset = try self.name("an offset")
            try expect(",")
            let length = try self.name("a length")
            return .field("@\(name),\(offset),\(length)")
        }
        if token.isSymbol("{") { return try set(side) }
        if token.isSymbol("(") {
            try enter("(")
            let inner = try expression(side)
            try leave(")")
            return inner
        }
        if take("*") { return .wildcard }
        if take("[") {
            let address = try name("an address")
            try expect("]")
            return .word(address)
        }
        throw problem("an expression is expected, not '\(shown)'")
    }

    /// `{ 21, 50000-50100 : accept, * : drop }`; sets within sets are one.
    mutating func set(_ side: Side) throws(NftProblem) -> NftExpression {
        try enter("{")
        var elements: [NftElement] = []
        skipNewlines()
        while !token.isSymbol("}") {
            if token.isSymbol("{") {
                if case .set(let inner) = try set(side) { elements += inner }
            } else {
                elements.append(try element(side))
            }
            skipNewlines()
            guard take(",") else { break }
            skipNewlines()
        }
        try leave("}")
        return .set(elements)
    }

    private mutating func element(_ side: Side) throws(NftProblem) -> NftElement {
        var element = NftElement(key: try expression(side))
        element.isBounded = try elementOptions()
        skipNewlines()
        if take(":") {
            skipNewlines()
            element.data = try mapped()
            if try elementOptions() { element.isBounded = true }
        }
        return element
    }

    /// What a map gives: a verdict, or a value.
    mutating func mapped() throws(NftProblem) -> NftExpression {
        if let verdict = try verdict() { return .verdict(verdict) }
        return try expression(.wanted)
    }

    mutating func verdict() throws(NftProblem) -> NftVerdict? {
        guard token.kind == .word else { return nil }
        let verdict: NftVerdict
        switch token.text {
        case "accept": verdict = .accept
        case "drop": verdict = .drop
        case "continue": verdict = .continue
        case "return": verdict = .return
        case "jump", "goto":
            let jumps = token.text == "jump"
            index += 1
            let chain = try name("a chain")
            return jumps ? .jump(chain) : .go(chain)
        default: return nil
        }
        index += 1
        return verdict
    }

    /// Timeouts, counters and comments of an element; whether a limit of its own is kept for it.
    private mutating func elementOptions() throws(NftProblem) -> Bool {
        var isBounded = false
        while token.kind == .word {
            switch token.text {
            case "timeout", "expires":
                index += 1
                _ = try name("a time")
            case "comment":
                index += 1
                _ = try name("a comment")
            case "counter", "last", "limit", "quota", "ct":
                if token.text != "counter", token.text != "last" { isBounded = true }
                // They go on until the element ends.
                while !isAtEnd, !token.isSymbol(","), !token.isSymbol("}"), !token.isSymbol(":"),
                    !["timeout", "expires", "comment"].contains(token.text)
                {
                    index += 1
                }
            default: throw problem("'\(token.text)' isn't known behind an element")
            }
        }
        return isBounded
    }

    // MARK: what can be looked at

    private mutating func field() throws(NftProblem) -> NftExpression {
        let header = token.text
        index += 1
        let key = token.text
        index += 1
        switch header {
        case "ct": return .field(try connectionField(key))
        case "fib": return .field(try route(key))
        case "numgen", "jhash", "symhash", "ipsec", "tunnel", "osf":
            return .other(try words(header, key))
        case "exthdr": return .field("exthdr \(key)")
        case "tcp" where key == "option", "ip" where key == "option":
            return .field(try option("\(header) option"))
        case "vxlan", "geneve", "gretap":
            if Self.headers.contains(key), token.kind == .word {
                return .field("\(header) \(key) \(try name("a field"))")
            }
            return .field("\(header) \(key)")
        case "gre" where Self.headers.contains(key):
            return .field("\(header) \(key) \(try name("a field"))")
        case "socket" where key == "cgroupv2":
            _ = takeWord("level")
            return .field("socket cgroupv2 level \(try name("a level"))")
        case "rt" where ["ip", "ip6"].contains(key):
            return .field("rt \(key) \(try name("a field"))")
        default: return .field("\(header) \(key)")
        }
    }

    private mutating func option(_ start: String) throws(NftProblem) -> String {
        let kind = try name("an option")
        let wanted: Set<String> = [
            "kind", "length", "size", "count", "left", "right", "tsval", "tsecr", "ptr", "value",
            "addr", "type", "subtype", "data",
        ]
        guard token.kind == .word, wanted.contains(token.text) else { return "\(start) \(kind)" }
        return "\(start) \(kind) \(try name("a field"))"
    }

    /// `ct state`, `ct original ip saddr`: the family between is left out.
    private mutating func connectionField(_ key: String) throws(NftProblem) -> String {
        guard key == "original" || key == "reply" else { return "ct \(key)" }
        var field = try name("a field")
        if field == "ip" || field == "ip6" { field = "\(field) \(try name("a field"))" }
        return "ct \(key) \(field)"
    }

    /// `fib saddr . iif oif`
    private mutating func route(_ first: String) throws(NftProblem) -> String {
        var text = "fib \(first)"
        while take(".") { text += " . \(try name("a key"))" }
        return "\(text) \(try name("a result"))"
    }

    /// Generators, whose words don't matter but must be passed over.
    private mutating func words(_ header: String, _ key: String) throws(NftProblem) -> String {
        var text = "\(header) \(key)"
        let stops: Set<String> = ["map", "vmap", "accept", "drop", "set"]
        if header == "jhash" {
            index -= 1
            let inner = try expression(.looking)
            text = "jhash \(inner.text)"
        }
        while token.kind == .word, !stops.contains(token.text) {
            let word = token.text
            guard
                ["mod", "offset", "seed", "in", "out", "spnum", "reqid", "spi", "ip", "ip6"]
                    .contains(word) || ahead(-1).isWord("mod") || ahead(-1).isWord("offset")
                    || ahead(-1).isWord("seed") || ahead(-1).isWord("spnum")
                    || ["saddr", "daddr", "name", "version", "ttl", "loose", "skip"].contains(word)
            else { break }
            text += " \(word)"
            index += 1
        }
        return text
    }
}
