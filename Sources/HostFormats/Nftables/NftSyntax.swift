import PolicyText

/// An expression of nft(8), free of how it was written.
indirect enum NftExpression: Hashable, Sendable {
    /// A number, name or address.
    case word(String)
    case quoted(String)
    case range(NftExpression, NftExpression)
    case prefix(NftExpression, Int)
    /// What is looked at, by its full name: `ip saddr`, `meta iifname`, `ct original proto-dst`.
    case field(String)
    case concatenation([NftExpression])
    case set([NftElement])
    /// `@name`
    case named(String)
    /// `key map { … }`
    case map(NftExpression, NftExpression)
    /// `&`, `|`, `^`, `<<`, `>>`
    case operation(String, NftExpression, NftExpression)
    /// `established,related`
    case list([NftExpression])
    /// `*`: whatever no other element holds.
    case wildcard
    case verdict(NftVerdict)
    /// Understood as words only (`numgen inc mod 2`).
    case other(String)
}

/// An element of a set or map.
struct NftElement: Hashable, Sendable {
    var key: NftExpression
    /// What a map gives for it.
    var data: NftExpression?
    /// Whether a limit, quota or count of its own is kept for it.
    var isBounded = false
}

enum NftVerdict: Hashable, Sendable {
    case accept, drop, `continue`, `return`
    case jump(String)
    case go(String)
}

/// One statement of a rule; conditions are statements too.
indirect enum NftStatement: Hashable, Sendable {
    enum Comparison: String, Hashable, Sendable {
        /// Nothing stands between both sides.
        case implicit = ""
        case equal = "=="
        case unequal = "!="
        case below = "<"
        case above = ">"
        case atMost = "<="
        case atLeast = ">="
        /// `tcp flags ! syn`: none of these bits.
        case none = "!"
    }

    enum Target: Hashable, Sendable {
        case destination, redirect
        /// `snat`, `masquerade`.
        case source(String)
    }

    case match(NftExpression, Comparison, NftExpression)
    case verdict(NftVerdict)
    case verdictMap(NftExpression, NftExpression)
    /// What stands behind `reject`.
    case reject(String)
    /// `address` may be a map that gives address and port.
    case translate(
        Target, family: String?, address: NftExpression?, port: NftExpression?, flags: [String])
    /// `meta mark set 1`
    case assign(String, NftExpression)
    /// `add @set { ip saddr limit rate over 3/second }`; for a map with what it gives.
    case change(
        String, set: String, key: NftExpression, data: NftExpression?, bounds: [NftStatement])
    /// A limit, quota or count that a first packet is within, or (`over`) is not.
    case bounded(over: Bool, text: String)
    /// `limit name "x"`, `quota name "x"`.
    case boundedBy(kind: String, name: NftExpression)
    case untrack
    /// It decides in a way of its own: `queue to 1`, `tproxy to :50080`.
    case beyond(String)
    /// Log, counter and others that let the packet go on.
    case passing(String)
    case comment(String)
    /// Not understood.
    case unknown(String)
}

extension NftVerdict {
    var text: String {
        switch self {
        case .accept: "accept"
        case .drop: "drop"
        case .continue: "continue"
        case .return: "return"
        case .jump(let chain): "jump \(chain)"
        case .go(let chain): "goto \(chain)"
        }
    }

    /// The chain that it goes to.
    var target: String? {
        switch self {
        case .jump(let chain), .go(let chain): chain
        default: nil
        }
    }
}

extension NftExpression {
    /// In the language of nft.
    var text: String {
        switch self {
        case .word(let word): word
        case .quoted(let words): "\"\(words)\""
        case .range(let low, let high): "\(low.text)-\(high.text)"
        case .prefix(let address, let length): "\(address.text)/\(length)"
        case .field(let name): name
        case .concatenation(let parts): parts.map(\.text).joined(separator: " . ")
        case .set(let elements):
            elements.isEmpty
                ? "{ }" : "{ \(elements.map(\.text).joined(separator: ", ")) }"
        case .named(let name): "@\(name)"
        case .map(let key, let data): "\(key.text) map \(data.text)"
        case .operation(let sign, let left, let right):
            "\(left.operand) \(sign) \(right.operand)"
        case .list(let parts): parts.map(\.text).joined(separator: ",")
        case .wildcard: "*"
        case .verdict(let verdict): verdict.text
        case .other(let words): words
        }
    }

    private var operand: String {
        if case .operation = self { return "(\(text))" }
        return text
    }

    /// Those of a concatenation, or itself.
    var parts: [NftExpression] {
        if case .concatenation(let parts) = self { return parts }
        return [self]
    }

    /// A lone word, quoted or not.
    var name: String? {
        switch self {
        case .word(let text), .quoted(let text): text
        default: nil
        }
    }
}

extension NftElement {
    var text: String { data.map { "\(key.text) : \($0.text)" } ?? key.text }
}

extension NftStatement {
    /// In the language of nft.
    var text: String {
        switch self {
        case .match(let left, let comparison, let right):
            comparison == .implicit
                ? "\(left.text) \(right.text)" : "\(left.text) \(comparison.rawValue) \(right.text)"
        case .verdict(let verdict): verdict.text
        case .verdictMap(let key, let map): "\(key.text) vmap \(map.text)"
        case .reject(let rest): rest.isEmpty ? "reject" : "reject \(rest)"
        case .translate(let target, let family, let address, let port, let flags):
            Self.translation(target, family, address, port, flags)
        case .assign(let field, let value): "\(field) set \(value.text)"
        case .change(let verb, let set, let key, let data, let bounds):
            "\(verb) @\(set) { "
                + ([key.text] + bounds.map(\.text) + (data.map { [": \($0.text)"] } ?? []))
                .joined(separator: " ") + " }"
        case .bounded(_, let text): text
        case .boundedBy(let kind, let name): "\(kind) name \(name.text)"
        case .untrack: "notrack"
        case .beyond(let text), .passing(let text), .unknown(let text): text
        case .comment(let text): "comment \"\(text)\""
        }
    }

    private static func translation(
        _ target: Target, _ family: String?, _ address: NftExpression?, _ port: NftExpression?,
        _ flags: [String]
    ) -> String {
        var words: [String]
        switch target {
        case .destination: words = ["dnat"]
        case .redirect: words = ["redirect"]
        case .source(let word): words = [word]
        }
        if let family { words.append(family) }
        if address != nil || port != nil {
            var to = address?.text ?? ""
            if let port {
                if to.contains(":"), !to.contains(" ") { to = "[\(to)]" }
                to += ":\(port.text)"
            }
            words += ["to", to]
        }
        if !flags.isEmpty { words.append(flags.joined(separator: ",")) }
        return words.joined(separator: " ")
    }

    /// Whether nothing in the rule can follow it.
    var isTerminal: Bool {
        switch self {
        case .verdict(.continue): false
        case .verdict, .reject, .translate: true
        case .beyond(let text): text.hasPrefix("queue") || text.hasPrefix("fwd")
        default: false
        }
    }
}
