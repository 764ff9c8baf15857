import Net
import Policy
import PolicyText

/// Commands of `netsh firewall`, which opens one port a command; of `netsh advfirewall`, which
/// takes ranges, where the configuration is written in it.
enum NetshFirewallFix {
    static let platform = "Windows Server 2003 (netsh firewall)"
    static let advancedPlatform = "Windows (netsh advfirewall)"

    static func fix(_ change: Change, _ configuration: Configuration?) -> Fix? {
        let isAdvanced = configuration?.notes.contains { $0.text.mentions("advfirewall") } ?? false
        if isAdvanced, let fix = advanced(change, configuration) { return fix }
        switch change {
        case .permit(let ports, _):
            let shut = ports.subtracting(open(configuration))
            guard !shut.isEmpty else { return nil }
            return Fix(
                platform: platform, commands: shut.ranges.map(add), undo: shut.ranges.map(delete))
        case .forbid(let ports, _):
            let wereOpen = configuration == nil ? ports : ports.intersection(open(configuration))
            return Fix(
                platform: platform, commands: ports.ranges.map(delete),
                undo: wereOpen.ranges.map(add))
        case .setPassiveRange, .advertise, .requireTLS, .refuseForeignPeers, .refuseActive,
            .restart:
            guard configuration?.server != nil else { return nil }
            return IISFTPService.fix(change, .six, configuration)
        case .set(.ignoreControl) where isAdvanced:
            let global = "netsh advfirewall set global statefulftp"
            return Fix(
                platform: advancedPlatform, commands: ["\(global) disable"],
                undo: ["\(global) enable"])
        case .translate, .set:
            return nil
        }
    }

    /// Ports that are open to everybody: they were opened by other hands, and stay so when the
    /// commands are taken back.
    private static func open(_ configuration: Configuration?) -> PortSet {
        guard let configuration else { return PortSet() }
        let hop = Hop(
            name: "", configuration: configuration, place: .host,
            source: SourceLine(file: "", line: nil, text: ""))
        let question = ReachQuestion(
            from: .allV4, to: IPAddress(v4: 0xc000_0201), ports: PortSet(0...65535))
        let segments = PathEvaluator([hop]).reach(question).segments
        return segments.reduce(PortSet(0...65535)) {
            $1.verdict == .permitted ? $0 : $0.subtracting($1.ports)
        }
    }

    /// A name that no rule has, for netsh deletes all rules of a name.
    static func name(_ wanted: String, _ configuration: Configuration?) -> String {
        let texts = (configuration?.notes ?? []).map(\.text)
        let names = [wanted] + (2...99).map { "\(wanted) (\($0))" }
        return names.first { name in !texts.contains { $0.contains(name) } } ?? wanted
    }

    /// Rules of `netsh advfirewall`; nil for a change that isn't of rules.
    static func advanced(_ change: Change, _ configuration: Configuration?) -> Fix? {
        switch change {
        case .permit(let ports, _):
            advanced(
                name("FTP \(ports)", configuration), "allow", ports,
                after: blocks(ports, configuration).map { "REM " + $0 })
        case .forbid(let ports, _):
            advanced(name("Not for FTP \(ports)", configuration), "block", ports)
        default: nil
        }
    }

    /// Sentences about lines that block some of the ports: no rule opens those.
    static func blocks(_ ports: PortSet, _ configuration: Configuration?) -> [String] {
        let rules = configuration?.device?.chains["inbound"]?.rules ?? []
        return rules.filter { $0.action == .deny(answered: false) }.compactMap { rule in
            let hit = ports.intersection(rule.match.destinationPorts ?? .all)
            guard !hit.isEmpty, let line = rule.source.line else { return nil }
            let verb = rule.match.notModelled.isEmpty ? "blocks" : "may block"
            return "line \(line) \(verb) \(hit), and no rule opens that: change or delete it first"
        }
    }

    /// A block beats every rule that lets in, so that nothing need be taken away; what another
    /// rule blocks, no rule opens.
    private static func advanced(
        _ name: String, _ action: String, _ ports: PortSet, after notes: [String] = []
    ) -> Fix {
        let rule = "netsh advfirewall firewall"
        return Fix(
            platform: advancedPlatform,
            commands: notes + [
                "\(rule) add rule name=\"\(name)\" dir=in action=\(action) protocol=TCP localport=\(ports)"
            ],
            undo: ["\(rule) delete rule name=\"\(name)\""])
    }

    private static func add(_ range: ClosedRange<UInt16>) -> String {
        guard range.count > 1 else {
            let name = range.lowerBound == 21 ? "FTP" : "FTP \(range.lowerBound)"
            return "netsh firewall add portopening TCP \(range.lowerBound) \"\(name)\""
        }
        return loop(range) + #"netsh firewall add portopening TCP %I "Passive FTP %I""#
    }

    private static func delete(_ range: ClosedRange<UInt16>) -> String {
        range.count == 1
            ? "netsh firewall delete portopening TCP \(range.lowerBound)"
            : loop(range) + "netsh firewall delete portopening TCP %I"
    }

    private static func loop(_ range: ClosedRange<UInt16>) -> String {
        "FOR /L %I IN (\(range.lowerBound),1,\(range.upperBound)) DO "
    }
}
