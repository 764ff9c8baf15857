import Net
import Policy
import PolicyText

/// One rule of iptables as its options say; read word by word.
struct IPTablesRule {
    /// Alternatives: it matches where one of them does.
    var matches: [Match] = [Match()]
    var action: Action = .next
    var effects: [Effect] = []
    /// Where it goes, by the name in the file.
    var target: String?
    /// Behind `-j`, a chain or not.
    var targetName = ""
    var goes = false
    /// Control ports for which it assigns the FTP helper.
    var assignsFTPHelper = false
    /// `-m` modules and options that the model doesn't know.
    var notModelled: [String] = []
    /// Sentences that hold for every answer.
    var assumptions: Set<String> = []
    /// Nil: any protocol.
    var tcp = true
    var protocolNamed = false
    /// Whether it names TCP alone.
    var namesTCP = false
    /// Ports wanted of the source or the destination.
    var family: IPAddress.Family?

    mutating func narrow(_ change: (inout Match) -> Void) {
        for index in matches.indices { change(&matches[index]) }
    }

    /// Multiplies the alternatives by the given ones.
    mutating func either(_ changes: [(inout Match) -> Void]) {
        matches = matches.flatMap { match in
            changes.map { change in
                var match = match
                change(&match)
                return match
            }
        }
    }

    mutating func never(_ why: String) { narrow { $0.never = $0.never ?? why } }

    mutating func doubt(_ what: String) { notModelled.append(what) }

    /// On a packet whose connection will have the FTP helper.
    static let helperTag = "ftp helper"
    /// On a packet of whose connection the raw table said something.
    static let trackingTag = "connection tracking told"

    static let firstPacket =
        "rules that count, limit or remember are judged as for the first packet after loading"
}

extension Match {
    /// What is asked of an answer, as it is asked from the client's side.
    mutating func turn() {
        (sources, destinations) = (destinations, sources)
        (sourceMask, destinationMask) = (destinationMask, sourceMask)
        (sourcePorts, destinationPorts) = (destinationPorts, sourcePorts)
        (entering, leaving) = (leaving, entering)
    }

    mutating func narrowSources(_ set: AddressSet) {
        sources = sources?.intersection(set) ?? set
    }

    mutating func narrowDestinations(_ set: AddressSet) {
        destinations = destinations?.intersection(set) ?? set
    }

    mutating func narrowPorts(_ set: PortSet) {
        destinationPorts = destinationPorts?.intersection(set) ?? set
    }

    mutating func narrowSourcePorts(_ set: PortSet) {
        sourcePorts = sourcePorts?.intersection(set) ?? set
    }
}

/// Reads the words of a rule.
struct IPTablesRuleReader {
    typealias Problem = IPTablesValues.Problem

    let words: [IPTablesWords.Word]
    let family: IPAddress.Family
    let sets: [String: IPSet]
    /// Nil: it is asked of a SYN.
    let following: Following?
    var index = 0
    var rule = IPTablesRule()
    var modules: [String] = []
    /// Options of modules, and how often each stands in the rule.
    var named: [String: Int] = [:]
    var negated = false
    /// The list that `-m recent` works on.
    var recentList = ""
    private var seen: Set<String> = []
    /// What `-m conntrack` asks of the connection itself, beside its state.
    var ofConnection: [(inout Match) -> Void] = []
    var asksState = false

    init(
        _ words: [IPTablesWords.Word], family: IPAddress.Family, sets: [String: IPSet],
        following: Following? = nil
    ) {
        self.words = words
        self.following = following
        self.family = family
        self.sets = sets
        rule.family = family
    }

    mutating func read() throws(Problem) -> IPTablesRule {
        while index < words.count {
            let word = words[index]
            index += 1
            if word.text == "!", !word.quoted {
                guard !negated else { throw .invalid("two negations") }
                negated = true
                continue
            }
            guard word.text.hasPrefix("-"), !word.quoted else {
                throw .invalid("'\(word.text)' is no option")
            }
            try option(word.text)
            negated = false
        }
        guard !negated else { throw .invalid("a negation of nothing") }
        if following == .answer { rule.narrow { $0.turn() } }
        narrowByConnection()
        try checkModules()
        if following != nil, rule.action != .next || !rule.effects.isEmpty {
            for module in ["limit", "hashlimit", "quota"] where modules.contains(module) {
                rule.doubt("-m \(module) for packets that follow")
            }
        }
        for predicate in rule.notModelled { rule.narrow { $0.notModelled.append(predicate) } }
        return rule
    }

