import Policy
import PolicyText

/// Scripts and transcripts of the NetSecurity cmdlets, judged as run on the default state: firewall
/// on, no exceptions.
///
/// Source: learn.microsoft.com, New-NetFirewallRule, Remove-NetFirewallRule, Set-NetFirewallProfile.
extension PowerShellFirewall {
    typealias Said = WindowsFirewall.Said

    /// Whether a line begins with a cmdlet that changes the firewall.
    static func isScript(_ text: ConfigText) -> Bool {
        guard text.mentions("-netfirewall") else { return false }
        return text.lines.contains { line in
            guard line.mentions("-netfirewall") else { return false }
            let cmdlet = /(?i)(?:new|set|remove|enable|disable)-netfirewall\w+/
            return WindowsScript.command(line).prefixMatch(of: cmdlet) != nil
        }
    }

    mutating func run(_ number: Int) {
        assumptions.insert("judged as run on the default state: firewall on, no exceptions")
        let text = texts[number]
        for statement in PowerShellLines(text.lines.map(WindowsScript.command)).statements {
            let said = take(statement, text.source(statement.lines.lowerBound))
            for line in statement.lines { notes[number].add(line, said.state, said.why) }
        }
    }

    /// Whether what a variable gets is text, or comes from a command that changes nothing.
    private static func isValue(_ words: [String], _ head: String) -> Bool {
        let reads = ["get-", "import-csv", "join-path", "test-path", "read-host", "@", "["]
        guard !head.mentions("hnetcfg"), !words.contains(where: isNetsh) else { return false }
        return words.count == 1 || head.contains(" ") || head.hasSuffix(",")
            || reads.contains { head.hasPrefix($0) }
    }

    private static func speaks(_ words: [String], _ head: String) -> Bool {
        let verbs = ["write-", "echo", "import-module", "function", "param"]
        return verbs.contains { head.hasPrefix($0) } && !words.contains(where: isNetsh)
    }

    private static func isNetsh(_ word: String) -> Bool {
        let bare = word.stripping("()$&\"'").lowercased()
        return bare == "netsh" || bare.hasSuffix("netsh.exe")
    }

    private static func isCmdlet(_ word: String) -> Bool {
        word.firstMatch(of: /(?i)\w+-netfirewall\w+/) != nil
    }

    private mutating func take(
        _ statement: PowerShellLines.Statement, _ source: SourceLine
    ) -> Said {
        var words = statement.words
        let isAssigned = words.count > 1 && words[1] == "="
        let isProperty = isAssigned && words[0].contains(".")
        if isAssigned { words.removeFirst(2) }
        let head = words.first?.lowercased() ?? ""
        let cmdlets = words.filter(Self.isCmdlet).map { $0.lowercased() }
        let marks: [StaticString] = ["firewall", "netsh", "mpssvc", "hnetcfg"]
        let isOfFirewall =
            isProperty && statement.words[0].mentions("firewall")
            || words.contains { word in marks.contains { word.mentions($0) } }
        guard isOfFirewall else {
            return (.irrelevant, "no setting of the firewall")
        }
        if cmdlets.isEmpty {
            let isText = isAssigned && !isProperty && Self.isValue(words, head)
            guard isText || Self.speaks(words, head) else { return beyond(words, source) }
            return (.irrelevant, "no setting of the firewall")
        }
        let shows = cmdlets.allSatisfy { $0.contains("get-net") || $0.contains("show-net") }
        if shows, !words.contains(where: { $0.mentions("netsh") }) {
            return (.irrelevant, "it shows the firewall")
        }
        let (own, piped) = (words.prefix { $0 != "|" }, words.drop { $0 != "|" })
        guard cmdlets == [head], piped.isEmpty || piped.dropFirst().first?.same("out-null") == true,
            let arguments = PowerShellArguments(own.dropFirst())
        else { return beyond(words, source) }
        if let value = arguments["whatif"] {
            guard value.isEmpty else { return beyond(words, source) }
            return (.irrelevant, "it is only told what it would do")
        }
        if arguments["cimsession"] != nil { return (.irrelevant, "of another machine") }
        let doubt = statement.doubt.map { "holds only if \($0)" }
        switch head {
        case "new-netfirewallrule": return add(arguments, statement.lines, doubt, source)
        case "remove-netfirewallrule", "disable-netfirewallrule":
            return remove(arguments, doubt, source) ?? beyond(words, source)
        case "set-netfirewallprofile":
            return turn(arguments, doubt, source) ?? beyond(words, source)
        default: return beyond(words, source)
        }
    }

