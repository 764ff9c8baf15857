import Net

/// Which stages of a device are in force, and by which interfaces a packet passes, where only the
/// configuration and the hop's place say.
enum InForce {
    /// The stages, or why they can't be told.
    static func stages(_ device: Device, _ hop: Hop) -> ([Stage], String?) {
        let file = hop.configuration.file
        for name in [hop.outside, hop.inside].compactMap(\.self) {
            if let why = device.lacks(interface: name) { return ([], "\(file): \(why)") }
        }
        guard !device.selectable.isEmpty else {
            if hop.select != nil { return ([], "\(file): it holds no list to select") }
            return (device.stages, nil)
        }
        let names = device.selectable.joined(separator: ", ")
        let choice =
            hop.select ?? device.usualSelection
            ?? (device.selectable.count == 1 ? device.selectable.first : nil)
        guard let choice else {
            return ([], "\(file): it holds several lists, and none is selected: \(names)")
        }
        guard device.selectable.contains(choice) else {
            return ([], "\(file): it holds no list '\(choice)', but \(names)")
        }
        var stages = device.stages.filter {
            $0.chain == choice || !device.selectable.contains($0.chain)
        }
        if !stages.contains(where: { $0.chain == choice }) {
            let source = SourceLine(file: file, line: nil, text: "implicit deny")
            let ending: Setting<Action> = Setting(.deny(answered: nil), source)
            stages.append(Stage(.filter, chain: choice, ending: ending))
        }
        return (stages, nil)
    }

    /// The interfaces of the hop as the device names them, or as it usually has them; where neither
    /// says and one list alone is bound, that list is taken to be on the way.
    static func interfaces(
        _ stages: [Stage], _ device: Device, _ hop: Hop
    ) -> (entering: String?, leaving: String?) {
        var entering = hop.outside.map { device.interface(meant: $0) ?? $0 } ?? device.usualEntering
        var leaving = hop.inside.map { device.interface(meant: $0) ?? $0 }
        let lists = stages.filter { $0.work == .filter && $0.interface != nil }
        if lists.count == 1, let list = lists.first {
            if list.direction == .leaving {
                leaving = leaving ?? device.usualLeaving ?? list.interface
            } else {
                entering = entering ?? list.interface
            }
        }
        return (entering, leaving)
    }
}
