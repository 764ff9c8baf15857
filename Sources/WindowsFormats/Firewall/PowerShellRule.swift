import Policy
import PolicyText

/// A rule of `Get-NetFirewallRule` with the filters that belong to it.
///
/// Source: learn.microsoft.com, NetSecurity; the classes MSFT_NetFirewallRule, MSFT_NetProtocolPortFilter,
/// MSFT_NetAddressFilter, MSFT_NetApplicationFilter and their numbers.
struct PowerShellRule {
    /// Properties that shape a rule, by the argument of netsh that they are.
    static let tags: [String: String] = [
        "displayname": "name", "rulename": "name", "enabled": "enable", "direction": "dir",
        "action": "action", "profile": "profile", "profiles": "profile",
        "protocol": "protocol", "localport": "localport", "localports": "localport",
        "remoteport": "remoteport", "remoteports": "remoteport", "localaddress": "localip",
        "localaddresses": "localip", "localip": "localip", "remoteaddress": "remoteip",
        "remoteaddresses": "remoteip", "remoteip": "remoteip", "program": "program",
        "apppath": "program", "application": "program", "service": "service",
        "servicename": "service", "interfacetype": "interfacetype",
        "interfacetypes": "interfacetype", "remotemachine": "rmtcomputergrp",
        "remotemachines": "rmtcomputergrp", "remoteuser": "rmtusrgrp",
        "remoteusers": "rmtusrgrp", "authentication": "security", "encryption": "security",
        "group": "group", "displaygroup": "group", "rulegroup": "group",
    ]
    /// Properties that narrow a rule unless they say one of these words, or nothing.
    private static let conditions: [String: (why: String, idle: Set<String>)] = [
        "interfacealias": ("on one interface only", ["any", "*"]),
        "localuser": ("for some users' programs only", ["any"]),
        "localusers": ("for some users' programs only", ["any"]),
        "owner": ("for one user's programs only", []),
        "overrideblockrules": ("for connections with IPsec only", ["false", "0"]),
        "isnegated": ("its filter is negated", ["false"]),
        "localonlymapping": ("only with a mapping of its own", ["false"]),
        "dynamictarget": ("for a kind of proximity only", ["any", "0"]),
        "dynamictransport": ("for a kind of proximity only", ["any", "0"]),
        "remotedynamickeywordaddresses": ("for addresses by keyword only", []),
        "policyappid": ("for tagged programs only", []),
    ]
    /// Properties that don't change whom a rule lets in.
    private static let idle: Set<String> = [
        "name", "instanceid", "ruleid", "id", "description", "displaydescription", "caption",
        "elementname", "commonname", "edgetraversalpolicy", "edgetraversal",
        "loosesourcemapping", "primarystatus", "status", "enforcementstatus",
        "policystoresource", "policystoresourcetype", "policystore", "pscomputername",
        "cimclass", "ciminstanceproperties", "cimsystemproperties", "creationclassname",
        "systemcreationclassname", "systemname", "policyrulename", "policykeywords",
        "policydecisionstrategy", "policyroles", "conditionlisttype", "executionstrategy",
        "mandatory", "priority", "ruleusage", "sequencedactions", "communicationstatus",
        "detailedstatus", "healthstate", "installdate", "operatingstatus",
        "operationalstatus", "statusdescriptions", "icmptype", "icmptypes", "version",
        "pspath", "computername", "hostname", "runspaceid", "displaygroupname", "fqdn",
    ]

    let source: SourceLine
    private(set) var object: PowerShellObject
    /// Lines of properties that shape it, and of those that don't; those that aren't known.
    private(set) var shaping: [ClosedRange<Int>] = []
    private(set) var other: [ClosedRange<Int>] = []
    private(set) var strange: [(lines: ClosedRange<Int>, name: String)] = []
    private var doubts: [String] = []

    init(_ object: PowerShellObject, _ source: SourceLine) {
        self.object = object
        self.source = source
    }

    static func isKnown(_ name: String) -> Bool {
        tags[name] != nil || conditions[name] != nil || name == "package" || name == "platform"
    }

    /// Takes what a filter says of it.
    mutating func join(_ filter: PowerShellObject) {
        for (name, value) in filter.values where Self.isKnown(name) { object.put(name, value) }
        if !filter.disputed.isEmpty || filter.fault != nil {
            doubts.append("one of its filters isn't whole")
        }
    }

