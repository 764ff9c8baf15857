import Net
import Policy
import Testing

@testable import PolicyFormats

/// Questions about rule sets of nftables, as the tests ask them.
enum NftQuestion {
    static let server = IPAddress(v4: 0xcb00_7105)
    static let client = IPAddress(v4: 0xc633_640a)

    /// A listing with these lines in an input chain whose policy is drop.
    static func table(
        _ rules: [String], family: String = "inet", before: [String] = [], policy: String = "drop"
    ) -> String {
        let head = "type filter hook input priority filter; policy \(policy);"
        let chain = ["\tchain input {", "\t\t\(head)"] + rules.map { "\t\t\($0)" } + ["\t}"]
        return
            (["table \(family) filter {"] + before.map { "\t\($0)" } + chain + ["}"])
            .joined(separator: "\n") + "\n"
    }

    static func read(_ text: String, with others: [(String, String)] = []) -> Configuration {
        Nftables.read(
            ConfigText(file: "nftables.conf", text),
            with: others.map { ConfigText(file: $0.0, $0.1) })
    }

    static func reach(
        _ configuration: Configuration, place: Device.Place = .host, entering: String? = "eth0",
        leaving: String? = nil, from: AddressSet = AddressSet(client), to: IPAddress = server,
        sourcePort: UInt16? = nil, control: UInt16? = nil
    ) -> Reach {
        var question = ReachQuestion(
            from: from, to: to, ports: PortSet(0...65535), control: control)
        if let sourcePort { question.sourcePorts = PortSet(sourcePort...sourcePort) }
        let hop = Hop(
            name: "", configuration: configuration, place: place, outside: entering,
            inside: leaving, source: SourceLine(file: "", line: nil, text: ""))
        return PathEvaluator([hop]).reach(question)
    }

    static func ports(_ reach: Reach, _ verdict: Reach.Verdict = .permitted) -> String {
        let ranges = reach.segments.filter { $0.verdict == verdict }.flatMap(\.ports.ranges)
        return "\(PortSet(ranges))"
    }

    /// The ports that the text lets the client reach.
    static func open(_ text: String) -> String { ports(reach(read(text))) }

    static func states(_ configuration: Configuration) -> [LineNote.State] {
        configuration.notes.map(\.state)
    }
}
