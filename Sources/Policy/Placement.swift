public import Net

extension Device {
    /// Whether the rules for what passes through the device name an address that those for what it
    /// receives itself don't: it seems to stand before the address, not at it.
    public func seemsToStandBefore(_ address: IPAddress) -> Bool {
        names(address, at: .through) && !names(address, at: .host)
    }

    private func names(_ address: IPAddress, at place: Place) -> Bool {
        var left = stages.filter { $0.places == [place] }.map(\.chain)
        var seen = Set(left)
        while let name = left.popLast() {
            for rule in chains[name]?.rules ?? [] {
                if let meant = rule.match.destinations, meant.contains(address),
                    meant != .all, meant != .allV4, meant != .allV6
                {
                    return true
                }
                guard case .jump(let next) = rule.action, seen.insert(next).inserted else {
                    continue
                }
                left.append(next)
            }
        }
        return false
    }
}
