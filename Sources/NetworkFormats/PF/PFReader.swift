import Net
import Policy
import PolicyText

/// Reads a pf.conf into rules, with a note for each line.
struct PFReader {
    let text: ConfigText
    private(set) var notes: [LineNote]
    private(set) var rules: [PFRule] = []
    private(set) var tables: [String: PFTable] = [:]
    private(set) var answersBlocked = false
    private(set) var skipped: [(interfaces: [String], line: Int)] = []
    private(set) var assumptions: [String] = []
    /// Whether a line redirects to ftp-proxy(8), and for which ports.
    private(set) var proxies: [(ports: PortSet, line: Int)] = []
    private var macros: [String: [PFToken]] = [:]
    /// Anchors that are open, with the rules before them.
    private var anchors: [(rule: PFRule, outer: [PFRule])] = []
    private static let mostTokens = 20_000

    init(_ text: ConfigText) {
        self.text = text
        notes = text.lines.enumerated().map {
            LineNote(
                line: $0.offset + 1, state: .irrelevant, text: $0.element,
                why: PFLexer.isCount($0.element) ? "what pfctl counted" : "comment or blank")
        }
        for statement in PFLexer(text).statements {
            let (state, why) = read(statement)
            for line in statement.first...max(statement.first, statement.last) {
                mark(line, state, why)
            }
        }
        while let open = anchors.popLast() {
            mark(open.rule.first, .invalid, "its brace is never closed")
            close(open)
        }
        let named = rules.flatMap(\.namedInterfaces) + skipped.flatMap(\.interfaces) + ["egress"]
        for place in rules.indices { rules[place].settle(Set(named)) }
    }

    var policy: PFPolicy {
        var policy = PFPolicy(text: text, rules: rules, answersBlocked: answersBlocked)
        (policy.skipped, policy.assumptions, policy.proxies) = (skipped, assumptions, proxies)
        return policy
    }

    typealias Reading = (LineNote.State, String)
    private static let used: Reading = (.used, "")

    private mutating func mark(_ line: Int, _ state: LineNote.State, _ why: String = "") {
        notes.mark(line, state, why)
    }

    private mutating func assume(_ sentence: String) {
        if !assumptions.contains(sentence) { assumptions.append(sentence) }
    }

    private mutating func read(_ statement: PFStatement) -> Reading {
        guard let head = statement.tokens.first else { return (.irrelevant, "") }
        if statement.first == statement.last,
            text.lines[statement.first - 1].isPrompt(before: ["pfctl -s", "pfctl -v", "cat "])
        {
            return (.irrelevant, "a shell's prompt")
        }
        if head.isSign("}") {
            guard let open = anchors.popLast() else { return (.invalid, "no anchor is open") }
            close(open)
            return Self.used
        }
        do throws(PFFault) {
            guard !statement.isOpen else { throw PFFault("a quote or brace isn't closed") }
            if statement.tokens.count > 1, statement.tokens[1].isSign("="), head.kind == .word,
                !Self.verbs.contains(head.text)
            {
                macros[head.text] = Array(statement.tokens.dropFirst(2))
                return Self.used
            }
            var tokens: [PFToken] = []
            try expand(statement.tokens, into: &tokens, depth: 0)
            return try command(statement, PFWords(tokens))
        } catch {
            puzzle(statement, error.why)
            return (.notRecognised, error.why)
        }
    }

    private static let verbs: Set<String> = ["pass", "block", "match", "rdr", "nat", "binat"]

    /// Puts what macros stand for in their place; a string's text is read as it would be written.
    private func expand(
        _ tokens: [PFToken], into result: inout [PFToken], depth: Int
    ) throws(PFFault) {
        for token in tokens {
            guard token.kind == .macro else {
                result.append(token)
                continue
            }
            guard let value = macros[token.text] else {
                throw PFFault("macro \(token.text) isn't defined")
            }
            guard depth < 8 else { throw PFFault("macros within macros") }
            for part in value {
                let inner =
                    part.kind == .string ? PFLexer.tokens(part.text, token.line).tokens : [part]
                try expand(inner, into: &result, depth: depth + 1)
                guard result.count < Self.mostTokens else { throw PFFault("a macro is too large") }
            }
            if !token.suffix.isEmpty, let last = result.indices.last {
                result[last].text += token.suffix
            }
        }
    }

    /// What isn't understood may be a rule, and quick.
    private mutating func puzzle(_ statement: PFStatement, _ why: String) {
        let harmless: Set<String> = [
            "set", "scrub", "altq", "queue", "table", "oldqueue", "dummynet", "ether",
        ]
        if let word = statement.tokens.first?.text, harmless.contains(word) { return }
        rules.append(
            PFRule(kind: .puzzle(why), first: statement.first, last: statement.last, quick: true))
    }

    private mutating func close(_ open: (rule: PFRule, outer: [PFRule])) {
        let inner = rules
        rules = open.outer
        var anchor = open.rule
        anchor.inner = inner
        rules.append(anchor)
    }

    // MARK: statements

