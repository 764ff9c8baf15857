import Net
import Policy
import PolicyText

/// Reads the tables of an `iptables-save` text into a device.
struct IPTablesSaveReader {
    typealias Problem = IPTablesValues.Problem

    struct Table {
        var name: String
        /// Chains in order of declaration, and their policies.
        var policies: [String: Setting<Action>] = [:]
        var chains: [String: [FilterRule]] = [:]
        /// Jumps to be checked once all chains are known: line, target.
        var jumps: [(line: Int, target: String)] = []
        var lines: [Int] = []
        var committed = false
        /// The line for which it doesn't load, and why.
        var fault: (line: Int, why: String)?
    }

    let text: ConfigText
    let family: IPAddress.Family
    let sets: [String: IPSet]
    private var tables: [Table] = []
    private var notes: [Int: LineNote] = [:]
    private var inspections: [Inspection] = []
    private var assumptions: Set<String> = []
    private var open = false

    /// Tables and chains that the kernel has of its own.
    private static let builtin: [String: Set<String>] = [
        "raw": ["PREROUTING", "OUTPUT"],
        "mangle": ["PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"],
        "nat": ["PREROUTING", "INPUT", "OUTPUT", "POSTROUTING"],
        "filter": ["INPUT", "FORWARD", "OUTPUT"],
        "security": ["INPUT", "FORWARD", "OUTPUT"],
    ]

    /// Chains, by table, that exist before the text is restored.
    private let existing: [String: [String]]

    init(
        _ text: ConfigText, sets: [String: IPSet], family: IPAddress.Family? = nil,
        existing: [String: [String]] = [:]
    ) {
        self.text = text
        self.sets = sets
        self.family = family ?? Self.family(text)
        self.existing = existing
    }

    /// IPv6 where the file says so, names IPv6 addresses or ICMPv6, or is called so: `rules.v6`.
    static func family(_ text: ConfigText) -> IPAddress.Family {
        let name = text.file.split(separator: "/").last?.lowercased() ?? ""
        if name.hasSuffix(".v6") || name.contains("ip6tables") { return .v6 }
        let namesIt = ["ip6tables", "icmp6", "ipv6-icmp"].contains(where: text.mentions)
        for line in text.lines where namesIt || line.utf8.count(where: { $0 == 0x3a }) > 1 {
            if line.hasPrefix("#") {
                if line.contains("ip6tables") { return .v6 }
                continue
            }
            let words = line.split(separator: " ")
            for (index, word) in words.enumerated().dropFirst() {
                if word == "ipv6-icmp" || word == "icmp6" { return .v6 }
                if ["-s", "-d", "--to-destination"].contains(words[index - 1]),
                    word.contains(":"), !word.contains(".")
                {
                    return .v6
                }
            }
        }
        return .v4
    }

    mutating func read() -> Configuration {
        for number in text.lines.indices.map({ $0 + 1 }) { read(number) }
        if open { fail(text.lines.count, "the table isn't committed") }
        for index in tables.indices { checkJumps(index) }
        spreadFaults()
        let kinds: [Configuration.Kind] =
            tables.contains { $0.name == "nat" } ? [.firewall, .nat] : [.firewall]
        let device = device()
        return Configuration(
            file: text.file, format: IPTablesSave.name, kinds: kinds, device: device,
            notes: notes.values.sorted { $0.line < $1.line })
    }

    private mutating func note(_ line: Int, _ state: LineNote.State, _ why: String = "") {
        let words = text.lines.indices.contains(line - 1) ? text.lines[line - 1] : ""
        notes[line] = LineNote(line: line, state: state, text: words, why: why)
    }

    /// The table that is being read does not load.
    private mutating func fail(_ line: Int, _ why: String) {
        note(line, .invalid, why)
        guard let last = tables.indices.last else { return }
        if tables[last].fault == nil { tables[last].fault = (line, why) }
    }

    private mutating func read(_ number: Int) {
        let line = text.lines[number - 1]
        guard let first = line.utf8.first(where: { $0 != 0x20 && $0 != 0x09 }), first != 0x23
        else {
            note(number, .irrelevant)
            return
        }
        if open, let last = tables.indices.last { tables[last].lines.append(number) }
        switch line.first {
        case "*":
            start(number, String(line.dropFirst()).split(separator: " ").first.map(String.init))
        case _ where !open: note(number, .invalid, "outside of any table")
        case ":": declare(number, line)
        case "C" where line.split(separator: " ").first == "COMMIT",
            " " where line.split(separator: " ").first == "COMMIT":
            note(number, .used)
            open = false
            if let last = tables.indices.last { tables[last].committed = true }
        default: command(number, line)
        }
    }

    private mutating func start(_ number: Int, _ name: String?) {
        if open { fail(number, "the table before isn't committed") }
        guard let name, Self.builtin[name] != nil else {
            tables.append(Table(name: name ?? "", lines: [number]))
            open = true
            fail(number, "there is no such table")
            return
        }
        var table = Table(name: name, lines: [number])
        for chain in existing[name] ?? [] { table.chains[chain] = [] }
        tables.append(table)
        open = true
        note(number, .used)
    }

