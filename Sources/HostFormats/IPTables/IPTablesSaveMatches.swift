import Net
import Policy
import PolicyText

extension IPTablesRuleReader {
    /// Options of match modules (iptables-extensions(8)).
    mutating func matchOption(_ name: String) throws(Problem) {
        switch name {
        case "--dport" where meansMultiport, "--sport" where meansMultiport,
            "--port" where meansMultiport:
            named[name + "s", default: 0] += 1
            return try matchOption(name + "s")
        case "--dport", "--destination-port", "--sport", "--source-port":
            try ports(name, name.hasPrefix("--d") ? .destination : .source) {
                (text) throws(Problem) in PortSet(try IPTablesValues.range(text))
            }
        case "--dports", "--destination-ports":
            try ports(name, .destination, IPTablesValues.list)
        case "--sports", "--source-ports": try ports(name, .source, IPTablesValues.list)
        case "--ports": try ports(name, .either, IPTablesValues.list)
        case "--syn":
            try needTransport(name)
            if negated == (following == nil) { rule.never("never a SYN, or never without") }
        case "--tcp-flags": try flags()
        case "--state", "--ctstate": try states(value(name))
        case "--mark":
            let wanted = try IPTablesValues.mark(value(name))
            let not = negated
            guard following == nil else { return rule.doubt("marks of packets that follow") }
            let owners = Set(owners(of: name))
            let onConnection = owners == ["connmark"]
            if owners.count > 1 { rule.doubt("--mark of two modules") }
            rule.narrow {
                $0.tests.append(
                    onConnection
                        ? .connectionMark(value: wanted.value, mask: wanted.mask, negated: not)
                        : .mark(value: wanted.value, mask: wanted.mask, negated: not))
            }
        case "--src-range", "--dst-range":
            let set = signed(AddressSet(try IPTablesValues.addressRange(value(name))))
            let source = name == "--src-range"
            rule.narrow { source ? $0.narrowSources(set) : $0.narrowDestinations(set) }
        case "--dst-type", "--src-type": try addressType(name)
        case "--limit-iface-in", "--limit-iface-out", "--comment", "--log-prefix": try skip(name)
        case "--match-set",
            "--set" where modules.last == "set":
            try matchSet(name)
        case "--return-nomatch", "--update-counters", "--update-subcounters":
            if name == "--return-nomatch" { rule.doubt("option \(name)") }
            if name != "--return-nomatch" { negated = false }
        case "--pkt-type":
            if (try value(name) == "unicast") == negated { rule.never("not for one receiver") }
        case _ where name.hasPrefix("--ct"): try conntrack(name)
        // `-p icmp` brings its module along.
        case "--icmp-type", "--icmpv6-type":
            guard rule.protocolNamed, !rule.tcp else { throw .invalid("\(name) without -p icmp") }
            skipValues()
        default: try countingOption(name)
        }
    }

    private mutating func skip(_ name: String) throws(Problem) {
        if name.hasPrefix("--limit-iface") { return }
        _ = try value(name)
    }

    enum Side { case source, destination, either }

    private func needTransport(_ name: String) throws(Problem) {
        guard rule.protocolNamed, !rule.tcp || rule.namesTCP else {
            throw .invalid("\(name) without -p of a protocol that has it")
        }
    }

    private mutating func ports(
        _ name: String, _ side: Side, _ read: (String) throws(Problem) -> PortSet
    ) throws(Problem) {
        let text = try value(name)
        try needTransport(name)
        do {
            let set = signed(try read(text))
            switch side {
            case .source: rule.narrow { $0.narrowSourcePorts(set) }
            case .destination: rule.narrow { $0.narrowPorts(set) }
            case .either where negated:
                rule.narrow {
                    $0.narrowSourcePorts(set)
                    $0.narrowPorts(set)
                }
            case .either:
                rule.either([{ $0.narrowSourcePorts(set) }, { $0.narrowPorts(set) }])
            }
        } catch .unresolved(let what) {
            // Other protocols have names that matter to no one here.
            if rule.tcp { rule.doubt("\(what) isn't known") }
        } catch {
            throw error
        }
    }

    /// Whether a bare SYN shows the flags wanted.
    private mutating func flags() throws(Problem) {
        try needTransport("--tcp-flags")
        let mask = try flagSet(value("--tcp-flags"))
        guard index < words.count else { throw .invalid("--tcp-flags needs two values") }
        index += 1
        let wanted = try flagSet(words[index - 1].text)
        let shown: [Set<String>] =
            switch following {
            case nil: [["SYN"]]
            case .request?: [["ACK"], ["PSH", "ACK"]]
            case .answer?: [["SYN", "ACK"], ["ACK"], ["PSH", "ACK"]]
            }
        switch Set(shown.map { ($0.intersection(mask) == wanted) != negated }) {
        case [true]: break
        case [false]: rule.never(following == nil ? "never a SYN" : "never what follows on a SYN")
        default: rule.doubt("flags that some of the packets have")
        }
    }

