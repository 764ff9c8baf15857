import Net
import Policy
import PolicyText

/// Rules of filtering and translation.
extension PFReader {
    /// Nil where it is no rule.
    mutating func rule(_ rest: inout PFWords, _ statement: PFStatement) throws(PFFault) -> PFRule? {
        var rule = PFRule(kind: .match, first: statement.first, last: statement.last)
        let negated = rest.take("no")
        switch rest.word {
        case "pass": rule.kind = .pass
        case "match": rule.kind = .match
        case "block": rule.kind = .block(answers: nil)
        case "rdr": rule.kind = .rdr
        case "nat": rule.kind = .nat
        case "binat": rule.kind = .binat
        default: return nil
        }
        rule.isNegated = negated
        rest.skip()
        switch rule.kind {
        case .block:
            let answers: [String: Bool] = [
                "drop": false, "return": true, "return-rst": true, "return-icmp": true,
                "return-icmp6": true,
            ]
            if let told = answers[rest.word] {
                rule.kind = .block(answers: told)
                rest.skip()
                try rest.skipParentheses()
            }
        case .rdr, .nat, .binat: rule.passes = rest.take("pass")
        default: break
        }
        try conditions(&rest, &rule, upToBrace: false)
        if [.rdr, .nat, .binat].contains(rule.kind), !negated, rule.target == nil,
            !rule.hidesSource
        {
            throw PFFault("the arrow is missing")
        }
        guard rest.isAtEnd else { throw PFFault("\(rest.peek?.text ?? "") isn't known here") }
        return rule
    }

    /// A list stands for a rule each: of `{ !em0, !em1 }` one always holds. None: all.
    func interfaces(_ rest: inout PFWords) throws(PFFault) -> (names: [String], negated: Bool) {
        var names: [String] = []
        var others: Set<String> = []
        try rest.list { (words) throws(PFFault) in
            let negated = words.take(sign: "!")
            let name = try words.next("an interface")
            if negated { others.insert(name) } else { names.append(name) }
        }
        guard let other = others.first else { return (names, false) }
        let all = names + others
        if all.count == 1 { return ([other], true) }
        guard all.allSatisfy({ $0.last?.isNumber == true }) else {
            throw PFFault("groups of interfaces negated in a list")
        }
        return others.count > 1 || names.contains(other) ? ([], false) : ([other], true)
    }

    /// All that follows the verb.
    mutating func conditions(
        _ rest: inout PFWords, _ rule: inout PFRule, upToBrace: Bool
    ) throws(PFFault) {
        while let token = rest.peek {
            if upToBrace, token.isSign("{") { return }
            if token.isSign("->") {
                rest.skip()
                try arrow(&rest, &rule)
                continue
            }
            if token.isSign("!") {
                rest.skip()
                if rest.take("tagged") {
                    rule.tagged.append((try rest.next("a tag"), true))
                } else if rest.take("received-on") {
                    _ = try rest.next("an interface")
                    rule.doubts.append("! received-on")
                } else {
                    throw PFFault("! of what isn't known here")
                }
                continue
            }
            if token.isSign(",") {
                rest.skip()
                continue
            }
            guard token.kind == .word else { throw PFFault("\(token.text) isn't known here") }
            rest.skip()
            if try !condition(token.text, &rest, &rule) {
                try option(token.text, &rest, &rule)
            }
        }
    }

    private mutating func condition(
        _ word: String, _ rest: inout PFWords, _ rule: inout PFRule
    ) throws(PFFault) -> Bool {
        switch word {
        case "in": rule.direction = .entering
        case "out": rule.direction = .leaving
        case "log", "log-all": try rest.skipParentheses()
        case "quick": rule.quick = true
        case "on":
            if rest.take("rdomain") {
                rule.doubts.append("rdomain \(try rest.next("a number"))")
            } else {
                (rule.interfaces, rule.notOn) = try interfaces(&rest)
                if rule.interfaces == ["any"] { rule.interfaces = [] }
            }
        case "inet": rule.family = .v4
        case "inet6": rule.family = .v6
        case "proto":
            var names: [String] = []
            try rest.list { (words) throws(PFFault) in
                names.append(try words.next("a protocol"))
            }
            if !names.contains("tcp"), !names.contains("6") {
                rule.never = "\(names.joined(separator: ", ")), not TCP"
            }
        case "all": break
        case "from":
            try end(&rest, &rule, source: true)
        case "to":
            try end(&rest, &rule, source: false)
        case "port" where rule.target == nil:
            let (set, doubts) = try ports(&rest)
            rule.destinationPorts = set
            rule.doubts += doubts
        default: return false
        }
        return true
    }

    private mutating func end(
        _ rest: inout PFWords, _ rule: inout PFRule, source: Bool
    ) throws(PFFault) {
        if rest.peek?.isWord("port") != true {
            if ["no-route", "urpf-failed"].contains(rest.word) { assumeRouted() }
            let hosts = try hosts(&rest)
            if source { rule.sources = hosts } else { rule.destinations = hosts }
        }
        if source, rest.take("os") {
            try rest.list { (words) throws(PFFault) in _ = try words.next("a system") }
            rule.doubts.append("os")
        }
        guard rest.take("port") else { return }
        let (set, doubts) = try ports(&rest)
        if source { rule.sourcePorts = set } else { rule.destinationPorts = set }
        rule.doubts += doubts
        if source, rest.take("os") {
            try rest.list { (words) throws(PFFault) in _ = try words.next("a system") }
            rule.doubts.append("os")
        }
    }

    // MARK: options