    /// `:INPUT DROP [0:0]`
    private mutating func declare(_ number: Int, _ line: String) {
        guard let last = tables.indices.last else { return }
        let words = line.dropFirst().split(separator: " ").map(String.init)
        guard words.count >= 2 else { return fail(number, "a chain needs a name and a policy") }
        setPolicy(number, words[0], words[1], last)
    }

    private mutating func setPolicy(_ number: Int, _ chain: String, _ policy: String, _ table: Int)
    {
        let own = Self.builtin[tables[table].name]?.contains(chain) ?? false
        let source = SourceLine(file: text.file, line: nil, text: "policy \(policy)")
        switch policy {
        case "ACCEPT" where own: tables[table].policies[chain] = Setting(.permit, source)
        case "DROP" where own:
            tables[table].policies[chain] = Setting(.deny(answered: false), source)
        case "-" where !own: break
        case "-": break
        case "ACCEPT", "DROP", "RETURN":
            // A chain of the user's has no policy; restoring ignores nothing, it refuses.
            return fail(number, "chain \(chain) can have no policy")
        default: return fail(number, "'\(policy)' is no policy")
        }
        tables[table].chains[chain, default: []] = tables[table].chains[chain] ?? []
        note(number, .used)
    }

    private mutating func command(_ number: Int, _ line: String) {
        guard let table = tables.indices.last else { return }
        guard var words = IPTablesWords.split(line) else {
            return fail(number, "a quote isn't closed")
        }
        if let first = words.first, first.text.hasPrefix("["), first.text.hasSuffix("]") {
            words.removeFirst()
        }
        guard let verb = words.first?.text, words.count >= 2 else {
            return fail(number, "no command of iptables-restore")
        }
        let chain = words[1].text
        words.removeFirst(2)
        switch verb {
        case "-N", "--new-chain":
            tables[table].chains[chain] = tables[table].chains[chain] ?? []
            note(number, .used)
        case "-P", "--policy":
            guard let policy = words.first?.text else { return fail(number, "no policy") }
            setPolicy(number, chain, policy, table)
        case "-F", "--flush":
            if tables[table].chains[chain] != nil { tables[table].chains[chain] = [] }
            note(number, .used)
        case "-X", "--delete-chain", "-Z", "--zero": note(number, .irrelevant)
        case "-A", "--append", "-I", "--insert":
            var place: Int?
            if verb == "-I" || verb == "--insert" {
                place = 1
                if let first = words.first, let position = Int(first.text) {
                    place = position
                    words.removeFirst()
                }
            }
            add(number, words, chain, at: place, table)
        default:
            fail(
                number,
                verb.hasPrefix("-") ? "\(verb) isn't modelled" : "no command of iptables-restore")
        }
    }

    private mutating func add(
        _ number: Int, _ words: [IPTablesWords.Word], _ chain: String, at place: Int?, _ table: Int
    ) {
        let name = tables[table].name
        guard tables[table].chains[chain] != nil || Self.builtin[name]?.contains(chain) ?? false
        else { return fail(number, "there is no chain \(chain)") }
        var reader = IPTablesRuleReader(words, family: family, sets: sets)
        let rule: IPTablesRule
        do { rule = try reader.read() } catch {
            switch error {
            case .invalid(let why): return fail(number, why)
            case .unresolved(let what): return fail(number, "\(what) isn't known")
            }
        }
        let hook = Self.builtin[name]?.contains(chain) ?? false ? chain : nil
        if let why = IPTablesPlaces.refusal(rule.targetName, in: name, hook: hook) {
            return fail(number, why)
        }
        var action = rule.action
        if let target = rule.target {
            action = rule.goes ? .go("\(name)/\(target)") : .jump("\(name)/\(target)")
            tables[table].jumps.append((number, target))
        }
        let source = text.source(number)
        let rules = rule.matches.map { match in
            FilterRule(match, action, source, effects: rule.effects)
        }
        let position = max(0, min((place ?? .max) - 1, tables[table].chains[chain]?.count ?? 0))
        if place == nil {
            tables[table].chains[chain, default: []] += rules
        } else {
            tables[table].chains[chain, default: []].insert(contentsOf: rules, at: position)
        }
        if rule.matches.contains(where: { $0.never == nil }) {
            assumptions.formUnion(rule.assumptions)
        }
        if rule.assignsFTPHelper { inspect(rule, source) }
        annotate(number, rule, chain)
    }

    private mutating func inspect(_ rule: IPTablesRule, _ source: SourceLine) {
        for match in rule.matches where match.never == nil {
            var inspection = Inspection(
                controlPorts: match.destinationPorts ?? .all, opensFilter: false,
                rewritesAddress: false, source: source)
            inspection.assignedBy = IPTablesRule.helperTag
            inspection.followsBy = Inspection.linuxTranslation
            inspections.append(inspection)
        }
    }