    /// What isn't read may shut what other lines open, unless it only makes or enables rules that
    /// permit.
    private mutating func beyond(_ words: [String], _ source: SourceLine) -> Said {
        let why = "what it does to the firewall isn't read"
        let opens = words.filter(Self.isCmdlet).allSatisfy { word in
            ["new-netfirewallrule", "get-netfirewallrule"].contains { word.same($0) }
        }
        if opens, words.contains(where: Self.isCmdlet),
            words.contains(where: { $0.same("allow") }),
            !words.contains(where: { $0.mentions("block") || $0.mentions("netsh") })
        {
            firewall.doubt(why, source)
        } else {
            firewall.veil(why, source)
        }
        return (.notModelled, why)
    }

    // MARK: rules

    /// What a rule is where the cmdlet isn't told.
    private static let defaults: [String: String] = [
        "enabled": "True", "direction": "Inbound", "action": "Allow", "profile": "Any",
        "protocol": "Any", "localport": "Any", "remoteport": "Any", "localaddress": "Any",
        "remoteaddress": "Any", "program": "Any", "service": "Any", "interfacetype": "Any",
        "authentication": "NotRequired",
    ]

    private mutating func add(
        _ arguments: PowerShellArguments, _ lines: ClosedRange<Int>, _ doubt: String?,
        _ source: SourceLine
    ) -> Said {
        var doubts = doubt.map { [$0] } ?? []
        var object = PowerShellObject(lines: lines)
        for (name, values) in arguments.values.sorted(by: { $0.key < $1.key }) {
            if PowerShellArguments.common.contains(name) { continue }
            if let unknown = values.lazy.compactMap(Unknown.name).first {
                if ["displayname", "name", "description", "group"].contains(name) { continue }
                let why = "it depends on \(unknown.excerpt), which isn't known"
                if ["direction", "action", "enabled"].contains(name) {
                    firewall.veil(why, source)
                    return (.notModelled, why)
                }
                doubts.append(why)
                continue
            }
            if name == "policystore", values.map({ $0.lowercased() }) != ["persistentstore"] {
                doubts.append("in a store of rules that may not count")
            }
            object.put(name, PowerShellObject.Value(texts: values, lines: lines))
        }
        for (name, value) in Self.defaults where !object.has(name) {
            object.put(name, PowerShellObject.Value(texts: [value], lines: lines))
        }
        var reader = PowerShellRule(object, source)
        var rule = reader.rule().rule
        doubts += rule.doubt.map { [$0] } ?? []
        rule.doubt = doubts.isEmpty ? nil : doubts.joined(separator: "; ")
        made.append((arguments["name"]?.first, arguments["displayname"]?.first, source))
        switch rule.meaning() {
        case .none(let why): return (.irrelevant, why)
        case .invalid(let why): return (.invalid, why)
        case .rule(let meant):
            firewall.rules.append(rule)
            return meant.doubts.isEmpty ? (.used, "") : (.notModelled, meant.doubts)
        }
    }

    /// Nil where it isn't certain which rules it takes away.
    private mutating func remove(
        _ arguments: PowerShellArguments, _ doubt: String?, _ source: SourceLine
    ) -> Said? {
        let values = arguments.values.filter { !PowerShellArguments.common.contains($0.key) }
        guard values.count == 1, let (key, names) = values.first,
            ["name", "displayname"].contains(key),
            !names.contains(where: { Unknown.isIn($0) || $0.contains { "*?[".contains($0) } })
        else { return nil }
        let own = made.map { (name: key == "name" ? $0.name : $0.shown, source: $0.source) }
        // Rules of an export have no such names here.
        guard !own.contains(where: { $0.name.map(Unknown.isIn) ?? false }),
            Set(firewall.rules.map(\.source)).isSubset(of: own.map(\.source))
        else { return nil }
        let found = own.filter { rule in names.contains { rule.name?.same($0) == true } }
        let sources = Set(found.map(\.source))
        guard firewall.rules.contains(where: { sources.contains($0.source) }) else {
            return (.irrelevant, "it is for a rule that the script doesn't make")
        }
        guard let doubt else {
            firewall.rules.removeAll { sources.contains($0.source) }
            return (.used, "")
        }
        for index in firewall.rules.indices where sources.contains(firewall.rules[index].source) {
            firewall.rules[index].doubt = "it may be taken away: \(doubt)"
        }
        return (.notModelled, doubt)
    }

