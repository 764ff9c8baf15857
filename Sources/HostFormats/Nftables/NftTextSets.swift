import Policy
import PolicyText

/// Sets, maps, objects, and commands that take things away.
extension NftTextReader {
    /// Lines of a set that say what it is, and not what is in it.
    private static let properties: Set<String> = [
        "type", "typeof", "flags", "timeout", "gc-interval", "size", "policy", "auto-merge",
        "comment", "counter", "quota", "limit", "ct", "last",
    ]

    mutating func set(_ table: Int, isMap: Bool, _ start: NftPlace) throws(NftProblem) {
        let name = try cursor.name("a set")
        var set = NftSet(isMap: isMap, place: start)
        note(from: start)
        if cursor.take("{") {
            note(from: start)
            while true {
                cursor.skipBreaks()
                if cursor.token.isSymbol("}") || cursor.isAtEnd { break }
                try setItem(&set)
            }
            let end = cursor.token.place
            try cursor.expect("}")
            notes.note(end, .used)
        }
        ruleset.add(set: set, named: name, table)
    }

    private mutating func setItem(_ set: inout NftSet) throws(NftProblem) {
        let start = cursor.token.place
        let kind = try cursor.name("a part of a set")
        if kind == "elements" {
            try cursor.expect("=")
            // A variable may stand for an empty set, which prints as nothing.
            if case .set(let elements) = try cursor.set(.wanted) { set.elements += elements }
            note(from: start)
            return
        }
        guard Self.properties.contains(kind) else {
            throw NftProblem(why: "'\(kind)' is no part of a set", place: start, isRefused: true)
        }
        let words = cursor.skipStatement()
        if kind == "flags", words.contains("dynamic") || words.contains("timeout") {
            set.isDynamic = true
        }
        if kind != "comment" { set.declaration.append(words.isEmpty ? kind : "\(kind) \(words)") }
        note(from: start)
    }

    /// `add element ip filter s { 10.0.0.1 }`
    mutating func elements(_ start: NftPlace, adding: Bool) throws(NftProblem) {
        let table = try tableName(start)
        let name = try cursor.name("a set")
        guard case .set(let elements) = try cursor.set(.wanted) else { return }
        let known = ruleset.change(set: name, table) { set in
            if adding {
                set.elements += elements
            } else if elements.allSatisfy({ element in
                set.elements.contains { $0.key == element.key }
            }) {
                set.elements.removeAll { element in elements.contains { $0.key == element.key } }
            } else {
                set.problem = "elements are taken out of it in a way that isn't modelled"
            }
        }
        guard known || !ruleset.gaps.isEmpty else {
            throw NftProblem(why: "there is no set \(name)", place: start, isRefused: true)
        }
        note(from: start)
    }

    mutating func object(_ kind: String, _ table: Int, _ start: NftPlace) throws(NftProblem) {
        let name = try cursor.name("a name")
        var body: [String] = []
        if cursor.take("{") {
            while true {
                cursor.skipBreaks()
                if cursor.token.isSymbol("}") || cursor.isAtEnd { break }
                body.append(cursor.skipStatement())
            }
            try cursor.expect("}")
        } else if !cursor.endsStatement {
            // `add limit ip filter x rate 5/minute`
            body.append(cursor.skipStatement())
        }
        ruleset.add(object: NftObject(body: body, place: start), named: "\(kind) \(name)", table)
        let matters = kind == "ct helper" || kind == "limit" || kind == "quota"
        note(from: start, matters ? .used : .irrelevant)
    }

    // MARK: taking away

    mutating func delete(_ start: NftPlace) throws(NftProblem) {
        let kind = try cursor.name("what is deleted")
        switch kind {
        case "table":
            let name = NftRuleset.TableName(family: family(), name: try cursor.name("a table"))
            // One that the file didn't make is one that was there before.
            if let table = ruleset.index(name) { ruleset.remove(table: table) }
        case "chain":
            if let table = try knownTable() {
                let name = try cursor.name("a chain")
                if let chain = ruleset.tables[table].chain(name) {
                    ruleset.remove(chain: chain, table)
                }
            }
        case "rule":
            if let table = try knownTable() {
                let chain = try chainName(table, start)
                let why = "it deletes a rule by its handle, which the file doesn't show"
                let rule = NftRuleset.Rule(
                    statements: [.beyond(why)], place: start, last: start.line)
                ruleset.add(rule: rule, chain, table, at: 0)
                cursor.skipStatement()
                note(from: start, .notModelled, why)
                return
            }
        case "set", "map":
            if let table = try knownTable() {
                ruleset.remove(set: try cursor.name("a set"), table)
            }
        case "element": return try elements(start, adding: false)
        default:
            cursor.skipStatement()
            note(from: start, .irrelevant)
            return
        }
        if !cursor.endsStatement { cursor.skipStatement() }
        note(from: start)
    }

    private mutating func knownTable() throws(NftProblem) -> Int? {
        let name = NftRuleset.TableName(family: family(), name: try cursor.name("a table"))
        guard let table = ruleset.index(name) else {
            cursor.skipStatement()
            return nil
        }
        return table
    }

    mutating func flush(_ start: NftPlace) throws(NftProblem) {
        let kind = try cursor.name("what is flushed")
        switch kind {
        case "ruleset":
            let named =
                cursor.token.kind == .word && Self.families.contains(cursor.token.text)
                ? family() : nil
            ruleset.flush(family: named)
        case "table": if let table = try knownTable() { ruleset.removeRules(table) }
        case "chain":
            if let table = try knownTable() {
                let name = try cursor.name("a chain")
                if let chain = ruleset.tables[table].chain(name) {
                    ruleset.removeRules(chain, table)
                }
            }
        case "set", "map":
            if let table = try knownTable() {
                _ = ruleset.change(set: try cursor.name("a set"), table) { $0.elements = [] }
            }
        default: cursor.skipStatement()
        }
        note(from: start)
    }

    mutating func rename(_ start: NftPlace) throws(NftProblem) {
        guard cursor.takeWord("chain") else {
            throw cursor.problem("only chains are renamed", refused: true)
        }
        if let table = try knownTable() {
            let chain = try chainName(table, start)
            ruleset.rename(chain: chain, table, to: try cursor.name("a name"))
        }
        note(from: start)
    }
}
