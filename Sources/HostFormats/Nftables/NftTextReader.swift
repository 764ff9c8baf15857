import Policy

/// Reads the commands of `nft -f`, or of `nft list ruleset`, into a rule set.
struct NftTextReader {
    var ruleset: NftRuleset
    var notes: NftNotes
    var cursor: NftCursor
    private var inlineChains = 0

    static let families: Set<String> = ["ip", "ip6", "inet", "arp", "bridge", "netdev"]

    init(_ tokens: [NftToken], into ruleset: NftRuleset = NftRuleset(), notes: NftNotes) {
        cursor = NftCursor(tokens)
        self.ruleset = ruleset
        self.notes = notes
    }

    /// Reads to the end, or to the first word that nft refuses.
    mutating func read() {
        while true {
            cursor.skipBreaks()
            guard !cursor.isAtEnd else { return }
            do { try command() } catch {
                ruleset.fault(error.place, error.why)
                notes.note(error.place, .invalid, error.why)
                return
            }
        }
    }

    mutating func note(
        from start: NftPlace, _ state: LineNote.State = .used, _ why: String = ""
    ) {
        let last = cursor.ahead(-1).place
        notes.note(start, through: last.file == start.file ? last.line : nil, state, why)
    }

    // MARK: commands

    private mutating func command() throws(NftProblem) {
        let token = cursor.token
        if token.kind == .missing { return missing() }
        guard token.kind == .word else {
            throw cursor.problem("'\(cursor.shown)' begins no command", refused: true)
        }
        let start = token.place
        cursor.index += 1
        switch token.text {
        case "add", "create", "table", "chain", "rule", "set", "map", "element", "flowtable",
            "counter", "quota", "limit", "ct", "synproxy", "secmark", "tunnel":
            let verb = token.text == "create" ? "add" : token.text
            if verb != "add" { cursor.index -= 1 }
            try add(start)
        case "insert", "replace":
            try expectWord("rule")
            try rule(start, verb: token.text)
        case "delete", "destroy": try delete(start)
        case "flush": try flush(start)
        case "rename": try rename(start)
        case "list", "reset", "monitor", "describe", "export":
            cursor.skipStatement()
            note(from: start, .irrelevant, "it shows something")
        default:
            throw NftProblem(
                why: "'\(token.text)' begins no command", place: start, isRefused: true)
        }
        guard cursor.endsStatement, !cursor.token.isSymbol("}") else {
            throw cursor.problem("'\(cursor.shown)' behind a command", refused: true)
        }
    }

    private mutating func expectWord(_ word: String) throws(NftProblem) {
        guard cursor.takeWord(word) else {
            throw cursor.problem("'\(word)' is expected, not '\(cursor.shown)'", refused: true)
        }
    }

    private mutating func missing() {
        let why = "the included file \(cursor.token.text) isn't given"
        ruleset.gap(cursor.token.place, why)
        notes.note(cursor.token.place, .notModelled, why)
        cursor.index += 1
    }

    private mutating func add(_ start: NftPlace) throws(NftProblem) {
        let kind = try cursor.name("what is added")
        switch kind {
        case "table": try table(start)
        case "chain":
            let table = try tableName(start)
            try chain(table, start)
        case "rule": try rule(start, verb: "add")
        case "set", "map": try set(try tableName(start), isMap: kind == "map", start)
        case "element": try elements(start, adding: true)
        case "flowtable", "counter", "quota", "limit", "synproxy", "secmark", "tunnel":
            try object(kind, try tableName(start), start)
        case "ct":
            let kind = "ct \(try cursor.name("an object of ct"))"
            try object(kind, try tableName(start), start)
        default:
            throw NftProblem(
                why: "'\(kind)' is nothing that is added", place: start, isRefused: true)
        }
    }

    mutating func family() -> String {
        guard cursor.token.kind == .word, Self.families.contains(cursor.token.text) else {
            return "ip"
        }
        let family = cursor.token.text
        cursor.index += 1
        return family
    }

    /// A table that is there.
    mutating func tableName(_ start: NftPlace) throws(NftProblem) -> Int {
        let name = NftRuleset.TableName(family: family(), name: try cursor.name("a table"))
        if let index = ruleset.index(name) { return index }
        if !ruleset.gaps.isEmpty { return ruleset.add(table: name, start) }
        throw NftProblem(why: "there is no table \(name.text)", place: start, isRefused: true)
    }

    // MARK: blocks

    private mutating func table(_ start: NftPlace) throws(NftProblem) {
        let name = NftRuleset.TableName(family: family(), name: try cursor.name("a table"))
        let table = ruleset.add(table: name, start)
        note(from: start)
        guard cursor.take("{") else { return }
        note(from: start)
        while true {
            cursor.skipBreaks()
            if cursor.token.isSymbol("}") { break }
            try tableItem(table)
        }
        let end = cursor.token.place
        try cursor.expect("}")
        notes.note(end, .used)
    }

