import Net
import Policy
import PolicyText

/// Turns one rule of nft, at one point of a packet's way, into rules of the policy.
struct NftRuleLowering {
    typealias Problem = NftValues.Problem

    /// Alternatives of one rule; more make it unknown.
    static let maximumWays = 65_536

    var context: NftContext
    /// Whether it stands in a chain that translates; nil: it can't be told.
    let translates: Bool?
    let source: SourceLine
    /// The name of a chain of the same table at the same point.
    let chainKey: (String) -> String
    /// Distinguishes the rule from all others.
    let tagBase: String

    private(set) var rules: [FilterRule] = []
    private(set) var state = LineNote.State.used
    private(set) var why = ""
    /// Control ports for which it assigns the FTP helper.
    var helperPorts: [PortSet] = []
    /// What a packet must show to come to where the rule stands.
    var ways: [Match] = [Match()]
    var effects: [Effect] = []
    private var tags: [String] = []
    var isDone = false

    init(
        _ context: NftContext, translates: Bool?, source: SourceLine, tagBase: String,
        chainKey: @escaping (String) -> String
    ) {
        self.context = context
        self.translates = translates
        self.source = source
        self.tagBase = tagBase
        self.chainKey = chainKey
    }

    mutating func lower(_ statements: [NftStatement]) throws(Problem) {
        var protocols = NftProtocols(family: context.table.name.family)
        for statement in statements {
            if let why = protocols.conflict(statement) { throw .invalid(why) }
        }
        for statement in statements {
            if isDone {
                // What can't be reached must load all the same.
                try check(statement)
            } else {
                try take(statement)
            }
        }
        if !isDone, !effects.isEmpty { put(ways, .next, effects) }
        for tag in tags {
            var match = Match()
            match.tests = [.tagged(tag, true)]
            put([match], .next, [.untag(tag)])
        }
    }

    /// Only whether nft would refuse it.
    private mutating func check(_ statement: NftStatement) throws(Problem) {
        var other = self
        other.isDone = false
        other.rules = []
        other.ways = [Match()]
        try other.take(statement)
    }

    private mutating func take(_ statement: NftStatement) throws(Problem) {
        switch statement {
        case .match(let left, let comparison, let right):
            for condition in try context.conditions(left, comparison, right) where !isDone {
                apply(condition)
            }
        case .verdict(let verdict):
            if verdict != .continue { finish(action(verdict)) }
        case .verdictMap(let key, let map): try verdicts(key, map)
        case .reject: finish(.deny(answered: true))
        case .translate(let target, let family, let address, let port, let flags):
            try translate(target, family, address, port, flags)
        case .assign(let field, let value): try assign(field, value)
        case .change(let verb, let set, let key, _, let bounds):
            try change(verb, set, key, bounds)
        case .bounded(let over, let text): bounded(over, text)
        case .boundedBy(let kind, let name):
            guard let name = name.name else {
                return apply(.unknown("\(kind) by a map isn't modelled"))
            }
            guard let object = context.table.objects["\(kind) \(name)"] else {
                throw .invalid("there is no \(kind) \(name)")
            }
            bounded(object.isOver, statement.text)
        case .untrack:
            switch context.point.isTracked {
            case false?: effects.append(.untrack)
            case nil: beyond(.notModelled, Self.atTracking)
            case true?: break
            }
        case .beyond(let text): beyond(.notModelled, "'\(text)' isn't modelled")
        case .unknown(let text): beyond(.notRecognised, "'\(text)' isn't understood")
        case .passing, .comment: break
        }
    }

    mutating func note(_ state: LineNote.State, _ why: String) {
        guard self.state == .used else { return }
        self.state = state
        self.why = why
    }

    private mutating func change(
        _ verb: String, _ name: String, _ key: NftExpression, _ bounds: [NftStatement]
    ) throws(Problem) {
        guard let set = context.table.sets[name] else { throw .invalid("there is no set \(name)") }
        context.assumptions.insert(NftContext.dynamicSets)
        if verb != "delete" { effects.append(.tag(context.tag(name, key.text))) }
        for bound in bounds {
            guard case .bounded(over: true, _) = bound, context.following == nil else {
                try take(bound)
                continue
            }
            context.assumptions.insert(NftContext.firstPacket)
            // Elements that were there without a limit of their own keep none (nft_dynset.c).
            let unbound = set.elements.filter { !$0.isBounded }
            let holding =
                unbound.isEmpty
                ? [NftCondition.never("not above its limit at the first packet")]
                : try context.conditions(key, .equal, .set(unbound))
            for condition in holding where !isDone { apply(condition) }
        }
    }