    private func flagSet(_ text: String) throws(Problem) -> Set<String> {
        let all: Set<String> = ["FIN", "SYN", "RST", "PSH", "ACK", "URG"]
        if text == "ALL" { return all }
        if text == "NONE" { return [] }
        let set = Set(text.uppercased().split(separator: ",").map(String.init))
        guard set.isSubset(of: all) else { throw .invalid("'\(text)' are no TCP flags") }
        return set
    }

    /// A new connection's packet is NEW, or RELATED where a helper expects it, or UNTRACKED; beside
    /// that it is DNAT once its destination was translated.
    private mutating func states(_ text: String) throws(Problem) {
        asksState = true
        let known: Set<String> = [
            "NEW", "ESTABLISHED", "RELATED", "INVALID", "UNTRACKED", "SNAT", "DNAT",
        ]
        let named = Set(text.uppercased().split(separator: ",").map(String.init))
        guard !named.isEmpty, named.isSubset(of: known) else {
            throw .invalid("'\(text)' are no connection states")
        }
        let wanted = negated ? known.subtracting(named) : named
        let notTranslated = negated && named.contains("DNAT")
        if following != nil {
            let ofTranslation = wanted.contains("DNAT") || wanted.contains("SNAT")
            if notTranslated || !wanted.contains("ESTABLISHED") && ofTranslation {
                rule.doubt("translations of packets that follow")
            } else if !wanted.contains("ESTABLISHED") {
                rule.never("not for connections that exist (\(text))")
            }
            return
        }
        var ways: [(inout Match) -> Void] = []
        if wanted.isSuperset(of: ["NEW", "RELATED", "UNTRACKED"]) {
            ways.append { _ in }
        } else {
            if wanted.contains("NEW") { ways.append { $0.tests.append(.new(true)) } }
            if wanted.contains("RELATED") {
                ways.append {
                    $0.expectedOnly = true
                    $0.tests.append(.tracked(true))
                }
            }
            if wanted.contains("UNTRACKED") { ways.append { $0.tests.append(.tracked(false)) } }
            if wanted.contains("DNAT"), !negated {
                ways.append { $0.tests.append(.translated(true)) }
            }
        }
        if ways.isEmpty {
            rule.never("only for connections that exist (\(text))")
        } else {
            rule.either(ways)
        }
        if notTranslated { rule.narrow { $0.tests.append(.translated(false)) } }
    }

    private mutating func conntrack(_ name: String) throws(Problem) {
        let text = try value(name)
        switch name {
        case "--ctproto":
            let tcp = ["6", "tcp"].contains(text.lowercased())
            if tcp == negated {
                ofConnection.append { $0.never = $0.never ?? "it is for another protocol" }
            } else {
                ofConnection.append { _ in }
            }
        case "--ctorigsrc":
            let set = signed(try resolved(text))
            ofConnection.append { $0.narrowSources(set) }
        case "--ctorigdst":
            let set = signed(try resolved(text))
            ofConnection.append { match in
                match.originalDestinations = match.originalDestinations?.intersection(set) ?? set
            }
        case "--ctorigsrcport":
            let set = signed(PortSet(try IPTablesValues.range(text)))
            ofConnection.append { $0.narrowSourcePorts(set) }
        case "--ctorigdstport":
            let set = signed(PortSet(try IPTablesValues.range(text)))
            ofConnection.append { match in
                match.originalPorts = match.originalPorts?.intersection(set) ?? set
            }
        case "--ctdir":
            if (text.uppercased() == "ORIGINAL") == (negated != (following == .answer)) {
                ofConnection.append { $0.never = $0.never ?? "only for replies" }
            } else {
                ofConnection.append { _ in }
            }
        default: rule.doubt("option \(name)")
        }
    }

    /// Adds what is asked of the connection. An untracked packet has none: it matches where its
    /// state does, whatever else is asked, and without a state never (xt_conntrack.c).
    mutating func narrowByConnection() {
        guard !ofConnection.isEmpty else { return }
        rule.matches = rule.matches.flatMap { match in
            if match.tests.contains(.tracked(false)) { return [match] }
            var tracked = match
            tracked.tests.append(.tracked(true))
            for narrow in ofConnection { narrow(&tracked) }
            let takesAny =
                asksState && !match.expectedOnly
                && !match.tests.contains(.new(true)) && !match.tests.contains(.translated(true))
            guard takesAny, match.never == nil else { return [tracked] }
            var untracked = match
            untracked.tests.append(.tracked(false))
            return [tracked, untracked]
        }
    }

    private func resolved(_ text: String) throws(Problem) -> AddressSet {
        do { return try IPTablesValues.addresses(text) } catch .unresolved(let what) {
            throw .invalid("\(what) isn't resolved")
        } catch { throw error }
    }

