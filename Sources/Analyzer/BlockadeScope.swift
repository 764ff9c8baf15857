import Net
import Policy

extension ServerView {
    /// At which addresses and to which clients the blockade's line keeps its ports shut, where that
    /// isn't everywhere and to all: what tells findings apart that are about the same ports.
    ///
    /// Of the configuration alone, so that it stays the same while other lines are mended and
    /// whoever has tried; empty where nothing is to be told apart.
    func scope(of blockade: Blockade, encrypted: Bool = false) -> String {
        guard let site else { return "" }
        var places: [IPAddress] = []
        var (clients, shut) = (AddressSet(), AddressSet())
        let answers = encrypted ? reachEncrypted : everyReach
        for answer in answers {
            let own = answer.segments.filter { segment in
                segment.verdict == .denied && segment.decidedBy.last?.source == blockade.line
                    && segment.decidedBy.last?.hop == blockade.hop
                    && !segment.ports.isDisjoint(with: blockade.ports)
            }
            guard !own.isEmpty else { continue }
            if !places.contains(answer.to) { places.append(answer.to) }
            clients = clients.union(Self.clients(of: site, as: answer.to.family))
            shut = shut.union(AddressSet(own.flatMap(\.from.ranges)))
        }
        var scope = ""
        if places.count < addresses.count, !places.isEmpty {
            scope += " at " + places.sorted().map(\.description).joined(separator: ", ")
        }
        let others = clients.subtracting(shut)
        guard !others.isEmpty else { return scope }
        return scope
            + (others.ranges.count < shut.ranges.count
                ? " but \(Self.named(others))" : " from \(Self.named(shut))")
    }

    private static func named(_ clients: AddressSet) -> String {
        clients.ranges.map { AddressSet($0).description }.joined(separator: ", ")
    }
}