    /// A connection is counted once, however many of its packets follow (nft(8), `ct count`).
    private mutating func bounded(_ over: Bool, _ text: String) {
        context.assumptions.insert(NftContext.firstPacket)
        if context.following != nil, !text.hasPrefix("ct count") {
            return apply(.unknown("'\(text)' for packets that follow isn't modelled"))
        }
        if over { apply(.never("not above its limit at the first packet")) }
    }

    /// It does what isn't known: permit, deny, translate, or nothing.
    mutating func beyond(_ state: LineNote.State, _ why: String) {
        note(state, why)
        if translates == true {
            apply(.unknown(why))
            finish(.translate(Translation(address: .unknown(why))))
        } else {
            finish(.unknown(why))
        }
    }

    // MARK: conditions

    mutating func apply(_ condition: NftCondition) {
        if let never = condition.never {
            if !effects.isEmpty { put(ways, .next, effects) }
            if condition.isOtherProtocol { note(.irrelevant, never) }
            isDone = true
            return
        }
        if condition.ways == [Match()], !condition.isNegated { return }
        if !effects.isEmpty { split() }
        if let doubt = condition.ways.lazy.compactMap(\.notModelled.first).first {
            note(.notModelled, doubt)
        }
        if condition.isNegated {
            let tag = newTag()
            put(product(ways, condition.ways), .next, [.tag(tag)])
            for index in ways.indices { ways[index].tests.append(.tagged(tag, false)) }
        } else {
            ways = product(ways, condition.ways)
        }
    }

    func product(_ ways: [Match], _ others: [Match]) -> [Match] {
        guard ways.count <= Self.maximumWays / max(1, others.count) else {
            let limit = "more than \(Self.maximumWays) alternatives"
            return ways.prefix(Self.maximumWays).map { way in
                var way = way
                way.notModelled.append(limit)
                return way
            }
        }
        return ways.flatMap { way in others.map { way.and($0) } }
    }

    mutating func newTag() -> String {
        let tag = "\(tagBase).\(tags.count)"
        tags.append(tag)
        return tag
    }

    /// Lets what the rule did so far take effect before its next condition.
    mutating func split() {
        let tag = newTag()
        put(ways, .next, effects + [.tag(tag)])
        effects = []
        var match = Match()
        match.tests = [.tagged(tag, true)]
        ways = [match]
    }

    mutating func put(_ ways: [Match], _ action: Action, _ effects: [Effect]) {
        for way in ways where way.never == nil {
            rules.append(FilterRule(way, action, source, effects: effects))
        }
    }

    private mutating func finish(_ action: Action) {
        put(ways, action, effects + tags.map { .untag($0) })
        isDone = true
    }

    private func action(_ verdict: NftVerdict) -> Action {
        switch verdict {
        case .accept: .permit
        case .drop: .deny(answered: false)
        case .continue: .next
        case .return: .return
        case .jump(let chain): .jump(chainKey(chain))
        case .go(let chain): .go(chainKey(chain))
        }
    }

    // MARK: maps

    /// An element of a map, with what it asks.
    struct Case {
        var element: NftElement
        var ways: [Match]
        /// That of `*`.
        var isRest = false

        var isJump: Bool { if case .verdict(.jump)? = element.data { true } else { false } }
    }

    /// Elements of a map, each with what it asks; those of `*` come last and ask nothing.
    mutating func cases(
        _ key: NftExpression, _ map: NftExpression
    ) throws(Problem) -> [Case] {
        let (elements, also) = try context.members(map, key: key)
        let parts: [NftExpression] =
            if case .concatenation(let parts) = key { parts } else { [key] }
        var list: [Case] = []
        var count = 0
        for element in elements where element.key != .wildcard {
            let ways: [Match]
            do throws(Problem) {
                ways = try context.ways(parts, element.key)
            } catch .unresolved(let what) {
                ways = [Match(notModelled: ["\(what) isn't known"])]
            } catch { throw error }
            count += ways.count
            guard count <= Self.maximumWays else {
                let limit = "more than \(Self.maximumWays) elements"
                return [Case(element: element, ways: [Match(notModelled: [limit])])]
            }
            if !ways.isEmpty { list.append(Case(element: element, ways: ways)) }
        }
        for way in also where way != Match() {
            var way = way
            way.notModelled.append("what rules put into a map isn't modelled")
            list.append(Case(element: NftElement(key: key), ways: [way]))
        }
        for element in elements where element.key == .wildcard {
            list.append(Case(element: element, ways: [Match()], isRest: true))
        }
        return list
    }

