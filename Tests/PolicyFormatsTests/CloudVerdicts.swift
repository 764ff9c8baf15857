import Dice
import Net
import Policy
import PolicyFormats
import Testing

/// Questions to a configuration, as the tests of several formats ask them.
enum Verdicts {
    static let server = IPAddress(v4: 0xcb00_7105)
    static let client = IPAddress(v4: 0xc633_640a)

    static func reach(
        _ configuration: Configuration, select: String? = nil,
        from: AddressSet = AddressSet(client),
        to: IPAddress = server, place: Device.Place? = nil, entering: String? = nil,
        sourcePorts: PortSet = PortSet(1024...65535), control: UInt16? = nil
    ) -> Reach {
        let question = ReachQuestion(
            from: from, to: to, ports: PortSet(1...65535), sourcePorts: sourcePorts,
            control: control)
        let hop = Hop(
            name: "", configuration: configuration,
            place: place ?? configuration.device?.usualPlace ?? .host, outside: entering,
            select: select, source: SourceLine(file: "", line: nil, text: ""))
        return PathEvaluator([hop]).reach(question)
    }

    /// The ports of a verdict.
    static func ports(_ reach: Reach, _ verdict: Reach.Verdict = .permitted) -> String {
        "\(PortSet(reach.segments.filter { $0.verdict == verdict }.flatMap(\.ports.ranges)))"
    }

    /// The line that decided for a port.
    static func line(_ reach: Reach, _ port: UInt16) -> Int? {
        reach.segments.first { $0.ports.contains(port) }?.decidedBy.last?.source.line
    }

    static func states(_ configuration: Configuration) -> Set<LineNote.State> {
        Set(configuration.notes.map(\.state))
    }

    /// Reads broken variants: every line has one note, none traps, and none lets more pass in doubt.
    static func survives(
        _ text: String, rounds: Int = 300,
        _ read: (_ bytes: [UInt8]) -> Configuration
    ) {
        let seed = UInt64.random(in: 0 ... .max)
        print("seed \(seed)")
        var dice = Dice(seed: seed)
        let whole = Array(text.utf8)
        let cuts = stride(from: 0, through: whole.count, by: max(1, whole.count / 150))
        let variants =
            cuts.map { Array(whole[..<$0]) } + (0..<rounds).map { _ in dice.broken(text) }
        for bytes in variants {
            let configuration = read(bytes)
            let lines = ConfigText(file: "a", bytes: bytes).lines.count
            #expect(configuration.notes.map(\.line) == Array(0..<lines).map { $0 + 1 })
            if let select = configuration.device?.selectable.first {
                _ = reach(configuration, select: select)
            }
            _ = reach(configuration)
        }
    }
}