    private mutating func annotate(_ number: Int, _ rule: IPTablesRule, _ chain: String) {
        if chain == "OUTPUT" || chain == "POSTROUTING" {
            note(number, .irrelevant, "it judges packets on their way out")
        } else {
            annotate(number, rule)
        }
    }

    mutating func annotate(_ number: Int, _ rule: IPTablesRule) {
        if !rule.tcp {
            note(number, .irrelevant, "another protocol")
        } else if let first = rule.notModelled.first {
            note(number, .notModelled, first)
        } else if case .unknown(let why) = rule.action {
            note(number, .notModelled, why)
        } else {
            note(number, .used)
        }
    }

    private mutating func checkJumps(_ table: Int) {
        for jump in tables[table].jumps where tables[table].chains[jump.target] == nil {
            let why = "there is no chain or target \(jump.target)"
            note(jump.line, .invalid, why)
            if tables[table].fault.map({ $0.line > jump.line }) ?? true {
                tables[table].fault = (jump.line, why)
            }
        }
        for jump in tables[table].jumps
        where Self.builtin[tables[table].name]?.contains(jump.target) ?? false {
            note(jump.line, .invalid, "a jump into \(jump.target)")
            if tables[table].fault == nil {
                tables[table].fault = (jump.line, "a jump into \(jump.target)")
            }
        }
    }

    /// A table with a bad line doesn't load, nor any table behind it.
    private mutating func spreadFaults() {
        guard let bad = tables.firstIndex(where: { $0.fault != nil }),
            let fault = tables[bad].fault
        else { return }
        let why = "the table doesn't load, because of line \(fault.line): \(fault.why)"
        for index in tables.indices where index >= bad {
            if tables[index].fault == nil { tables[index].fault = fault }
            for line in tables[index].lines where notes[line]?.state != .invalid {
                note(line, .invalid, why)
            }
        }
    }

    // MARK: the device

    /// Hooks in the order of a packet's way (nf_ip_hook_priorities).
    private static let hooks: [(table: String, chain: String, places: Set<Device.Place>)] = [
        ("raw", "PREROUTING", [.host, .through]), ("mangle", "PREROUTING", [.host, .through]),
        ("nat", "PREROUTING", [.host, .through]), ("mangle", "INPUT", [.host]),
        ("filter", "INPUT", [.host]), ("security", "INPUT", [.host]),
        ("mangle", "FORWARD", [.through]), ("filter", "FORWARD", [.through]),
        ("security", "FORWARD", [.through]), ("mangle", "POSTROUTING", [.through]),
    ]

    private mutating func device() -> Device {
        var device = Device(usualPlace: .host)
        // Given twice, a table's later text adds to the first or replaces it; the last one counts.
        var last: [String: Table] = [:]
        for table in tables { last[table.name] = table }
        for (name, table) in last where table.fault == nil {
            for (chain, rules) in table.chains {
                device.chains["\(name)/\(chain)"] = Chain(name: "\(name)/\(chain)", rules: rules)
            }
        }
        for hook in Self.hooks {
            guard let stage = stage(hook, last) else { continue }
            device.stages.append(stage)
        }
        judgeFollowing(last, &device)
        device.inspections = inspections
        device.families = [family]
        device.assumptions = assumptions.sorted()
        if text.lines.contains(where: { $0.hasPrefix("# Warning: iptables-legacy tables present") })
        {
            device.assumptions.append(
                "\(text.file): the file warns of a second rule set (iptables-legacy) that it doesn't hold"
            )
        }
        return device
    }

    private func stage(
        _ hook: (table: String, chain: String, places: Set<Device.Place>), _ last: [String: Table]
    ) -> Stage? {
        let work: Stage.Work = hook.table == "nat" ? .translate : .filter
        let key = "\(hook.table)/\(hook.chain)"
        let absent = SourceLine(file: text.file, line: nil, text: "policy ACCEPT")
        if let fault = tables.first(where: { $0.fault != nil })?.fault,
            last[hook.table].map({ $0.fault != nil }) ?? last[""].map({ _ in true }) ?? false
        {
            let ending: Setting<Action> = Setting(
                .unknown("table \(hook.table) doesn't load: \(fault.why)"), text.source(fault.line))
            return Stage(work, chain: "", ending: ending, places: hook.places, families: [family])
        }
        let table = last[hook.table]
        let policy =
            table?.policies[hook.chain] ?? Setting(work == .filter ? .permit : .keep, absent)
        let empty = table?.chains[hook.chain]?.isEmpty ?? true
        let passing = policy.value == .permit || policy.value == .keep
        if hook.table != "filter", empty, passing { return nil }
        return Stage(work, chain: key, ending: policy, places: hook.places, families: [family])
    }
}
