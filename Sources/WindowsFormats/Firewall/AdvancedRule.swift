import Net
import Policy
import PolicyText

/// A rule of Windows Firewall with Advanced Security, as the arguments of `netsh advfirewall
/// firewall` would say it, whatever file tells it.
///
/// Source: learn.microsoft.com, netsh advfirewall firewall (dd734783); MS-FASP 2.2.37.
struct AdvancedRule: Hashable {
    static let tags = [
        "name", "dir", "action", "program", "service", "description", "enable", "profile",
        "localip", "remoteip", "localport", "remoteport", "protocol", "interfacetype",
        "rmtcomputergrp", "rmtusrgrp", "edge", "security", "group", "type",
    ]
    /// What doesn't change whom it lets in.
    private static let labels: Set<String> = ["name", "description", "group", "type", "edge"]

    /// By tag in small letters.
    var arguments: [String: String]
    var source: SourceLine
    /// Why it may not be in force.
    var doubt: String?
    /// Windows tells it, rather than being asked for it: what isn't understood of it is unknown.
    var isReported = false

    /// What it says, by whatever line.
    var essence: [String?] {
        Self.tags.map { $0 == "description" ? nil : arguments[$0] } + [doubt]
    }

    /// What it says but for its profiles, by whatever name.
    var scope: [String?] {
        Self.tags.map { $0 == "profile" || Self.labels.contains($0) ? nil : arguments[$0] }
            + [doubt]
    }

    /// For the addresses alone that it names beside words for places; nil where it names no both.
    var withoutPlaces: AdvancedRule? {
        guard let remote = arguments["remoteip"].flatMap(WindowsScope.withoutPlaces) else {
            return nil
        }
        var rule = self
        rule.arguments["remoteip"] = remote
        return rule
    }

    enum Meaning {
        case rule(FilterRule)
        /// It touches no new TCP connection to this host.
        case none(String)
        case invalid(String)
    }

    /// The profiles for which it is; nil where some word of it isn't known.
    var profiles: Set<String>? {
        let words = (arguments["profile"] ?? "any").lowercased()
            .split { $0 == "," || $0 == ";" }.map(\.bare)
        if words.isEmpty || words.contains("any") || words.contains("all") {
            return WindowsFirewall.Switch.everywhere
        }
        let named = Set(words)
        return named.isSubset(of: WindowsFirewall.Switch.everywhere) ? named : nil
    }

    /// What it means where one of the profiles `force` is in force; `shared` are the profiles of
    /// all rules that say the same, where there are others.
    func meaning(
        in force: Set<String> = WindowsFirewall.Switch.everywhere, shared: Set<String>? = nil
    ) -> Meaning {
        var doubts = doubt.map { [$0] } ?? []
        let direction = arguments["dir"]?.lowercased()
        if direction == "out" { return outgoing() }
        if direction != "in" {
            guard isReported else {
                return .invalid(direction == nil ? "no dir=" : "dir is in or out")
            }
            doubts.append("its direction isn't told in words that are known")
        }
        let verb = arguments["action"]?.lowercased() ?? ""
        let isVerb = ["allow", "block", "bypass"].contains(verb)
        guard isVerb || isReported else { return .invalid("action is allow, block or bypass") }
        if let why = standsAside(&doubts) { return why }
        let profiles = shared ?? profiles
        if let profiles, profiles.isDisjoint(with: force) {
            return .none("for profiles that aren't in force")
        }
        guard var match = match(&doubts) else {
            return .invalid("its ports or addresses aren't such")
        }
        if profiles == nil || profiles?.isSuperset(of: force) == false {
            let named = arguments["profile"]?.lowercased() ?? ""
            doubts.append(
                "in the \(named.excerpt) profile only, and which is in force isn't known")
        }
        match.notModelled = doubts + conditions(verb)
        guard isVerb else {
            let why = (["its action isn't told in words that are known"] + match.notModelled)
                .joined(separator: "; ")
            match.notModelled = []
            return .rule(FilterRule(match, .unknown(why), source))
        }
        let action: Action = verb == "block" ? .deny(answered: false) : .permit
        return .rule(FilterRule(match, action, source))
    }

    private func outgoing() -> Meaning {
        isReported ? .none("of outgoing connections") : fault() ?? .none("of outgoing connections")
    }

