import Foundation
import Net
import Policy
import PolicyFormats
import Testing

/// Random rule sets in a real kernel: each verdict of reach against a real SYN.
///
/// `PINHOLE_KERNEL_ROUNDS` says how many rule sets (128 probes each), `PINHOLE_KERNEL_SEED` which.
@Suite(
    .enabled(if: Laboratory.missing == nil, "\(Laboratory.missing ?? "")"),
    .serialized)
struct KernelTests {
    static func setting(_ name: String) -> UInt64? {
        ProcessInfo.processInfo.environment[name].flatMap { UInt64($0) }
    }

    @Test func `agrees with the kernel on random iptables rule sets`() throws {
        let seed = Self.setting("PINHOLE_KERNEL_SEED") ?? UInt64.random(in: 0 ... .max)
        let rounds = Self.setting("PINHOLE_KERNEL_ROUNDS") ?? 15
        print("seed \(seed), \(rounds) rule sets")
        let laboratory = try Laboratory(clients: RandomRules.clients, address: RandomRules.server)
        defer {
            do { try laboratory.close() } catch { Issue.record(error) }
        }
        var wrong = 0
        for round in 0..<rounds {
            var maker = RandomRules(seed: seed &+ round)
            let rules = maker.text()
            do {
                try laboratory.load("*raw\nCOMMIT\n*mangle\nCOMMIT\n*nat\nCOMMIT\n" + rules)
            } catch {
                Issue.record("seed \(seed &+ round): \(error)\n\(rules)")
                continue
            }
            let (expected, untold) = try Self.permitted(rules)
            let probes = RandomRules.clients.flatMap { client in
                RandomRules.ports.map { "\(client):\($0)" }
            }
            let answered = try laboratory.answered(probes, at: RandomRules.server)
            for probe in probes
            where answered.contains(probe) != expected.contains(probe) && !untold.contains(probe) {
                // A loaded machine may answer late: only what stays wrong is wrong.
                let again = try laboratory.answered([probe], at: RandomRules.server)
                guard again.contains(probe) != expected.contains(probe) else { continue }
                wrong += 1
                if wrong <= 3 {
                    let kernel = again.isEmpty ? "drops" : "lets in"
                    Issue.record("seed \(seed &+ round): the kernel \(kernel) \(probe)\n\(rules)")
                }
            }
        }
        #expect(wrong == 0)
    }

    /// The probes that reach permits, and those of which it can't tell: only where a rule gives one
    /// of several ports, and a later one asks which.
    static func permitted(
        _ rules: String
    ) throws -> (permitted: Set<String>, untold: Set<String>) {
        let configuration = try Formats.read(file: "rules", bytes: Array(rules.utf8))
        let hop = Hop(
            name: "", configuration: configuration, place: .host,
            outside: Laboratory.interface, source: SourceLine(file: "", line: nil, text: ""))
        let clients = RandomRules.clients.compactMap { IPAddress($0) }
        let question = ReachQuestion(
            from: AddressSet(clients.map { $0...$0 }),
            to: try #require(IPAddress(RandomRules.server)), ports: PortSet(RandomRules.ports))
        var permitted: Set<String> = []
        var untold: Set<String> = []
        for segment in PathEvaluator([hop]).reach(question).segments {
            let probes = clients.filter(segment.from.contains).flatMap { client in
                segment.ports.ports.map { "\(client):\($0)" }
            }
            switch segment.verdict {
            case .permitted: permitted.formUnion(probes)
            case .unknown where segment.notes.contains { $0.contains("which of ports") }:
                untold.formUnion(probes)
            case .denied: break
            default: Issue.record("\(segment.verdict): \(segment.notes)\n\(rules)")
            }
        }
        return (permitted, untold)
    }
}