    // MARK: profiles

    /// Nil where it isn't understood.
    private mutating func turn(
        _ arguments: PowerShellArguments, _ doubt: String?, _ source: SourceLine
    ) -> Said? {
        if let store = arguments["policystore"], !store.allSatisfy({ $0.same("persistentstore") }) {
            return nil
        }
        let without = arguments["disabledinterfacealiases"] ?? []
        guard without.allSatisfy({ $0.same("notconfigured") }) else { return nil }
        var it = WindowsFirewall.Switch(source: source, doubt: doubt)
        if let names = arguments["profile"] ?? arguments["name"] {
            it.profiles = Set(names.map { $0.lowercased() })
            if it.profiles.contains("any") { it.profiles = WindowsFirewall.Switch.everywhere }
            guard it.profiles.isSubset(of: WindowsFirewall.Switch.everywhere) else { return nil }
        } else if arguments["all"] == nil {
            return nil
        }
        let words = ["enabled", "defaultinboundaction", "allowinboundrules"].map {
            arguments[$0]?.joined(separator: ",").lowercased()
        }
        let known: [Set<String>] = [
            ["true", "false"], ["allow", "block", "notconfigured"],
            ["true", "false", "notconfigured"],
        ]
        guard zip(words, known).allSatisfy({ word, known in word.map(known.contains) ?? true })
        else { return nil }
        if let word = words[0] { WindowsFirewall.turn(&firewall.off, on: word == "false", it) }
        if let word = words[1] { WindowsFirewall.turn(&firewall.open, on: word == "allow", it) }
        if let word = words[2] {
            WindowsFirewall.turn(&firewall.shielded, on: word == "false", it)
        }
        if words.allSatisfy({ $0 == nil }) { return (.irrelevant, "no setting of what enters") }
        return it.uncertainty.map { (.notModelled, $0) } ?? (.used, "")
    }
}

/// The parameters of a cmdlet: `-LocalPort 21, 990 -Action:Allow`.
struct PowerShellArguments {
    /// By name in small letters; a switch has no value.
    private(set) var values: [String: [String]] = [:]

    /// Parameters that don't change what a cmdlet does to rules.
    static let common: Set<String> = [
        "erroraction", "ea", "warningaction", "informationaction", "verbose", "debug", "confirm",
        "outvariable", "errorvariable", "throttlelimit", "passthru", "outbuffer",
    ]

    /// Those of which an abbreviation is read.
    private static let names = [
        "name", "displayname", "description", "group", "enabled", "profile", "direction", "action",
        "edgetraversalpolicy", "loosesourcemapping", "localonlymapping", "owner", "localaddress",
        "remoteaddress", "protocol", "localport", "remoteport", "icmptype", "dynamictarget",
        "dynamictransport", "program", "package", "service", "interfacealias", "interfacetype",
        "localuser", "remoteuser", "remotemachine", "authentication", "encryption",
        "overrideblockrules", "platform", "policystore", "gposession", "cimsession", "asjob",
        "whatif", "confirm", "erroraction", "defaultinboundaction", "defaultoutboundaction",
        "allowinboundrules", "all",
    ]

    /// Nil where a word stands for no parameter, or for several (`@more`), or one is given twice.
    init?(_ words: some Sequence<String>) {
        var current: String?
        for word in words {
            if word.wholeMatch(of: /@\w+/) != nil { return nil }
            if let match = word.wholeMatch(of: /-([A-Za-z]\w*)(?::(.*))?/) {
                let name = Self.whole(match.1.lowercased())
                guard values[name] == nil else { return nil }
                values[name] = match.2.map { Self.parts(String($0), of: name) } ?? []
                current = name
            } else if let name = current {
                values[name]? += Self.parts(word, of: name)
            } else {
                return nil
            }
        }
    }

    subscript(_ name: String) -> [String]? { values[name] }

    private static func whole(_ name: String) -> String {
        guard !names.contains(name), !common.contains(name) else { return name }
        let meant = names.filter { $0.hasPrefix(name) }
        return meant.count == 1 ? meant[0] : name
    }

    private static func parts(_ word: String, of name: String) -> [String] {
        if ["displayname", "description", "group", "program"].contains(name) { return [word] }
        return word.split { ",@()".contains($0) }.map { $0.bare.stripping("'\"") }
            .filter { !$0.isEmpty }
    }
}
