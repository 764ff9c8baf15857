import Policy
import PolicyText

/// Reads `nft -j list ruleset`, or commands of libnftables-json(5), into a rule set.
struct NftJSONReader {
    private(set) var ruleset = NftRuleset()
    private(set) var notes = NftNotes()

    mutating func read(_ text: String) {
        let root: JSONWithLines
        do { root = try JSONWithLines.parse(text) } catch {
            ruleset.fault(NftPlace(line: error.line), error.why)
            notes.note(NftPlace(line: error.line), .invalid, error.why)
            return
        }
        guard let items = root["nftables"]?.array else {
            ruleset.fault(NftPlace(line: 1), "it holds no list named nftables")
            return
        }
        notes.note(NftPlace(line: root.line), through: root.last, .irrelevant)
        for item in items { object(item) }
    }

    private mutating func object(_ item: JSONWithLines) {
        let place = NftPlace(line: item.line)
        guard let member = item.single else {
            notes.note(place, through: item.last, .notRecognised, "no object of nftables")
            ruleset.gap(place, "an object isn't understood")
            return
        }
        switch member.key {
        case "metainfo": notes.note(place, through: item.last, .irrelevant)
        case "add", "create":
            if let inner = member.value.single { add(inner, item, position: nil) }
        case "insert":
            if let inner = member.value.single { add(inner, item, position: 0) }
        case "flush":
            if member.value["ruleset"] != nil {
                ruleset.flush(family: nil)
                notes.note(place, through: item.last, .used)
            } else {
                beyond(item, "flush isn't modelled")
            }
        case "delete", "replace", "rename", "destroy":
            beyond(item, "\(member.key) isn't modelled")
        default: add(member, item, position: nil)
        }
    }

    private static let tableFlags: Set<String> = ["dormant", "owner", "persist"]

    private mutating func beyond(_ item: JSONWithLines, _ why: String) {
        let place = NftPlace(line: item.line)
        notes.note(place, through: item.last, .notModelled, why)
        ruleset.gap(place, why)
    }

    private mutating func add(
        _ member: JSONWithLines.Member, _ item: JSONWithLines, position: Int?
    ) {
        let place = NftPlace(line: item.line)
        let body = member.value
        guard let family = body["family"]?.string else {
            return beyond(item, "it names no family")
        }
        let name = body["name"]?.string ?? ""
        if member.key == "table" {
            let table = ruleset.add(
                table: NftRuleset.TableName(family: family, name: name), place)
            let flags = body["flags"].map { $0.array?.map(\.string) ?? [$0.string] } ?? []
            // nft 1.0.6 prints the table's name in place of a flag's.
            guard flags.allSatisfy({ $0.map(Self.tableFlags.contains) ?? false }) else {
                return beyond(item, "its flags aren't told, and so not whether it is dormant")
            }
            ruleset.setDormant(flags.contains("dormant"), table)
            notes.note(place, through: item.last, .used)
            return
        }
        guard let tableName = body["table"]?.string else {
            return beyond(item, "it names no table")
        }
        let table = ruleset.add(
            table: NftRuleset.TableName(family: family, name: tableName), place)
        switch member.key {
        case "chain": chain(body, name, table, item)
        case "rule": rule(body, table, item, position)
        case "set", "map": set(body, name, table, item, isMap: member.key == "map")
        case "element":
            do {
                let elements = try NftJSON.elements(body["elem"] ?? item)
                _ = ruleset.change(set: name, table) { $0.elements += elements }
                notes.note(place, through: item.last, .used)
            } catch { beyond(item, "\(error.what) isn't understood") }
        case "ct helper", "limit", "quota", "counter", "ct timeout", "ct expectation", "secmark",
            "synproxy", "flowtable", "tunnel":
            object(member, name, table, item)
        default: beyond(item, "'\(member.key)' isn't known")
        }
    }

    private mutating func object(
        _ member: JSONWithLines.Member, _ name: String, _ table: Int, _ item: JSONWithLines
    ) {
        let body = member.value
        var lines: [String] = []
        if member.key == "ct helper" {
            lines.append(
                "type \"\(body["type"]?.string ?? "")\" protocol \(body["protocol"]?.string ?? "tcp")"
            )
            if let family = body["l3proto"]?.string { lines.append("l3proto \(family)") }
        } else if case .bounded(_, let text)? = Self.statement(member) {
            // What the statement of that kind says, without its first word.
            lines.append(text.split(separator: " ").dropFirst().joined(separator: " "))
        }
        let place = NftPlace(line: item.line)
        ruleset.add(
            object: NftObject(body: lines, place: place), named: "\(member.key) \(name)", table)
        let matters = ["ct helper", "limit", "quota"].contains(member.key)
        notes.note(place, through: item.last, matters ? .used : .irrelevant)
    }