    private mutating func addressType(_ name: String) throws(Problem) {
        let text = try value(name).uppercased()
        let types = Set(text.split(separator: ",").map(String.init))
        let wanted = !negated
        if following == .answer { return rule.doubt("option \(name)") }
        if name == "--src-type" {
            if types.contains("UNICAST") != wanted { rule.never("not from a host") }
            return
        }
        switch (types.contains("LOCAL"), types.contains("UNICAST")) {
        case (true, true): if !wanted { rule.never("not to a host") }
        case (true, false): rule.narrow { $0.tests.append(.local(wanted)) }
        case (false, true): rule.narrow { $0.tests.append(.local(!wanted)) }
        case (false, false): if wanted { rule.never("not to a host (\(text))") }
        }
    }

    /// Modules whose answer depends on history: judged for the first packet after loading.
    private mutating func countingOption(_ name: String) throws(Problem) {
        let module = owners(of: name).last ?? modules.last ?? ""
        switch (module, name) {
        case ("limit", "--limit"), ("limit", "--limit-burst"), ("hashlimit", "--hashlimit"),
            ("hashlimit", "--hashlimit-upto"):
            _ = try value(name)
            if negated { neverAtFirst() }
            rule.assumptions.insert(IPTablesRule.firstPacket)
        case ("hashlimit", "--hashlimit-above"):
            _ = try value(name)
            if !negated { neverAtFirst() }
            rule.assumptions.insert(IPTablesRule.firstPacket)
        case ("hashlimit", _) where name.hasPrefix("--hashlimit-"): skipValues()
        case ("connlimit", "--connlimit-above"), ("connlimit", "--connlimit-upto"):
            try connectionLimit(name)
        case ("connlimit", _) where name.hasPrefix("--connlimit-"): skipValues()
        case ("recent", _): try recent(name)
        case ("quota", "--quota"):
            _ = try value(name)
            rule.assumptions.insert(IPTablesRule.firstPacket)
        case ("policy", "--dir"): _ = try value(name)
        case ("policy", "--pol"):
            if (try value(name) == "none") == negated { rule.never("only for IPsec") }
        case ("helper", "--helper"):
            let text = try value(name)
            if following != nil {
                rule.doubt("option \(name)")
            } else if negated || (text != "ftp" && !text.hasPrefix("ftp-")) {
                rule.never("not for data connections of FTP")
            } else {
                rule.narrow { $0.expectedOnly = true }
            }
        case ("", _),
            ("tcp", _) where name != "--tcp-option", ("multiport", _), ("state", _),
            ("comment", _), ("udp", _), ("iprange", _):
            throw .invalid("unknown option \(name)")
        default:
            let other = ["icmp", "icmp6", "icmpv6", "ah", "esp", "sctp", "dccp"].contains(module)
            if !other { rule.doubt("-m \(module) \(name) isn't modelled") }
            skipValues()
        }
    }

    private mutating func neverAtFirst() {
        if following == nil { rule.never("not above its limit at the first packet") }
    }

    private mutating func connectionLimit(_ name: String) throws(Problem) {
        let text = try value(name)
        guard let limit = UInt32(text) else { throw .invalid("'\(text)' is no number") }
        rule.assumptions.insert(IPTablesRule.firstPacket)
        let above = limit < 1
        if (name == "--connlimit-above" ? above : !above) == negated {
            rule.never("not reached by the first connection")
        }
    }

    /// What a packet that follows finds remembered isn't modelled.
    private mutating func skipRecent(_ name: String) {
        if ["--rcheck", "--update", "--remove"].contains(name) { rule.doubt("option \(name)") }
        skipValues()
    }

    private mutating func recent(_ name: String) throws(Problem) {
        rule.assumptions.insert(IPTablesRule.firstPacket)
        if following != nil { return skipRecent(name) }
        switch name {
        case "--name":
            let list = try value(name)
            // The list's name may come after the test that it is for.
            for index in rule.matches.indices {
                rule.matches[index].tests = rule.matches[index].tests.map {
                    if case .tagged("recent ", let wanted) = $0 {
                        return .tagged("recent " + list, wanted)
                    }
                    return $0
                }
            }
            rule.effects = rule.effects.map {
                switch $0 {
                case .tag("recent "): .tag("recent " + list)
                case .untag("recent "): .untag("recent " + list)
                default: $0
                }
            }
            recentList = list
        case "--set": rule.effects.append(.tag("recent " + recentList))
        case "--rcheck", "--update", "--remove":
            let (tag, wanted) = ("recent " + recentList, !negated)
            rule.narrow { $0.tests.append(.tagged(tag, wanted)) }
            if name == "--remove" { rule.effects.append(.untag(tag)) }
            if name == "--update", negated { rule.effects.append(.tag(tag)) }
        case "--hitcount":
            // One packet is one hit at most.
            if let count = UInt32(try value(name)), count > 1 {
                let wanted = rule.matches.contains { match in
                    match.tests.contains { if case .tagged(_, true) = $0 { true } else { false } }
                }
                if wanted {
                    rule.never("not as often by the first packet")
                } else {
                    rule.narrow { match in
                        match.tests.removeAll { if case .tagged = $0 { true } else { false } }
                    }
                }
            }
        default: skipValues()
        }
    }
}
