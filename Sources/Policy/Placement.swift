public import Net

extension Device {
    /// Whether the rules for what passes through the device name an address that those for what it
    /// receives itself don't: it seems to stand before the address, not at it.
    public func seemsToStandBefore(_ address: IPAddress) -> Bool {
        names(address, at: .through) && !names(address, at: .host)
    }

    private func names(_ address: IPAddress, at place: Place) -> Bool {
        hasRule(from: stages.filter { $0.places == [place] }.map(\.chain)) { rule in
            guard let meant = rule.match.destinations else { return false }
            return rule.match.mayBe(for: address) && meant != .all && meant != .allV4
                && meant != .allV6
        }
    }
}
