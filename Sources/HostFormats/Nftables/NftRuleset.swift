import Net
import Policy
import PolicyText

/// The rule set that the commands of a file make, in the words of nft(8).
struct NftRuleset {
    struct TableName: Hashable, Sendable {
        var family: String
        var name: String

        var text: String { "\(family) \(name)" }
    }

    struct Table: Sendable {
        var name: TableName
        var dormant = false
        var chains: [Chain] = []
        var sets: [String: NftSet] = [:]
        /// By `kind name`: `ct helper ftp-std`.
        var objects: [String: NftObject] = [:]
        var place: NftPlace

        func chain(_ name: String) -> Int? { chains.firstIndex { $0.name == name } }
    }

    struct Chain: Sendable {
        var name: String
        var base: Base?
        var rules: [Rule] = []
        var place: NftPlace
        /// When it came to be, among the chains of the file.
        var created: Int
    }

    /// Where a chain hangs in the way of a packet.
    struct Base: Hashable, Sendable {
        var type: String
        var hook: String
        /// Nil: it can't be told.
        var priority: Int?
        /// Nil: not stated, accept.
        var policy: NftVerdict?
        var devices: [String] = []
    }

    struct Rule: Hashable, Sendable {
        var statements: [NftStatement]
        /// Its first and last line.
        var place: NftPlace
        var last: Int
        /// How it is shown where its lines don't show it.
        var shown: String?
    }

    private(set) var tables: [Table] = []
    /// What nft refuses: nothing of the file is in force.
    private(set) var faults: [(place: NftPlace, why: String)] = []
    /// What may add rules that the file doesn't show.
    private(set) var gaps: [(place: NftPlace, why: String)] = []
    /// Whether it begins by deleting what was in force before.
    private(set) var flushes = false
    private var created = 0

    mutating func fault(_ place: NftPlace, _ why: String) { faults.append((place, why)) }

    mutating func gap(_ place: NftPlace, _ why: String) { gaps.append((place, why)) }

    func index(_ name: TableName) -> Int? { tables.firstIndex { $0.name == name } }

    @discardableResult
    mutating func add(table name: TableName, _ place: NftPlace) -> Int {
        if let known = index(name) { return known }
        tables.append(Table(name: name, place: place))
        return tables.count - 1
    }

    mutating func setDormant(_ dormant: Bool, _ table: Int) { tables[table].dormant = dormant }

    mutating func add(object: NftObject, named key: String, _ table: Int) {
        tables[table].objects[key] = object
    }

    /// Adds a set, or what is said anew of one: its elements add to those that it has.
    mutating func add(set: NftSet, named name: String, _ table: Int) {
        if let known = tables[table].sets[name] {
            var set = set
            set.elements = known.elements + set.elements
            set.declaration = set.declaration.isEmpty ? known.declaration : set.declaration
            set.isDynamic = set.isDynamic || known.isDynamic
            tables[table].sets[name] = set
        } else {
            tables[table].sets[name] = set
        }
    }

    mutating func change(
        set name: String, _ table: Int, _ change: (inout NftSet) -> Void
    ) -> Bool {
        guard tables[table].sets[name] != nil else { return false }
        change(&tables[table].sets[name, default: NftSet()])
        return true
    }

    @discardableResult
    mutating func add(chain name: String, _ base: Base?, _ table: Int, _ place: NftPlace) -> Int {
        if let known = tables[table].chain(name) {
            if var base {
                base.policy = base.policy ?? tables[table].chains[known].base?.policy
                tables[table].chains[known].base = base
            }
            return known
        }
        created += 1
        tables[table].chains.append(Chain(name: name, base: base, place: place, created: created))
        return tables[table].chains.count - 1
    }

    mutating func set(policy: NftVerdict, _ chain: Int, _ table: Int) {
        tables[table].chains[chain].base?.policy = policy
    }

    /// Adds a rule at the position among those of the chain; nil: at the end.
    mutating func add(rule: Rule, _ chain: Int, _ table: Int, at position: Int? = nil) {
        let count = tables[table].chains[chain].rules.count
        let place = max(0, min(position ?? count, count))
        tables[table].chains[chain].rules.insert(rule, at: place)
    }

    mutating func removeRules(_ chain: Int, _ table: Int) {
        tables[table].chains[chain].rules = []
    }

    mutating func removeRules(_ table: Int) {
        for chain in tables[table].chains.indices { tables[table].chains[chain].rules = [] }
    }

    mutating func remove(chain: Int, _ table: Int) { tables[table].chains.remove(at: chain) }

    mutating func rename(chain: Int, _ table: Int, to name: String) {
        tables[table].chains[chain].name = name
    }

    mutating func remove(set name: String, _ table: Int) { tables[table].sets[name] = nil }

    mutating func remove(object key: String, _ table: Int) { tables[table].objects[key] = nil }

    mutating func remove(table: Int) { tables.remove(at: table) }

    /// `flush ruleset`; of one family where it is named.
    mutating func flush(family: String?) {
        if family == nil, tables.isEmpty { flushes = true }
        tables.removeAll { family == nil || $0.name.family == family }
    }
}

/// A named set or map.
struct NftSet: Hashable, Sendable {
    var isMap = false
    /// `type`, `flags` and others, as they were written.
    var declaration: [String] = []
    var elements: [NftElement] = []
    /// Rules or others may change it at any time.
    var isDynamic = false
    var place = NftPlace(line: 1)
    /// Why its contents can't be told.
    var problem: String?
}

/// A named counter, limit, helper and the like.
struct NftObject: Hashable, Sendable {
    /// What stands in its block, a line each.
    var body: [String]
    var place: NftPlace

    /// `limit`, `quota`: whether it holds only beyond its bound, as the first packet is not; a
    /// quota that is used up is the other way round.
    var isOver: Bool {
        let words = body.joined(separator: " ").split(separator: " ").map(String.init)
        let over = words.contains("over")
        let numbers = words.filter { $0 != "over" && $0 != "until" }
        guard numbers.count == 5, numbers[2] == "used",
            let isSpent = NftCursor.isSpent(numbers[3], numbers[4], of: numbers[0], numbers[1])
        else { return over }
        return over != isSpent
    }

    /// A helper's `type "ftp" protocol tcp`.
    var helperType: String? { word(after: "type") }

    /// The only family whose connections get a helper; nil: all of its table do.
    var helperFamily: IPAddress.Family? {
        switch word(after: "l3proto") {
        case "ip": .v4
        case "ip6": .v6
        default: nil
        }
    }

    private func word(after name: String) -> String? {
        for line in body {
            let words = line.split(separator: " ")
            guard let place = words.firstIndex(where: { $0 == name }), place + 1 < words.count
            else { continue }
            return words[place + 1].trimmingQuotes
        }
        return nil
    }
}

extension Substring {
    fileprivate var trimmingQuotes: String {
        var text = self
        if text.hasPrefix("\"") { text = text.dropFirst() }
        if text.hasSuffix("\"") { text = text.dropLast() }
        return String(text)
    }
}