    private mutating func tableItem(_ table: Int) throws(NftProblem) {
        let start = cursor.token.place
        if cursor.token.kind == .missing { return missing() }
        let kind = try cursor.name("a part of a table")
        switch kind {
        case "chain": try chain(table, start)
        case "set", "map": try set(table, isMap: kind == "map", start)
        case "flags":
            var flags = [try cursor.name("a flag")]
            while cursor.take(",") { flags.append(try cursor.name("a flag")) }
            if flags.contains("dormant") { ruleset.setDormant(true, table) }
            note(from: start)
        case "comment":
            _ = try cursor.name("a comment")
            note(from: start, .irrelevant)
        case "flowtable", "counter", "quota", "limit", "synproxy", "secmark", "tunnel":
            try object(kind, table, start)
        case "ct": try object("ct \(try cursor.name("an object of ct"))", table, start)
        default:
            throw NftProblem(
                why: "'\(kind)' is no part of a table", place: start, isRefused: true)
        }
    }

    private mutating func chain(_ table: Int, _ start: NftPlace) throws(NftProblem) {
        let name = try cursor.name("a chain")
        let chain = ruleset.add(chain: name, nil, table, start)
        note(from: start)
        guard cursor.take("{") else { return }
        note(from: start)
        try chainBody(chain, table)
        let end = cursor.token.place
        try cursor.expect("}")
        notes.note(end, .used)
        // `add chain … { type … ; } comment` has nothing behind it that matters.
        if cursor.takeWord("comment") { _ = try cursor.name("a comment") }
    }

    private mutating func chainBody(_ chain: Int, _ table: Int) throws(NftProblem) {
        while true {
            cursor.skipBreaks()
            let start = cursor.token.place
            if cursor.token.isSymbol("}") || cursor.isAtEnd { return }
            if cursor.token.kind == .missing {
                let why = "the included file \(cursor.token.text) isn't given"
                let rule = NftRuleset.Rule(
                    statements: [.beyond("include \"\(cursor.token.text)\"")], place: start,
                    last: start.line)
                ruleset.add(rule: rule, chain, table)
                notes.note(start, .notModelled, why)
                cursor.index += 1
            } else if cursor.token.isWord("type"), cursor.ahead(2).isWord("hook") {
                cursor.index += 1
                try base(chain, table)
                note(from: start)
            } else if cursor.token.isWord("policy") {
                cursor.index += 1
                try policy(chain, table)
                note(from: start)
            } else if cursor.token.isWord("comment") {
                cursor.skipStatement()
                note(from: start, .irrelevant)
            } else if cursor.token.isWord("flags"), cursor.ahead(1).isWord("offload") {
                cursor.index += 2
                note(from: start, .irrelevant)
            } else if cursor.token.isWord("devices") || cursor.token.isWord("device") {
                _ = try devices()
                note(from: start)
            } else {
                let rule = try ruleBody(start, table)
                ruleset.add(rule: rule, chain, table)
            }
            guard cursor.endsStatement else {
                throw cursor.problem("'\(cursor.shown)' behind a statement", refused: true)
            }
        }
    }

    private mutating func devices() throws(NftProblem) -> [String] {
        cursor.index += 1
        _ = cursor.take("=")
        guard cursor.token.isSymbol("{") else { return [try cursor.name("a device")] }
        guard case .set(let elements) = try cursor.set(.wanted) else { return [] }
        return elements.compactMap(\.key.name)
    }

    /// `type filter hook input device "eth0" priority filter + 10; policy drop;`
    private mutating func base(_ chain: Int, _ table: Int) throws(NftProblem) {
        let type = try cursor.name("a type")
        guard ["filter", "nat", "route"].contains(type) else {
            throw cursor.problem("there is no chain type \(type)", refused: true)
        }
        try expectWord("hook")
        let hook = try cursor.name("a hook")
        var base = NftRuleset.Base(type: type, hook: hook)
        while cursor.token.isWord("device") || cursor.token.isWord("devices") {
            base.devices += try devices()
        }
        try expectWord("priority")
        base.priority = try priority(hook)
        while cursor.token.isWord("device") || cursor.token.isWord("devices") {
            base.devices += try devices()
        }
        let name = ruleset.tables[table].chains[chain].name
        ruleset.add(chain: name, base, table, cursor.token.place)
        if cursor.token.isWord("policy") {
            cursor.index += 1
            try policy(chain, table)
        }
    }

