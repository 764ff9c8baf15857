import Policy
import PolicyText

/// One block of `netsh advfirewall firewall show rule`, while its lines are gathered.
struct ListedRule {
    typealias Field = ListingLanguage.Field

    let language: ListingLanguage
    /// The line of its name.
    let line: Int
    private(set) var values: [Field: String] = [:]
    /// Lines of it that shape what it lets in, and those that don't.
    private(set) var shaping: [Int] = []
    private(set) var idle: [Int] = []
    /// Why it may not be what it seems.
    private(set) var faults: [String] = []
    private(set) var last: Field = .name

    private static let labels: Set<Field> = [.name, .description, .group, .edge, .origin]
    private static let needed: [(Field, String)] = [
        (.enabled, "whether it is enabled"), (.direction, "its direction"),
        (.profiles, "its profiles"), (.localAddress, "its local addresses"),
        (.remoteAddress, "its remote addresses"), (.protocol, "its protocol"),
        (.action, "its action"),
    ]
    private static let tags: [Field: String] = [
        .name: "name", .enabled: "enable", .direction: "dir", .profiles: "profile",
        .group: "group", .localAddress: "localip", .remoteAddress: "remoteip",
        .protocol: "protocol", .localPort: "localport", .remotePort: "remoteport",
        .program: "program", .service: "service", .interfaces: "interfacetype",
        .computers: "rmtcomputergrp", .users: "rmtusrgrp", .security: "security",
        .action: "action",
    ]

    init(_ language: ListingLanguage, name: String, line: Int) {
        self.language = language
        self.line = line
        values[.name] = name
        shaping = [line]
    }

    /// The block is as long as Windows prints it: an action ends it.
    var isWhole: Bool { values[.action] != nil }

    mutating func take(_ field: Field, _ value: String, _ line: Int) {
        if let old = values[field], old != value {
            faults.append("it says twice, and not alike, what line \(line) says")
        } else {
            values[field] = value
        }
        if Self.labels.contains(field) { idle.append(line) } else { shaping.append(line) }
        last = field
    }

    /// A further line of the last field: of a table beneath the protocol, of a list that is
    /// wrapped, of a description.
    ///
    /// - Returns: false where the field has but one line.
    mutating func extend(_ text: String, indented: Bool, _ line: Int) -> Bool {
        switch last {
        case .description:
            idle.append(line)
            return true
        case .group where indented, .name where indented:
            idle.append(line)
            return true
        case .protocol where indented:
            shaping.append(line)
            return true
        case .localAddress, .remoteAddress, .localPort, .remotePort, .profiles:
            guard var value = values[last] else { return false }
            let isList = text.utf8.allSatisfy { "0123456789abcdefABCDEF.:/,-".utf8.contains($0) }
            guard indented || isList else { return false }
            if indented, !value.isEmpty, value.utf8.last != UInt8(ascii: ",") { value += "," }
            values[last] = value + text
            shaping.append(line)
            return true
        default: return false
        }
    }

    mutating func doubt(_ why: String) { faults.append(why) }

    /// The rule, and what had to be taken for granted.
    func rule(_ source: SourceLine) -> (rule: AdvancedRule, assumption: String?) {
        var rule = AdvancedRule(arguments: [:], source: source, isReported: true)
        for (field, tag) in Self.tags {
            guard let text = values[field] else { continue }
            let value = language.value(text, of: field)
            // A field without a value limits nothing where it is not needed.
            if value.isEmpty, !Self.needed.contains(where: { $0.0 == field }) { continue }
            rule.arguments[tag] = value
        }
        var doubts = faults
        for (field, what) in Self.needed where (values[field] ?? "").isEmpty {
            doubts.append("\(what) isn't told: the block is cut short")
        }
        let transport = rule.arguments["protocol"]?.lowercased() ?? ""
        if ["tcp", "udp", "6", "17"].contains(transport) {
            for field in [Field.localPort, .remotePort] where (values[field] ?? "").isEmpty {
                doubts.append("its ports aren't told: the block is cut short")
            }
        }
        let (hidden, assumption) = hidden(rule)
        doubts += hidden.map { [$0] } ?? []
        rule.doubt = doubts.isEmpty ? nil : doubts.joined(separator: "; ")
        return (rule, assumption)
    }

    /// What the listing keeps to itself: programs without `verbose`, app packages always. A rule
    /// of no group that names ports is taken as one for all programs.
    private func hidden(_ rule: AdvancedRule) -> (doubt: String?, assumption: String?) {
        let isVerbose = [.security, .interfaces, .origin, .program].contains { values[$0] != nil }
        let hasGroup = rule.arguments["group"] != nil
        if isVerbose {
            let program = rule.arguments["program"] ?? "any"
            guard hasGroup, program == "any", rule.arguments["service"] ?? "any" == "any" else {
                return (nil, nil)
            }
            return ("a shipped rule may be for an app package, which netsh doesn't show", nil)
        }
        let ports = rule.arguments["localport"].flatMap { WindowsPorts($0) }
        if hasGroup || ports?.ports == nil {
            return ("the program that it may be for is only shown by `verbose`", nil)
        }
        return (
            nil, "rules for certain ports taken as for all programs: only `verbose` shows programs"
        )
    }
}
