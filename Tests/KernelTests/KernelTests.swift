import Foundation
import Testing

/// Random rule sets in a real kernel: each verdict of reach against a real SYN.
///
/// `PINHOLE_KERNEL_ROUNDS` says how many rule sets (128 probes each, 256 of nftables),
/// `PINHOLE_KERNEL_SEED` which.
@Suite(.enabled(if: Laboratory.missing == nil, "\(Laboratory.missing ?? "")"))
struct KernelTests {
    static func setting(_ name: String) -> UInt64? {
        ProcessInfo.processInfo.environment[name].flatMap { UInt64($0) }
    }

    @Test func `agrees with the kernel on random iptables rule sets`() throws {
        let laboratory = try Laboratory(clients: RandomRules.clients, address: RandomRules.server)
        defer {
            do { try laboratory.close() } catch { Issue.record(error) }
        }
        try Self.compare(Comparison(laboratory, .iptables), rounds: 10) { seed in
            var maker = RandomRules(seed: seed)
            return maker.text()
        }
    }

    /// Draws rule sets and compares each; one that differs is made small and told with its seed.
    static func compare(
        _ comparison: Comparison, rounds usual: UInt64, draw: (UInt64) -> String
    ) throws {
        var comparison = comparison
        let tool = comparison.tool.rawValue
        let seed = setting("PINHOLE_KERNEL_SEED") ?? UInt64.random(in: 0 ... .max)
        let rounds = setting("PINHOLE_KERNEL_ROUNDS") ?? usual
        print("\(tool): seed \(seed), \(rounds) rule sets")
        var told = 0
        for round in 0..<rounds where told < 5 {
            let rules = draw(seed &+ round)
            do {
                guard let wrong = try comparison.mismatches(rules).first else { continue }
                told += 1
                let kernel = wrong.answered ? "lets in" : "drops"
                Issue.record(
                    """
                    \(tool), seed \(seed &+ round), \(wrong.form.rawValue): \
                    the kernel \(kernel) \(wrong.probe) by
                    \(comparison.shrunk(rules, wrong))
                    """)
            } catch {
                told += 1
                Issue.record("\(tool), seed \(seed &+ round): \(error)\n\(rules)")
            }
        }
        print(
            "\(tool): \(comparison.compared) answers compared, \(comparison.open) of them open;",
            "\(comparison.untold) not told")
        #expect(comparison.doubts.isEmpty)
    }
}