    private mutating func policy(_ chain: Int, _ table: Int) throws(NftProblem) {
        guard let verdict = try cursor.verdict(), verdict == .accept || verdict == .drop else {
            throw cursor.problem("a policy is accept or drop, not '\(cursor.shown)'", refused: true)
        }
        ruleset.set(policy: verdict, chain, table)
    }

    /// Names of priorities (nft(8), base chains), but those of bridges.
    static let priorities: [String: Int] = [
        "raw": -300, "mangle": -150, "dstnat": -100, "filter": 0, "security": 50, "srcnat": 100,
        "out": 100,
    ]

    private mutating func priority(_ hook: String) throws(NftProblem) -> Int {
        var sign = 1
        if cursor.take("-") { sign = -1 }
        let word = try cursor.name("a priority")
        var value: Int
        if let number = Int(word) {
            value = sign * number
        } else if let known = Self.priorities[word], sign == 1 {
            value = known
        } else {
            throw cursor.problem("'\(word)' is no priority", refused: true)
        }
        if cursor.token.isSymbol("+") || cursor.token.isSymbol("-") {
            let minus = cursor.token.isSymbol("-")
            cursor.index += 1
            guard let number = Int(try cursor.name("a number")), abs(number) < 1 << 31 else {
                throw cursor.problem("a number is expected", refused: true)
            }
            value += minus ? -number : number
        }
        guard Int(Int32.min) <= value, value <= Int(Int32.max) else {
            throw cursor.problem("priority \(value) is out of range", refused: true)
        }
        return value
    }

    // MARK: rules

    private mutating func ruleBody(
        _ start: NftPlace, _ table: Int
    ) throws(NftProblem) -> NftRuleset.Rule {
        var reader = self
        let statements = try cursor.statements { (cursor) throws(NftProblem) in
            reader.cursor = cursor
            let name = try reader.inlineChain(table, start)
            cursor = reader.cursor
            return name
        }
        reader.cursor = cursor
        self = reader
        let last = cursor.ahead(-1).place
        return NftRuleset.Rule(
            statements: statements, place: start,
            last: last.file == start.file ? max(last.line, start.line) : start.line)
    }

    /// `jump { … }`: a chain without a name.
    private mutating func inlineChain(_ table: Int, _ start: NftPlace) throws(NftProblem) -> String
    {
        inlineChains += 1
        let name = "__chain\(inlineChains)"
        let chain = ruleset.add(chain: name, nil, table, start)
        try cursor.enter("{")
        let depth = cursor.depth
        // Line breaks end rules in it, though braces stand around.
        cursor.depth = 0
        guard inlineChains < 10_000 else { throw cursor.problem("too many chains without names") }
        nesting += 1
        defer { nesting -= 1 }
        guard nesting <= 16 else { throw cursor.problem("chains nested too deep", refused: true) }
        try chainBody(chain, table)
        cursor.depth = depth
        try cursor.leave("}")
        return name
    }

    private var nesting = 0

    /// `add rule ip filter input index 2 tcp dport 21 accept`, behind `rule`.
    private mutating func rule(_ start: NftPlace, verb: String) throws(NftProblem) {
        let table = try tableName(start)
        let chain = try chainName(table, start)
        var position: Int?
        if cursor.takeWord("index") {
            let word = try cursor.name("an index")
            guard let index = Int(word), index >= 0, index < 1 << 31 else {
                throw cursor.problem("'\(word)' is no index", refused: true)
            }
            let count = ruleset.tables[table].chains[chain].rules.count
            guard index < count else {
                throw NftProblem(
                    why: "there is no rule with index \(index)", place: start, isRefused: true)
            }
            position = verb == "add" ? index + 1 : index
        } else if cursor.token.isWord("handle") || cursor.token.isWord("position") {
            cursor.skipStatement()
            let why = "it is told by a handle, which the file doesn't show"
            let rule = NftRuleset.Rule(
                statements: [.beyond(why)], place: start, last: start.line)
            ruleset.add(rule: rule, chain, table, at: 0)
            note(from: start, .notModelled, why)
            return
        } else if verb == "insert" {
            position = 0
        }
        let rule = try ruleBody(start, table)
        ruleset.add(rule: rule, chain, table, at: position)
    }

    mutating func chainName(_ table: Int, _ start: NftPlace) throws(NftProblem) -> Int {
        let name = try cursor.name("a chain")
        if let chain = ruleset.tables[table].chain(name) { return chain }
        if !ruleset.gaps.isEmpty { return ruleset.add(chain: name, nil, table, start) }
        throw NftProblem(
            why: "there is no chain \(name) in table \(ruleset.tables[table].name.text)",
            place: start, isRefused: true)
    }
}
