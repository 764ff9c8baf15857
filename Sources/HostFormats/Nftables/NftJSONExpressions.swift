import PolicyText

/// Expressions and statements of libnftables-json(5), as those of nft(8).
enum NftJSON {
    /// Not known to this reader.
    struct Unknown: Error {
        var what: String
    }

    static func expression(_ json: JSONWithLines, depth: Int = 0) throws(Unknown) -> NftExpression {
        guard depth < 64 else { throw Unknown(what: "expressions nested too deep") }
        switch json.value {
        case .string("*"): return .wildcard
        case .string(let text):
            return text.hasPrefix("@") ? .named(String(text.dropFirst())) : word(text)
        case .number(let text): return .word(text)
        case .bool(let value): return .word(value ? "exists" : "missing")
        case .null: throw Unknown(what: "null")
        case .array(let items):
            var parts: [NftExpression] = []
            for item in items { parts.append(try expression(item, depth: depth + 1)) }
            return parts.count == 1 ? parts[0] : .list(parts)
        case .object:
            guard let member = json.single else { throw Unknown(what: "an object") }
            return try compound(member.key, member.value, depth + 1)
        }
    }

    /// Names that hold more than a word of nft may are quoted.
    static func word(_ text: String) -> NftExpression {
        let plain = text.utf8.allSatisfy {
            (0x30...0x39).contains($0) || (0x61...0x7a).contains($0 | 0x20)
                || [0x2e, 0x3a, 0x2f, 0x2d, 0x5f].contains($0)
        }
        return plain && !text.isEmpty ? .word(text) : .quoted(text)
    }

    private static func list(_ json: JSONWithLines, _ depth: Int) throws(Unknown) -> [NftExpression]
    {
        guard let items = json.array else { return [try expression(json, depth: depth)] }
        var parts: [NftExpression] = []
        for item in items { parts.append(try expression(item, depth: depth)) }
        return parts
    }

    private static func compound(
        _ key: String, _ json: JSONWithLines, _ depth: Int
    ) throws(Unknown) -> NftExpression {
        switch key {
        case "range":
            let bounds = try list(json, depth)
            guard bounds.count == 2 else { throw Unknown(what: "a range") }
            return .range(bounds[0], bounds[1])
        case "prefix":
            guard let address = json["addr"], let length = json["len"]?.text.flatMap({ Int($0) })
            else { throw Unknown(what: "a prefix") }
            return .prefix(try expression(address, depth: depth), length)
        case "concat": return .concatenation(try list(json, depth))
        case "set": return .set(try elements(json, depth))
        case "map":
            guard let key = json["key"], let data = json["data"] else {
                throw Unknown(what: "a map")
            }
            return .map(
                try expression(key, depth: depth), try expression(data, depth: depth))
        case "elem":
            guard let value = json["val"] else { throw Unknown(what: "an element") }
            return try expression(value, depth: depth)
        case "&", "|", "^", "<<", ">>":
            let parts = try list(json, depth)
            guard let first = parts.first, parts.count >= 2 else { throw Unknown(what: key) }
            return parts.dropFirst().reduce(first) { .operation(key, $0, $1) }
        case "accept", "drop", "continue", "return", "jump", "goto":
            guard let verdict = verdict(key, json) else { throw Unknown(what: key) }
            return .verdict(verdict)
        default: return .field(try field(key, json))
        }
    }

    static func elements(
        _ json: JSONWithLines, _ depth: Int = 0
    ) throws(Unknown) -> [NftElement] {
        guard let items = json.array else {
            return [NftElement(key: try expression(json, depth: depth))]
        }
        var elements: [NftElement] = []
        for item in items {
            if let pair = item.array, pair.count == 2 {
                var element = try element(pair[0], depth)
                element.data = try expression(pair[1], depth: depth)
                elements.append(element)
            } else {
                elements.append(try element(item, depth))
            }
        }
        return elements
    }

    private static func element(_ json: JSONWithLines, _ depth: Int) throws(Unknown) -> NftElement {
        var element = NftElement(key: try expression(json, depth: depth))
        if let inner = json["elem"] {
            element.isBounded = ["limit", "quota", "ct count"].contains { inner[$0] != nil }
        }
        return element
    }

    static func verdict(_ key: String, _ json: JSONWithLines) -> NftVerdict? {
        switch key {
        case "accept": .accept
        case "drop": .drop
        case "continue": .continue
        case "return": .return
        case "jump": json["target"]?.string.map { .jump($0) }
        case "goto": json["target"]?.string.map { .go($0) }
        default: nil
        }
    }

    /// What is looked at, by the name that nft(8) gives it.
    private static func field(_ key: String, _ json: JSONWithLines) throws(Unknown) -> String {
        switch key {
        case "payload":
            if let header = json["protocol"]?.string, let field = json["field"]?.string {
                if let tunnel = json["tunnel"]?.string { return "\(tunnel) \(header) \(field)" }
                return "\(header) \(field)"
            }
            guard let base = json["base"]?.string, let offset = json["offset"]?.text,
                let length = json["len"]?.text
            else { throw Unknown(what: "payload") }
            return "@\(base),\(offset),\(length)"
        case "meta":
            guard let key = json["key"]?.string else { throw Unknown(what: "meta") }
            return "meta \(key)"
        case "ct":
            guard let key = json["key"]?.string else { throw Unknown(what: "ct") }
            return json["dir"]?.string.map { "ct \($0) \(key)" } ?? "ct \(key)"
        case "fib":
            guard let result = json["result"]?.string, let flags = json["flags"] else {
                throw Unknown(what: "fib")
            }
            let names = flags.array?.compactMap(\.string) ?? flags.string.map { [$0] } ?? []
            guard !names.isEmpty else { throw Unknown(what: "fib") }
            return "fib \(names.joined(separator: " . ")) \(result)"
        case "exthdr":
            guard let name = json["name"]?.string else { throw Unknown(what: "exthdr") }
            return json["field"]?.string.map { "\(name) \($0)" } ?? "exthdr \(name)"
        case "tcp option", "ip option":
            guard let name = json["name"]?.string else { throw Unknown(what: key) }
            return json["field"]?.string.map { "\(key) \(name) \($0)" } ?? "\(key) \(name)"
        case "rt", "socket":
            guard let name = json["key"]?.string else { throw Unknown(what: key) }
            return "\(key) \(name)"
        default: throw Unknown(what: "'\(key)'")
        }
    }
}
