import Net
import Policy

/// A rule of `netsh advfirewall firewall`, as its arguments say.
///
/// Source: learn.microsoft.com, netsh advfirewall firewall (dd734783).
struct AdvancedRule: Hashable {
    static let tags = [
        "name", "dir", "action", "program", "service", "description", "enable", "profile",
        "localip", "remoteip", "localport", "remoteport", "protocol", "interfacetype",
        "rmtcomputergrp", "rmtusrgrp", "edge", "security", "group", "type",
    ]

    /// By tag in small letters.
    var arguments: [String: String]
    var source: SourceLine
    /// Why it may not be in force.
    var doubt: String?

    /// What it says, by whatever line.
    var essence: [String?] {
        Self.tags.map { $0 == "description" ? nil : arguments[$0] } + [doubt]
    }

    enum Meaning {
        case rule(FilterRule)
        /// It touches no new TCP connection to this host.
        case none(String)
        case invalid(String)
    }

    func filterRule() -> FilterRule? {
        if case .rule(let rule) = meaning() { return rule }
        return nil
    }

    func meaning() -> Meaning {
        guard let direction = arguments["dir"]?.lowercased() else { return .invalid("no dir=") }
        guard direction == "in" || direction == "out" else { return .invalid("dir is in or out") }
        guard let verb = arguments["action"]?.lowercased(),
            ["allow", "block", "bypass"].contains(verb)
        else { return .invalid("action is allow, block or bypass") }
        let kind = arguments["protocol"]?.lowercased() ?? "any"
        let isTCP = kind == "tcp" || kind == "6"
        let withPorts = isTCP || kind == "udp" || kind == "17"
        for tag in ["localport", "remoteport"] where arguments[tag] != nil && !withPorts {
            return .invalid("\(tag) needs protocol=TCP or UDP")
        }
        if direction == "out" { return .none("of outgoing connections") }
        guard isTCP || kind == "any" else { return .none("not TCP") }
        guard arguments["enable"]?.same("no") != true else { return .none("not enabled") }
        var doubts = doubt.map { [$0] } ?? []
        var match = Match()
        for (tag, path) in [("localport", \Match.destinationPorts), ("remoteport", \.sourcePorts)] {
            switch Self.ports(arguments[tag] ?? "any") {
            case nil: return .invalid("\(tag) isn't ports")
            case .some((let ports, let why)):
                match[keyPath: path] = ports
                doubts += why
            }
        }
        for (tag, path) in [("remoteip", \Match.sources), ("localip", \.destinations)] {
            guard let scope = WindowsScope(arguments[tag] ?? "any") else {
                return .invalid("\(tag) isn't addresses")
            }
            match[keyPath: path] = scope.addresses
            doubts += scope.doubt.map { [$0] } ?? []
        }
        match.notModelled = doubts + conditions(verb)
        let action: Action = verb == "block" ? .deny(answered: false) : .permit
        return .rule(FilterRule(match, action, source))
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
        if let profile = arguments["profile"]?.lowercased(), profile != "any" {
            let named = Set(profile.split(separator: ",").map { $0.filter { $0 != " " } })
            if !named.isSuperset(of: ["domain", "private", "public"]) {
                result.append("in the \(profile) profile only, and which is in force isn't known")
            }
        }
        for tag in ["interfacetype", "rmtcomputergrp", "rmtusrgrp"] {
            if let value = arguments[tag], !value.same("any") {
                result.append("only with \(tag)=\(value.excerpt)")
            }
        }
        if let security = arguments["security"], !security.same("notrequired") {
            result.append("for connections with IPsec only")
        }
        if verb == "bypass" { result.append("for connections with IPsec only") }
        return result
    }

    /// `any`, numbers and ranges; keywords such as RPC stand for ports that aren't known.
    private static func ports(_ text: String) -> (ports: PortSet?, doubts: [String])? {
        if text.same("any") || text == "0-65535" { return (nil, []) }
        if let ports = PortSet(text.filter { $0 != " " }) { return (ports, []) }
        let words = text.split(separator: ",").map { $0.bare.lowercased() }
        let keywords = [
            "rpc", "rpc-epmap", "iphttps", "iphttpsin", "iphttpsout", "teredo", "ply2disc",
        ]
        guard !words.isEmpty,
            words.allSatisfy({ keywords.contains($0) || PortSet($0) != nil })
        else { return nil }
        return (nil, ["for \(text.excerpt), whose ports aren't known"])
    }
}