    /// Whether netsh would refuse it for its ports.
    private func fault() -> Meaning? {
        if let verb = arguments["action"]?.lowercased(),
            !["allow", "block", "bypass"].contains(verb)
        {
            return .invalid("action is allow, block or bypass")
        }
        let kind = arguments["protocol"]?.lowercased() ?? "any"
        guard !["tcp", "6", "udp", "17"].contains(kind) else { return nil }
        for tag in ["localport", "remoteport"] where arguments[tag] != nil {
            return .invalid("\(tag) needs protocol=TCP or UDP")
        }
        return nil
    }

    /// Not for TCP, or not in force: then nothing else of it counts.
    private func standsAside(_ doubts: inout [String]) -> Meaning? {
        if !isReported, let fault = fault() { return fault }
        switch WindowsProtocol(arguments["protocol"] ?? "any") {
        case .tcp, .any: break
        case .other: return .none("not TCP")
        case nil:
            guard isReported else { return .none("not TCP") }
            doubts.append("its protocol isn't told in words that are known")
        }
        let enabled = arguments["enable"]?.lowercased() ?? "yes"
        if enabled == "no" { return .none("not enabled") }
        if isReported, enabled != "yes" {
            doubts.append("whether it is enabled isn't told in words that are known")
        }
        return isForOthers ? .none("for a program that serves no FTP") : nil
    }

    /// Windows tells it of a program that serves no FTP, and names no ports that stay: it opens
    /// what that program listens on, and no port of an FTP server.
    private var isForOthers: Bool {
        guard isReported,
            let ports = WindowsPorts(arguments["localport"] ?? "any"),
            ports.ports == nil || ports.doubt != nil
        else { return false }
        return WindowsProgram.servesNoFTP(
            arguments["program"] ?? "any", service: arguments["service"] ?? "any")
    }

    /// Its ports and addresses; nil where netsh would refuse them.
    private func match(_ doubts: inout [String]) -> Match? {
        var match = Match()
        let withPorts = WindowsProtocol(arguments["protocol"] ?? "any") != .any
        for (tag, path) in [("localport", \Match.destinationPorts), ("remoteport", \.sourcePorts)] {
            guard let text = arguments[tag] else { continue }
            guard let ports = WindowsPorts(text) else {
                guard isReported else { return nil }
                doubts.append("its \(tag) \(text.excerpt) isn't understood")
                continue
            }
            if withPorts {
                match[keyPath: path] = ports.ports
                doubts += ports.doubt.map { [$0] } ?? []
            } else if ports.ports != nil {
                doubts.append("it names ports, and TCP isn't named")
            }
        }
        for (tag, path) in [("remoteip", \Match.sources), ("localip", \.destinations)] {
            guard let text = arguments[tag] else { continue }
            guard let scope = WindowsScope(text) else {
                guard isReported else { return nil }
                doubts.append("its \(tag) \(text.excerpt) isn't understood")
                continue
            }
            match[keyPath: path] = scope.addresses
            doubts += scope.doubt.map { [$0] } ?? []
        }
        return match
    }

    /// Conditions that the packet alone doesn't tell.
    private func conditions(_ verb: String) -> [String] {
        var result: [String] = []
        if let program = arguments["program"], !program.same("any") {
            result.append("for the program \(program.excerpt) only")
        }
        if let service = arguments["service"], !service.same("any") {
            result.append("for the service \(service.excerpt) only")
        }
        for tag in ["interfacetype", "rmtcomputergrp", "rmtusrgrp"] {
            if let value = arguments[tag], !value.same("any") {
                result.append("only with \(tag)=\(value.excerpt)")
            }
        }
        let isSecured = arguments["security"].map { !$0.same("notrequired") } ?? false
        if isSecured || verb == "bypass" { result.append("for connections with IPsec only") }
        return result
    }
}

/// The protocol that a rule is for, by name or number.
enum WindowsProtocol {
    case tcp, any, other

    private static let names: Set<String> = [
        "udp", "icmpv4", "icmpv6", "igmp", "hopopt", "ipv6", "ipv6-route", "ipv6-frag",
        "ipv6-nonxt", "ipv6-opts", "gre", "vrrp", "pgm", "l2tp", "esp", "ah", "sctp",
    ]

    /// Nil where it is none that is known.
    init?(_ text: String) {
        let word = text.lowercased()
        if word == "tcp" || word == "6" {
            self = .tcp
        } else if word == "any" || word == "256" || word == "*" {
            self = .any
        } else if UInt8(word) != nil || Self.names.contains(word) || word.hasPrefix("icmpv") {
            self = .other
        } else {
            return nil
        }
    }
}
