import Net
import Policy
import PolicyFormats
import Testing

/// What the kernel makes of a rule set beside what reach says of it.
struct Comparison {
    let laboratory: Laboratory
    let tool: Laboratory.Tool
    let clients: [String]
    /// The machine with the rules.
    let server: String
    /// Machines to which it forwards.
    let behind: [String]
    let ports: ClosedRange<UInt16>

    struct Mismatch {
        var probe: Probe
        /// Which reading of the rules.
        var form: Form
        var answered: Bool
    }

    /// How the rules came to reach.
    enum Form: String {
        case written = "as written"
        case listed = "as nft lists them"
        case json = "as nft -j lists them"

        var format: String { self == .json ? "nftables-json" : "nftables" }
    }

    /// How many answers were compared, and how many of them said that a port is open.
    private(set) var compared = 0
    private(set) var open = 0
    /// Of how many reach couldn't tell for a known reason.
    private(set) var untold = 0
    /// Why it couldn't tell of others.
    private(set) var doubts: Set<String> = []

    init(
        _ laboratory: Laboratory, _ tool: Laboratory.Tool, behind: [String] = []
    ) {
        self.laboratory = laboratory
        self.tool = tool
        clients = RandomRules.clients
        server = RandomRules.server
        ports = RandomRules.ports
        self.behind = behind
    }

    var probes: [Probe] {
        ([server] + behind).flatMap { destination in
            clients.flatMap { client in
                ports.map { Probe(client: client, destination: destination, port: $0) }
            }
        }
    }

    /// Loads the rules and asks all probes; throws where the kernel doesn't take them.
    mutating func mismatches(_ rules: String) throws -> [Mismatch] {
        try laboratory.load(rules, by: tool)
        let probes = probes
        let answered = try laboratory.answered(probes)
        var wrong: [Mismatch] = []
        for form in Self.forms(tool) {
            let (said, doubts) = try said(rules, form)
            self.doubts.formUnion(doubts)
            for probe in probes {
                guard let permitted = said[probe] else {
                    untold += 1
                    continue
                }
                compared += 1
                if permitted { open += 1 }
                guard permitted != answered.contains(probe) else { continue }
                // A loaded machine may answer late: only what stays wrong is wrong.
                let again = try laboratory.answered([probe]).contains(probe)
                guard permitted != again else { continue }
                wrong.append(Mismatch(probe: probe, form: form, answered: again))
            }
        }
        return wrong
    }

    /// The smallest part of the rules that shows the same mismatch.
    func shrunk(_ rules: String, _ mismatch: Mismatch) -> String {
        Shrinker.shrunk(rules) { rules in
            do {
                try laboratory.load(rules, by: tool)
                let said = try said(rules, mismatch.form).answers
                guard said[mismatch.probe] == !mismatch.answered else { return false }
                return try laboratory.answered([mismatch.probe]).isEmpty != mismatch.answered
            } catch {
                return false  // Without that line it doesn't load.
            }
        }
    }

    /// The ways in which a tool's rules come to reach.
    static func forms(_ tool: Laboratory.Tool) -> [Form] {
        tool == .nft ? [.written, .listed, .json] : [.written]
    }

    static func text(_ rules: String, _ form: Form, _ laboratory: Laboratory) throws -> String {
        switch form {
        case .written: rules
        case .listed: try laboratory.listing(json: false)
        case .json: try laboratory.listing(json: true)
        }
    }

    /// Where it may be that reach can't tell: a rule gives one of several ports or addresses, or
    /// sends to the machine itself, and a later one asks which.
    private static let known = ["depends on which of", "the device's own address"]

    /// Whether reach permits each probe; none where it can't tell for a known reason.
    private func said(
        _ rules: String, _ form: Form
    ) throws -> (answers: [Probe: Bool], doubts: Set<String>) {
        let text = try Self.text(rules, form, laboratory)
        let configuration = try Formats.read(
            file: "rules", bytes: Array(text.utf8), as: tool == .nft ? form.format : nil)
        let clients = clients.compactMap { IPAddress($0) }
        var said: [Probe: Bool] = [:]
        var doubts: Set<String> = []
        for destination in [server] + behind {
            let hop = Hop(
                name: "", configuration: configuration,
                place: destination == server ? .host : .through, outside: Laboratory.interface,
                inside: Laboratory.inside, source: SourceLine(file: "", line: nil, text: ""))
            let question = ReachQuestion(
                from: AddressSet(clients.map { $0...$0 }),
                to: try #require(IPAddress(destination)), ports: PortSet(ports))
            for segment in PathEvaluator([hop]).reach(question).segments {
                let probes = clients.filter(segment.from.contains).flatMap { client in
                    segment.ports.ports.map {
                        Probe(client: "\(client)", destination: destination, port: $0)
                    }
                }
                switch segment.verdict {
                case .permitted: for probe in probes { said[probe] = true }
                case .denied: for probe in probes { said[probe] = false }
                case .unknown
                where segment.notes.contains(where: { note in
                    Self.known.contains { note.contains($0) }
                }): break
                default: doubts.formUnion(segment.notes + ["\(segment.verdict)"])
                }
            }
        }
        return (said, doubts)
    }
}