    /// The rule, and what had to be taken for granted.
    mutating func rule() -> (rule: AdvancedRule, assumptions: [String]) {
        var rule = AdvancedRule(arguments: [:], source: source, isReported: true)
        if let fault = object.fault {
            rule.doubt = fault
            return (rule, [])
        }
        for name in object.disputed.sorted() where Self.isKnown(name) {
            doubts.append("it says twice, and not alike, its \(name.excerpt)")
        }
        var isPackaged = false
        for (name, value) in object.values.sorted(by: { $0.key < $1.key }) {
            if let tag = Self.tags[name] {
                shaping.append(value.lines)
                take(value.texts, of: tag, name, &rule)
            } else if let condition = Self.conditions[name] {
                shaping.append(value.lines)
                let texts = value.texts.map { $0.lowercased() }
                if !texts.allSatisfy(condition.idle.contains) { doubts.append(condition.why) }
            } else if name == "package" {
                shaping.append(value.lines)
                isPackaged = !value.texts.allSatisfy { $0.same("Any") }
            } else if name == "platform" {
                shaping.append(value.lines)
                if !value.texts.allSatisfy(Self.isMet) {
                    doubts.append("for some versions of Windows only")
                }
            } else if Self.idle.contains(name) {
                other.append(value.lines)
            } else {
                strange.append((value.lines, name))
                if !value.texts.isEmpty, value.texts.map({ $0.lowercased() }) != ["any"] {
                    doubts.append("its property \(name.excerpt) isn't known")
                }
            }
        }
        if isPackaged { package(&rule) }
        let assumptions = complete(&rule)
        rule.doubt = doubts.isEmpty ? nil : doubts.joined(separator: "; ")
        return (rule, assumptions)
    }

    private mutating func take(
        _ texts: [String], of tag: String, _ name: String, _ rule: inout AdvancedRule
    ) {
        guard !texts.isEmpty else { return }
        let value = Self.value(texts, of: tag)
        guard let old = rule.arguments[tag], old != value else {
            rule.arguments[tag] = value
            return
        }
        switch tag {
        case "security": if value != "notrequired" { rule.arguments[tag] = value }
        case "group", "name": break
        case "program", "service":
            // One name of the property may say that it is any, where the other tells which.
            if old == "any" {
                rule.arguments[tag] = value
            } else if value != "any" {
                doubts.append("it says twice, and not alike, its \(name)")
            }
        default: doubts.append("it says twice, and not alike, its \(name)")
        }
    }

    /// A package that Windows ships serves no FTP.
    private mutating func package(_ rule: inout AdvancedRule) {
        let names = ["group", "displaygroup", "displayname", "description"]
        let isShipped = names.contains { name in
            object[name]?.contains { WindowsProgram.isShipped(package: $0) } ?? false
        }
        if isShipped {
            rule.arguments["program"] = "System"
        } else {
            doubts.append("for an app package only")
        }
    }

    /// What the export leaves out.
    private mutating func complete(_ rule: inout AdvancedRule) -> [String] {
        let needed = [
            ("enable", "Enabled"), ("dir", "Direction"), ("action", "Action"),
            ("profile", "Profile"), ("protocol", "Protocol"), ("remoteip", "RemoteAddress"),
        ]
        for (tag, name) in needed where rule.arguments[tag] == nil {
            doubts.append("the export doesn't tell its \(name)")
        }
        let withPorts = WindowsProtocol(rule.arguments["protocol"] ?? "any") == .tcp
        if withPorts, rule.arguments["localport"] == nil {
            doubts.append("the export doesn't tell its LocalPort")
        }
        var assumptions: [String] = []
        if rule.arguments["program"] == nil {
            let ports = rule.arguments["localport"].flatMap { WindowsPorts($0) }
            if rule.arguments["group"] != nil || ports?.ports == nil {
                doubts.append("the export doesn't tell its Program")
            } else {
                assumptions.append(
                    "rules for certain ports taken as for all programs: the export lacks Program")
            }
        }
        let lacks = ["localip", "remoteport", "interfacetype", "security"].contains {
            rule.arguments[$0] == nil
        }
        if lacks {
            assumptions.append(
                "rules taken as without conditions that the export lacks (local addresses, the "
                    + "client's ports, interface types, IPsec)")
        }
        return assumptions
    }

    /// The cmdlets themselves need Windows 6.2.
    private static func isMet(_ platform: String) -> Bool {
        ["6.0+", "6.1+", "6.2+", ""].contains(platform)
    }

    private static func value(_ texts: [String], of tag: String) -> String {
        let word = texts.count == 1 ? texts[0].lowercased() : ""
        switch tag {
        case "enable": return ["true": "yes", "1": "yes", "false": "no", "2": "no"][word] ?? word
        case "dir":
            return ["inbound": "in", "1": "in", "outbound": "out", "2": "out"][word] ?? word
        case "action":
            return ["2": "allow", "3": "bypass", "allowbypass": "bypass", "4": "block"][word]
                ?? word
        case "profile":
            if let bits = Int(word) { return profiles(bits) }
        case "security": return word == "0" || word == "notrequired" ? "notrequired" : "required"
        case "interfacetype": if word == "0" { return "any" }
        case "program", "service", "name", "group":
            let text = texts.joined(separator: ",")
            return text.same("any") ? "any" : text
        default: break
        }
        // Lists come as such, or joined by commas, blanks or in braces.
        let parts = texts.flatMap { text in
            text.split { ",; \n\t{}".contains($0) }.map { String($0) }
        }
        return parts.isEmpty ? "?" : parts.joined(separator: ",")
    }

    private static func profiles(_ bits: Int) -> String {
        if bits == 0 || bits == 0x7fff_ffff { return "any" }
        guard (1...7).contains(bits) else { return "\(bits)" }
        return [(1, "domain"), (2, "private"), (4, "public")]
            .filter { bits & $0.0 != 0 }.map(\.1).joined(separator: ",")
    }
}