    private static func statement(_ member: JSONWithLines.Member) -> NftStatement? {
        let (line, last) = (member.value.line, member.value.last)
        let whole = JSONWithLines(value: .object([member]), line: line, last: last)
        do { return try NftJSON.statements(whole).first } catch { return nil }
    }

    private mutating func chain(
        _ body: JSONWithLines, _ name: String, _ table: Int, _ item: JSONWithLines
    ) {
        let place = NftPlace(line: item.line)
        var base: NftRuleset.Base?
        if let hook = body["hook"]?.string {
            var made = NftRuleset.Base(type: body["type"]?.string ?? "filter", hook: hook)
            made.priority = body["prio"]?.text.flatMap { word in
                Int(word).flatMap { Int32(exactly: $0) }.map { Int($0) }
                    ?? NftTextReader.priorities[word]
            }
            switch body["policy"]?.string {
            case "drop": made.policy = .drop
            case "accept": made.policy = .accept
            default: break
            }
            made.devices =
                body["dev"]?.array?.compactMap(\.string) ?? body["dev"]?.string.map { [$0] } ?? []
            base = made
        }
        ruleset.add(chain: name, base, table, place)
        notes.note(place, through: item.last, .used)
    }

    private mutating func rule(
        _ body: JSONWithLines, _ table: Int, _ item: JSONWithLines, _ position: Int?
    ) {
        let place = NftPlace(line: item.line)
        guard let name = body["chain"]?.string else { return beyond(item, "it names no chain") }
        let chain =
            ruleset.tables[table].chain(name) ?? ruleset.add(chain: name, nil, table, place)
        var statements: [NftStatement] = []
        for part in body["expr"]?.array ?? [] {
            do { statements += try NftJSON.statements(part) } catch {
                statements.append(.unknown("\(error.what)"))
            }
        }
        if let comment = body["comment"]?.string { statements.append(.comment(comment)) }
        var rule = NftRuleset.Rule(statements: statements, place: place, last: item.last)
        rule.shown = statements.map(\.text).joined(separator: " ")
        ruleset.add(rule: rule, chain, table, at: position)
    }

    private mutating func set(
        _ body: JSONWithLines, _ name: String, _ table: Int, _ item: JSONWithLines, isMap: Bool
    ) {
        let place = NftPlace(line: item.line)
        var set = NftSet(isMap: isMap, place: place)
        if let type = body["type"] { set.declaration.append(Self.type(type, body["map"])) }
        let flags = body["flags"]?.array?.compactMap(\.string) ?? body["flags"]?.string.map { [$0] }
        if let flags, !flags.isEmpty {
            set.declaration.append("flags \(flags.joined(separator: ","))")
            set.isDynamic = flags.contains("dynamic") || flags.contains("timeout")
        }
        do {
            if let elements = body["elem"] { set.elements = try NftJSON.elements(elements) }
            notes.note(place, through: item.last, .used)
        } catch {
            set.problem = "\(error.what) isn't understood"
            notes.note(place, through: item.last, .notModelled, "\(error.what) isn't understood")
        }
        ruleset.add(set: set, named: name, table)
    }

    /// `type ipv4_addr . inet_service : verdict`, or `typeof …`.
    private static func type(_ type: JSONWithLines, _ data: JSONWithLines?) -> String {
        func names(_ json: JSONWithLines) -> String? {
            if let name = json.string { return name }
            guard let parts = json.array?.compactMap(\.string), parts.count == json.array?.count
            else { return nil }
            return parts.joined(separator: " . ")
        }
        if let key = names(type) {
            return "type \(key)" + (data.flatMap(names).map { " : \($0)" } ?? "")
        }
        let key = type["typeof"].flatMap { try? NftJSON.expression($0) }?.text ?? "unknown"
        let value = data.flatMap { $0["typeof"] ?? $0 }.flatMap { try? NftJSON.expression($0) }
        return "typeof \(key)" + (value.map { " : \($0.text)" } ?? "")
    }
}