    private mutating func option(
        _ word: String, _ rest: inout PFWords, _ rule: inout PFRule
    ) throws(PFFault) {
        switch word {
        case "flags": try flags(&rest, &rule)
        case "keep", "modulate", "synproxy", "no":
            guard rest.take("state") else { throw PFFault("`state` is missing") }
            rule.keepsState = word != "no"
            try rest.skipParentheses()
        case "fragment": rule.never = rule.never ?? "only fragments"
        case "icmp-type", "icmp6-type":
            rule.never = rule.never ?? "not TCP"
            try rest.list { (words) throws(PFFault) in
                _ = try words.next("a type")
                if words.take("code") { _ = try words.next("a code") }
            }
        case "allow-opts", "once", "static-port", "round-robin", "random", "bitmask",
            "source-hash", "sticky-address", "least-states", "endpoint-independent":
            if word == "once" { rule.doubts.append("once") }
            if word == "source-hash", rest.word.hasPrefix("0x") { rest.skip() }
        case "label", "queue", "ridentifier", "rtable", "prio", "max-mss", "min-ttl", "set-tos",
            "dnpipe", "dnqueue", "pflow", "delay", "schedule":
            if word == "rtable" { rule.doubts.append("rtable") }
            if rest.sign == "(" {
                try rest.skipParentheses()
            } else {
                _ = try rest.next("a value")
            }
        case "tos", "probability", "max-pkt-rate", "user", "group":
            rule.doubts.append(word)
            try values(&rest)
        case "tag": rule.tag = try rest.next("a tag")
        case "tagged": rule.tagged.append((try rest.next("a tag"), false))
        case "received-on": rule.receivedOn = try interfaces(&rest).names
        case "set", "scrub":
            guard rest.sign == "(" else {
                // `set prio 3`
                _ = try rest.next("a value")
                if rest.sign == "(" { try rest.skipParentheses() } else { rest.skip() }
                return
            }
            try rest.skipParentheses()
        case "rdr-to": rule.target = try target(&rest, "port")
        case "nat-to", "binat-to":
            let target = try target(&rest, "port")
            if word == "binat-to" {
                rule.target = target
                rule.kind = .binat
            } else {
                rule.hidesSource = true
            }
        case "af-to":
            rule.target = PFTarget(hosts: PFHosts(), unknown: "another family of addresses")
            while !rest.isAtEnd { rest.skip() }
        case "divert-to":
            var target = try target(&rest, "port")
            target.isLocal = true
            rule.target = target
        case "divert-packet":
            rule.doubts.append(word)
            while rest.take("port") { _ = try rest.next("a port") }
        case "divert-reply": break
        case "route-to", "reply-to", "dup-to": try way(&rest)
        default: throw PFFault("\(word) isn't known here")
        }
    }

    /// One value, a list, or an operator and its value.
    private func values(_ rest: inout PFWords) throws(PFFault) {
        try rest.list { (words) throws(PFFault) in
            while ["=", "!=", "<", "<=", ">", ">="].contains(words.sign) { words.skip() }
            _ = try words.next("a value")
            if words.sign == "><" || words.sign == "<>" || words.sign == "/" {
                words.skip()
                _ = try words.next("a value")
            }
        }
    }

    /// `(em0 10.0.0.1)` or an address; where the packet goes next, not where it ends.
    private func way(_ rest: inout PFWords) throws(PFFault) {
        try rest.list { (words) throws(PFFault) in
            if words.sign == "(" {
                try words.skipParentheses()
            } else {
                if words.take(sign: "<") {
                    _ = try words.next("a table")
                    _ = words.take(sign: ">")
                } else {
                    _ = try words.next("an address")
                }
            }
            if words.take(sign: "/") { _ = try words.next("a prefix length") }
        }
        if rest.take(sign: "@") { _ = try rest.next("an interface") }
    }

    /// `S/SA`: the first are set, of the second no others. A SYN has S alone.
    private func flags(_ rest: inout PFWords, _ rule: inout PFRule) throws(PFFault) {
        if rest.take("any") { return }
        let set = rest.sign == "/" ? "" : try rest.next("flags")
        let mask = rest.take(sign: "/") ? try rest.next("flags") : "FSRPAUEW"
        guard (set + mask).allSatisfy({ "FSRPAUEW".contains($0) }) else {
            throw PFFault("\(set)/\(mask) are no flags")
        }
        if set.contains(where: { $0 != "S" }) || mask.contains("S") != set.contains("S") {
            rule.never = rule.never ?? "flags that a new connection's SYN hasn't"
        }
    }

    // MARK: targets

    private mutating func arrow(_ rest: inout PFWords, _ rule: inout PFRule) throws(PFFault) {
        let target = try target(&rest, "port")
        switch rule.kind {
        case .rdr, .binat: rule.target = target
        case .nat: rule.hidesSource = true
        default: throw PFFault("an arrow in a rule that doesn't translate")
        }
    }

    func target(_ rest: inout PFWords, _ keyword: String) throws(PFFault) -> PFTarget {
        var target = PFTarget(hosts: try hosts(&rest))
        if !target.hosts.unknown.isEmpty {
            target.unknown = target.hosts.unknown.joined(separator: ", ")
        }
        guard rest.take(keyword) else { return target }
        let word = try rest.next("a port")
        let parts = word.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        guard let first = parts.first.flatMap(Self.port) else {
            target.unknown = "port \(word) isn't known here"
            return target
        }
        target.firstPort = first
        guard parts.count > 1 else { return target }
        if parts[1] == "*" {
            target.goesOn = true
        } else if let last = Self.port(parts[1]), last >= first {
            target.lastPort = last
        } else {
            target.unknown = "ports \(word) aren't known here"
        }
        return target
    }
}