    private mutating func verdicts(
        _ key: NftExpression, _ map: NftExpression
    ) throws(Problem) {
        if !effects.isEmpty { split() }
        let cases = try cases(key, map)
        let hasRest = cases.contains(where: \.isRest)
        let hit = hasRest ? newTag() : nil
        // A chain may change what the map asks for, but the packet is looked up once.
        let mayChange = cases.contains { $0.ways.contains { !$0.tests.isEmpty } }
        let back = mayChange && cases.dropLast().contains(where: \.isJump) ? newTag() : nil
        var passing: [Match] = []
        for item in cases {
            var before = product(ways, item.ways)
            if let back {
                for index in before.indices { before[index].tests.append(.tagged(back, false)) }
            }
            if item.isRest, let hit {
                for index in before.indices { before[index].tests.append(.tagged(hit, false)) }
            } else if let hit {
                put(before, .next, [.tag(hit)])
                for index in before.indices { before[index].tests.append(.tagged(hit, true)) }
            }
            if let doubt = item.ways.lazy.compactMap(\.notModelled.first).first {
                note(.notModelled, doubt)
            }
            guard case .verdict(let verdict)? = item.element.data else {
                put(before, .unknown("a map's verdict isn't known"), [])
                continue
            }
            if verdict == .continue {
                passing += before
            } else {
                // A jump comes back with the tags on, so that no other element takes it again.
                let done = tags.filter { !item.isJump || $0 != hit && $0 != back }
                let marks = item.isJump ? [back].compactMap { $0.map(Effect.tag) } : []
                put(before, action(verdict), done.map { .untag($0) } + marks)
            }
        }
        ways = passing
        if passing.isEmpty { isDone = true }
    }

    // MARK: translation

    private mutating func translate(
        _ target: NftStatement.Target, _ family: String?, _ address: NftExpression?,
        _ port: NftExpression?, _ flags: [String]
    ) throws(Problem) {
        guard translates != false else {
            throw .invalid("translation outside of a chain of type nat")
        }
        if case .source(let word) = target {
            if case .prerouting = context.point {
                throw .invalid("\(word) in a chain of hook prerouting")
            }
            return finish(.keep)
        }
        if context.point == .input, translates == true {
            throw .invalid("dnat in a chain of hook input")
        }
        let kept = !flags.contains("random") && !flags.contains("fully-random")
        var reader = NftTranslation(isRedirect: target == .redirect, keepsPorts: kept)
        if flags.contains("prefix") { reader.problem = "networks translated to networks" }
        if family == "ip" || family == "ip6" {
            apply(NftContext.family(family == "ip" ? .v4 : .v6))
        }
        // Address and port may each come out of a map; of two maps neither is followed.
        switch (address, port) {
        case (.map(.other(let words), let map)?, let port):
            let (elements, _) = try context.members(map, key: .other(words))
            finish(.translate(try reader.byTurns(elements, port)))
        case (.map(let key, let map)?, let port):
            if case .map? = port { return finish(.translate(reader.unknown("two maps"))) }
            try translations(key, map) { (data) throws(Problem) in
                try reader.translation(data, port)
            }
        case (let address, .map(let key, let map)?):
            if case .other = key { return finish(.translate(reader.unknown(key.text))) }
            try translations(key, map) { (data) throws(Problem) in
                try reader.translation(address, data)
            }
        default: finish(.translate(try reader.translation(address, port)))
        }
    }

    private mutating func translations(
        _ key: NftExpression, _ map: NftExpression,
        _ read: (NftExpression) throws(Problem) -> Translation
    ) throws(Problem) {
        if !effects.isEmpty { split() }
        for item in try cases(key, map) {
            if let doubt = item.ways.lazy.compactMap(\.notModelled.first).first {
                note(.notModelled, doubt)
            }
            let translation =
                try item.element.data.map { (data) throws(Problem) in try read(data) }
                ?? Translation(address: .unknown("a map's value isn't known"))
            put(product(ways, item.ways), .translate(translation), tags.map { .untag($0) })
        }
        isDone = true
    }
}
