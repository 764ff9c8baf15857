public import Net

extension Device {
    /// The device as a site says that it stands: what it says goes before what is usual.
    public func standing(at hop: Hop) -> Device {
        var device = self
        device.usualPlace = hop.place
        let name = { (text: String) in interface(meant: text) ?? text }
        device.usualEntering = hop.outside.map(name) ?? usualEntering
        device.statedLeaving = hop.inside.map(name) ?? statedLeaving
        device.usualSelection = hop.select ?? usualSelection
        return device
    }

    /// The interface by which packets from outside leave for an address.
    public func leaving(towards address: IPAddress) -> String? {
        statedLeaving ?? interface(towards: address) ?? usualLeaving
    }

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
