import Dice
import Net
import Policy
import Testing

@testable import PolicyFormats
@testable import WindowsFormats

/// What a Windows script or listing comes to, asked through the whole policy engine.
struct WindowsVerdicts {
    static let client = IPAddress(v4: 0xc633_640a)
    let configuration: Configuration

    init(_ lines: [String], file: String = "open.cmd") {
        self.init(lines.joined(separator: "\r\n"), file: file)
    }

    init(_ text: String, file: String = "open.cmd") {
        let text = ConfigText(file: file, text)
        let listing = NetshFirewallShow.recognise(text) == .certain
        configuration =
            listing
            ? NetshFirewallShow.read(text)
            : WindowsScript.read(text, as: NetshFirewallScript.name, steps: 10_000)
    }

    func reach(from: IPAddress = client, entering: String? = nil) -> Reach {
        let hop = Hop(
            name: "", configuration: configuration, place: .host, outside: entering,
            source: SourceLine(file: "", line: nil, text: ""))
        return PathEvaluator([hop]).reach(
            ReachQuestion(
                from: AddressSet(from), to: IPAddress(v4: 0xcb00_7105), ports: PortSet(1...65535)))
    }

    /// Ports of that verdict, `21,5001-5201`.
    func ports(
        _ verdict: Reach.Verdict, from: IPAddress = client, entering: String? = nil
    ) -> String {
        let segments = reach(from: from, entering: entering).segments
        return "\(PortSet(segments.filter { $0.verdict == verdict }.flatMap(\.ports.ranges)))"
    }

    var permitted: String { ports(.permitted) }
    var unknown: String { ports(.unknown) }
    var states: [LineNote.State] { configuration.notes.map(\.state) }

    func why(_ line: Int) -> String {
        configuration.notes.first { $0.line == line }?.why ?? ""
    }

    func state(_ line: Int) -> LineNote.State? {
        configuration.notes.first { $0.line == line }?.state
    }

    /// Reads the text cut at every `step` bytes, and `broken` variants of it. Loops of scripts are
    /// followed for few commands, for a broken one may go on long.
    static func batter(
        _ format: any ConfigFormat.Type, _ text: String, file: String = "x.cmd", step: Int = 1,
        broken: Int = 200
    ) {
        func read(_ bytes: [UInt8]) -> Bool {
            let text = ConfigText(file: file, bytes: bytes)
            _ = format.recognise(text)
            let isScript = format == NetshFirewallScript.self || format == IIS6Adsutil.self
            let read =
                isScript
                ? WindowsScript.read(text, as: format.name, steps: 300) : format.read(text)
            return read.notes.count == text.lines.count
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