    private mutating func command(
        _ statement: PFStatement, _ words: PFWords
    ) throws(PFFault) -> Reading {
        var rest = words
        switch rest.word {
        case "set":
            rest.skip()
            return try option(&rest, statement.first)
        case "table":
            rest.skip()
            return try table(&rest, statement.first)
        case "scrub", "altq", "queue", "oldqueue", "dummynet", "ether", "scrub-anchor",
            "dummynet-anchor":
            return (.irrelevant, "no influence on who reaches which port")
        case "no" where statement.tokens.count > 1 && statement.tokens[1].text == "scrub":
            return (.irrelevant, "no influence on who reaches which port")
        case "antispoof":
            assume("clients are taken to have addresses of their own side (antispoof)")
            return (.notModelled, "it needs the networks of interfaces")
        case "include":
            let why = "the file that it includes isn't read"
            rules.append(
                PFRule(
                    kind: .puzzle(why), first: statement.first, last: statement.last, quick: true))
            return (.notModelled, why)
        case "load": return (.notModelled, "what an anchor is loaded with isn't in the file")
        case "anchor", "rdr-anchor", "nat-anchor", "binat-anchor":
            return try anchor(&rest, statement)
        default: break
        }
        guard var rule = try rule(&rest, statement) else {
            throw PFFault("no statement of pf known here")
        }
        rule.last = statement.last
        rules.append(rule)
        noteProxy(rule)
        if case .match = rule.kind, rule.target == nil, rule.tag == nil, !rule.hidesSource {
            return (.irrelevant, "it decides nothing")
        }
        if !rule.doubts.isEmpty, rule.never == nil {
            return (.notModelled, rule.doubts.joined(separator: ", "))
        }
        let unknown = rule.sources.unknown + rule.destinations.unknown
        if !unknown.isEmpty, rule.never == nil {
            return (.notModelled, unknown.joined(separator: ", "))
        }
        return Self.used
    }

    private mutating func noteProxy(_ rule: PFRule) {
        guard let target = rule.target, target.firstPort == 8021, let ports = rule.destinationPorts
        else { return }
        proxies.append((ports, rule.first))
    }

    private mutating func option(_ rest: inout PFWords, _ line: Int) throws(PFFault) -> Reading {
        switch rest.word {
        case "block-policy":
            rest.skip()
            answersBlocked = rest.word == "return"
            return Self.used
        case "skip":
            rest.skip()
            guard rest.take("on") else { throw PFFault("`on` is missing") }
            skipped.append((try interfaces(&rest).names, line))
            return Self.used
        default: return (.irrelevant, "no influence on who reaches which port")
        }
    }

    private mutating func table(_ rest: inout PFWords, _ line: Int) throws(PFFault) -> Reading {
        guard rest.take(sign: "<") else { throw PFFault("a table's name is missing") }
        let name = try rest.next("a table's name")
        guard rest.take(sign: ">") else { throw PFFault("a table's name isn't closed") }
        var table = PFTable(line: line)
        while !rest.isAtEnd {
            if rest.sign == "{" {
                var entries = table.entries
                var unknown = table.unknown
                let reader = self
                try rest.list { (words) throws(PFFault) in
                    let negated = words.take(sign: "!")
                    let word = try words.next("an address")
                    if let range = try reader.addresses(word, &words) {
                        entries.append((range, negated))
                    } else {
                        unknown.append("\(word) is a name, not an address")
                    }
                }
                (table.entries, table.unknown) = (entries, unknown)
            } else if rest.take("file") {
                let file = try rest.next("a file")
                table.unknown.append("table <\(name)> is filled from \(file)")
            } else if rest.take("persist") {
                table.isPersistent = true
            } else if ["const", "counters"].contains(rest.word) {
                rest.skip()
            } else {
                throw PFFault("\(rest.peek?.text ?? "") is no part of a table")
            }
        }
        table.settle()
        tables[name] = table
        if !table.unknown.isEmpty { return (.notModelled, table.unknown.joined(separator: ", ")) }
        if table.entries.isEmpty {
            assume("table <\(name)> is taken to be empty, as the file leaves it")
        }
        return Self.used
    }

    private mutating func anchor(
        _ rest: inout PFWords, _ statement: PFStatement
    ) throws(PFFault) -> Reading {
        let verb = rest.word
        rest.skip()
        var name = ""
        if let token = rest.peek, token.kind == .string || token.kind == .word,
            !Self.ruleWords.contains(token.text)
        {
            name = token.text
            rest.skip()
            while rest.take(sign: "/") {
                name += "/"
                if rest.peek?.isWord("*") == true || rest.peek?.kind == .word {
                    name += try rest.next("a name")
                }
            }
        }
        var rule = PFRule(kind: .anchor(name), first: statement.first, last: statement.last)
        var tail = rest
        try conditions(&tail, &rule, upToBrace: statement.opensBlock)
        if statement.opensBlock {
            guard tail.take(sign: "{"), anchors.count < 16 else {
                throw PFFault("anchors within anchors")
            }
            anchors.append((rule, rules))
            rules = []
            return Self.used
        }
        if name.hasPrefix("ftp-proxy") || name.hasPrefix("tftp-proxy") {
            return (.used, "its rules come and go with sessions")
        }
        if verb == "nat-anchor" { return (.irrelevant, "it translates the sender") }
        rule.quick = true
        rules.append(rule)
        return (.notModelled, "the anchor's rules aren't in the file")
    }

    static let ruleWords: Set<String> = [
        "in", "out", "quick", "on", "inet", "inet6", "proto", "from", "to", "all", "log", "route",
        "tagged",
    ]

    /// Why a reading assumes something, for the sources of a rule.
    mutating func assumeRouted() {
        assume("clients are taken to have addresses that are routed (no-route, urpf-failed)")
    }
}
