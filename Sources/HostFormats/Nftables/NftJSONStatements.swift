import PolicyText

extension NftJSON {
    /// One statement of a rule's `expr`; several where it carries conditions of its own.
    static func statements(_ json: JSONWithLines) throws(Unknown) -> [NftStatement] {
        guard let member = json.single else { throw Unknown(what: "a statement") }
        let (key, body) = (member.key, member.value)
        if let verdict = verdict(key, body) { return [.verdict(verdict)] }
        switch key {
        case "match": return [try match(body)]
        case "vmap":
            guard let looked = body["key"], let data = body["data"] else {
                throw Unknown(what: "a vmap")
            }
            return [.verdictMap(try expression(looked), try expression(data))]
        case "counter": return [.passing("counter")]
        case "log", "last", "ct timeout", "ct expectation", "secmark", "flow", "dup":
            return [.passing(passing(key, body))]
        case "mangle": return [try assign(body)]
        case "notrack": return [.untrack]
        case "reject": return [.reject(rejection(body))]
        case "limit", "quota": return [try bounded(key, body)]
        case "ct count":
            guard let count = body["val"]?.text else { throw Unknown(what: key) }
            let over = inverted(body)
            return [.bounded(over: over, text: "ct count \(over ? "over " : "")\(count)")]
        case "ct helper":
            return [.assign("ct helper", try expression(body))]
        case "dnat", "snat", "masquerade", "redirect": return [try translation(key, body)]
        case "set", "map": return try change(body, isMap: key == "map")
        case "meter": return try bounds(body["stmt"])
        case "queue", "tproxy", "synproxy", "fwd": return [.beyond(key)]
        default: throw Unknown(what: "statement '\(key)'")
        }
    }

    private static func inverted(_ json: JSONWithLines) -> Bool {
        json["inv"]?.value == .bool(true)
    }

    private static func passing(_ key: String, _ body: JSONWithLines) -> String {
        switch key {
        case "log":
            let words = ["log"] + (body["prefix"]?.string.map { ["prefix \"\($0)\""] } ?? [])
            return words.joined(separator: " ")
        case "flow":
            let table = body["flowtable"]?.string ?? ""
            return "flow add \(table.hasPrefix("@") ? table : "@" + table)"
        case "ct timeout", "ct expectation":
            return "\(key) set \"\(body.string ?? "")\""
        case "secmark": return "meta secmark set \"\(body.string ?? "")\""
        default: return key
        }
    }

    private static let comparisons: [String: NftStatement.Comparison] = [
        "==": .equal, "!=": .unequal, "<": .below, ">": .above, "<=": .atMost, ">=": .atLeast,
        "!": .none,
        // Bits: one of them is set.
        "in": .implicit,
    ]

    private static func match(_ body: JSONWithLines) throws(Unknown) -> NftStatement {
        guard let left = body["left"], let right = body["right"] else {
            throw Unknown(what: "a match")
        }
        let sign = body["op"]?.string ?? "=="
        guard let comparison = comparisons[sign] else { throw Unknown(what: "operator \(sign)") }
        return .match(try expression(left), comparison, try expression(right))
    }

    private static func assign(_ body: JSONWithLines) throws(Unknown) -> NftStatement {
        guard let key = body["key"], let value = body["value"],
            case .field(let field) = try expression(key)
        else { throw Unknown(what: "mangle") }
        return .assign(field, try expression(value))
    }

    private static func rejection(_ body: JSONWithLines) -> String {
        guard let type = body["type"]?.string else { return "" }
        if type == "tcp reset" { return "with tcp reset" }
        return body["expr"]?.string.map { "with \(type) \($0)" } ?? ""
    }

    private static func bounded(
        _ key: String, _ body: JSONWithLines
    ) throws(Unknown) -> NftStatement {
        if body.string != nil || body["map"] != nil {
            return .boundedBy(kind: key, name: try expression(body))
        }
        let over = inverted(body)
        let sign = over ? "over " : ""
        if key == "quota" {
            guard let size = body["val"]?.text else { throw Unknown(what: key) }
            let unit = body["val_unit"]?.string ?? "bytes"
            let text = "quota \(sign)\(size) \(unit)"
            guard let used = body["used"]?.text else { return .bounded(over: over, text: text) }
            let usedUnit = body["used_unit"]?.string ?? "bytes"
            guard let isSpent = NftCursor.isSpent(used, usedUnit, of: size, unit) else {
                return .unknown(text)
            }
            return .bounded(over: over != isSpent, text: "\(text) used \(used) \(usedUnit)")
        }
        guard let rate = body["rate"]?.text else { throw Unknown(what: key) }
        let unit = body["rate_unit"]?.string.map { $0 == "packets" ? "" : " \($0)" } ?? ""
        let per = body["per"]?.string ?? "second"
        return .bounded(over: over, text: "limit rate \(sign)\(rate)\(unit)/\(per)")
    }

    private static func translation(
        _ key: String, _ body: JSONWithLines
    ) throws(Unknown) -> NftStatement {
        let target: NftStatement.Target =
            key == "dnat" ? .destination : key == "redirect" ? .redirect : .source(key)
        var flags = body["flags"]?.array?.compactMap(\.string) ?? []
        if let one = body["flags"]?.string { flags.append(one) }
        for type in body["type_flags"]?.array ?? [] where type.string == "prefix" {
            flags.append("prefix")
        }
        if body["type_flags"]?.string == "prefix" { flags.append("prefix") }
        return .translate(
            target, family: body["family"]?.string,
            address: try optional(body["addr"]), port: try optional(body["port"]), flags: flags)
    }

    private static func optional(_ json: JSONWithLines?) throws(Unknown) -> NftExpression? {
        guard let json else { return nil }
        return try expression(json)
    }

    private static func change(
        _ body: JSONWithLines, isMap: Bool
    ) throws(Unknown) -> [NftStatement] {
        guard let verb = body["op"]?.string, let key = body["elem"],
            let set = (body["set"] ?? body["map"])?.string
        else { throw Unknown(what: "a change of a set") }
        let name = set.hasPrefix("@") ? String(set.dropFirst()) : set
        let data = try optional(body["data"])
        return [
            .change(
                verb, set: name, key: try expression(key), data: data,
                bounds: try bounds(body["stmt"]))
        ]
    }

    /// Limits and the like that are kept for each element.
    private static func bounds(_ json: JSONWithLines?) throws(Unknown) -> [NftStatement] {
        guard let json else { return [] }
        var result: [NftStatement] = []
        for statement in json.array ?? [json] { result += try statements(statement) }
        return result
    }
}