    /// The value of an option; an old-style negation may stand before it.
    mutating func value(_ option: String) throws(Problem) -> String {
        if index < words.count, words[index].text == "!", !words[index].quoted {
            negated = true
            index += 1
        }
        guard index < words.count else { throw .invalid("\(option) needs a value") }
        index += 1
        return words[index - 1].text
    }

    /// Skips the values of an option that isn't modelled.
    mutating func skipValues() {
        while index < words.count, words[index].quoted || !words[index].text.hasPrefix("-"),
            words[index].text != "!" || words[index].quoted
        {
            index += 1
        }
    }

    var universe: AddressSet { family == .v4 ? .allV4 : .allV6 }

    func signed(_ set: AddressSet) -> AddressSet {
        negated ? universe.subtracting(set) : set
    }

    func signed(_ set: PortSet) -> PortSet { negated ? set.complement : set }

    /// Options that iptables takes once a rule, by either name.
    private static let single = [
        "--protocol": "-p", "--proto": "-p", "--source": "-s", "--src": "-s", "--destination": "-d",
        "--dst": "-d", "--in-interface": "-i", "--out-interface": "-o", "--jump": "-j",
        "--goto": "-j", "-g": "-j", "-p": "-p", "-s": "-s", "-d": "-d", "-i": "-i", "-o": "-o",
        "-j": "-j",
    ]

    private mutating func option(_ name: String) throws(Problem) {
        if let short = Self.single[name], !seen.insert(short).inserted {
            throw .invalid("\(short) twice")
        }
        switch name {
        case "-p", "--protocol", "--proto": try protocolOption()
        case "-s", "--source", "--src": try address(name) { $0.narrowSources($1) }
        case "-d", "--destination", "--dst": try address(name) { $0.narrowDestinations($1) }
        case "-i", "--in-interface":
            if let names = try interface(name) { rule.narrow { $0.entering = names } }
        case "-o", "--out-interface":
            if let names = try interface(name) { rule.narrow { $0.leaving = names } }
        case "-j", "--jump": try target(value(name))
        case "-g", "--goto":
            rule.target = try value(name)
            rule.goes = true
        case "-m", "--match": modules.append(try value(name))
        case "-f", "--fragment": if !negated { rule.never("it asks for further fragments") }
        case "-c", "--set-counters":
            _ = try value(name)
            _ = try value(name)
        case "-w", "--wait", "-4", "-6", "--ipv4", "--ipv6": break
        default:
            named[name, default: 0] += 1
            try checkOwner(name)
            try matchOption(name)
        }
    }

    private mutating func protocolOption() throws(Problem) {
        let name = try value("-p").lowercased()
        rule.protocolNamed = true
        let number = IPTablesValues.number(name)
        let all = name == "all" || number == 0
        rule.tcp = (all || name == "tcp" || number == 6) != (negated && !all)
        rule.namesTCP = rule.tcp && !all && !negated
        if !rule.tcp { rule.never("it is for \(negated ? "all but " : "")\(name)") }
    }

    private mutating func address(
        _ name: String, _ narrow: (inout Match, AddressSet) -> Void
    ) throws(Problem) {
        let text = try value(name)
        do {
            let set = signed(try IPTablesValues.addresses(text))
            rule.narrow { narrow(&$0, set) }
        } catch .unresolved(let what) {
            rule.doubt("\(what) isn't resolved")
        } catch {
            throw error
        }
    }

    private mutating func interface(_ name: String) throws(Problem) -> Match.Names? {
        var text = try value(name)
        guard !text.isEmpty, text.utf8.count <= 16 else {
            throw .invalid("'\(text)' is no interface")
        }
        if text == "+" {
            if negated { rule.never("no interface is meant") }
            return nil
        }
        if text.hasSuffix("+") { text = text.dropLast() + "*" }
        return Match.Names([text], negated: negated)
    }
}
