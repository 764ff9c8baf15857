import Testing

extension KernelTests {
    @Test func `agrees with the kernel on random nftables rule sets`() throws {
        let laboratory = try Laboratory(
            clients: RandomRules.clients, address: RandomRules.server,
            behind: RandomNftRules.machines)
        defer {
            do { try laboratory.close() } catch { Issue.record(error) }
        }
        let comparison = Comparison(laboratory, .nft, behind: [RandomNftRules.inner])
        try Self.compare(comparison, rounds: 6) { seed in
            var maker = RandomNftRules(seed: seed)
            return maker.text()
        }
    }
}
