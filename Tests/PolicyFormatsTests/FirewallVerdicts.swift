import Dice
import Net
import Policy
import Testing

@testable import PolicyFormats

/// What a firewall's configuration comes to, asked through the whole policy engine.
struct FirewallVerdicts {
    let configuration: Configuration
    var place: Device.Place?
    var entering: String?
    var leaving: String?
    var select: String?

    init(_ format: any ConfigFormat.Type, _ text: String) {
        self.init(format.read(ConfigText(file: "fw.cfg", text)))
    }

    init(_ configuration: Configuration) { self.configuration = configuration }

    func reach(
        _ to: String, from: String = "198.51.100.10", ports: String = "1-65535",
        control: UInt16? = nil
    ) throws -> Reach {
        let hop = Hop(
            name: "", configuration: configuration,
            place: place ?? configuration.device?.usualPlace ?? .through, outside: entering,
            inside: leaving, select: select, source: SourceLine(file: "", line: nil, text: ""))
        var question = ReachQuestion(
            from: AddressSet(try #require(Prefix(from))), to: try #require(IPAddress(to)),
            ports: try #require(PortSet(ports)))
        question.control = control
        return PathEvaluator([hop]).reach(question)
    }

    /// Ports of that verdict: `21,5001-5201`.
    func ports(
        _ verdict: Reach.Verdict = .permitted, _ to: String, from: String = "198.51.100.10",
        control: UInt16? = nil
    ) throws -> String {
        let segments = try reach(to, from: from, control: control).segments
        return "\(PortSet(segments.filter { $0.verdict == verdict }.flatMap(\.ports.ranges)))"
    }

    /// Ports that are permitted.
    func ports(_ to: String) throws -> String { try ports(.permitted, to) }

    /// Where a port is delivered.
    func delivered(_ to: String, _ port: UInt16) throws -> String {
        let segment = try reach(to, ports: "\(port)").segments.first
        let address = segment?.translatedTo.map { "\($0)" } ?? to
        return segment?.translatedPorts.map { "\(address):\($0.lowerBound)" } ?? address
    }

    /// Lines that decided about a port.
    func lines(_ to: String, _ port: UInt16) throws -> [Int] {
        try reach(to, ports: "\(port)").segments.flatMap(\.decidedBy).compactMap(\.source.line)
    }

    func state(_ line: Int) -> LineNote.State? {
        configuration.notes.first { $0.line == line }?.state
    }

    /// The configuration's lines with a fix's commands below them.
    func mended(_ format: any ConfigFormat.Type, _ change: Change) throws -> FirewallVerdicts {
        let made = format.fix(change, configuration)
        let fix = try #require(made)
        let lines = configuration.notes.map(\.text) + fix.commands
        var after = FirewallVerdicts(format, lines.joined(separator: "\n"))
        (after.place, after.entering, after.leaving) = (place, entering, leaving)
        return after
    }

    /// Reads the text cut at every `step` bytes, and `broken` variants of it.
    static func batter(
        _ format: any ConfigFormat.Type, _ text: String, step: Int = 31, broken: Int = 120
    ) {
        func read(_ bytes: [UInt8]) -> Bool {
            let text = ConfigText(file: "fw.cfg", bytes: bytes)
            _ = format.recognise(text)
            return format.read(text).notes.count == text.lines.count
        }
        let bytes = Array(text.utf8)
        for length in stride(from: 0, to: bytes.count, by: step) {
            #expect(read(Array(bytes[..<length])), "cut at \(length)")
        }
        let seed = UInt64.random(in: 0 ... .max)
        print("\(format.name): seed \(seed)")
        var dice = Dice(seed: seed)
        for _ in 0..<broken { #expect(read(dice.broken(text)), "seed \(seed)") }
    }
}
