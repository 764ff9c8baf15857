package import Net
package import Policy

/// What lines that permit would do, asked before they are written.
extension Device {
    /// Whether some of the ports of an address would still be shut to all clients if the chains began
    /// with lines that permit ports of the targets: another list, table or direction denies them too.
    package func stillDenies(
        _ ports: PortSet, of address: IPAddress, opening chains: [String: [(IPAddress, PortSet)]],
        at place: Place? = nil
    ) -> Bool {
        var opened = self
        opened.usualPlace = place ?? usualPlace
        // A cheap look before a dear one: every filter that they meet begins with such a line.
        let isOpened = stages.allSatisfy {
            chains[$0.chain] != nil || !$0.places.contains(opened.usualPlace)
        }
        if isOpened, !translates { return false }
        let line = SourceLine(file: "", line: nil, text: "")
        for (name, targets) in chains {
            let rules = targets.map { target, ports in
                let match = Match(
                    destinations: AddressSet(target).union(AddressSet(address)),
                    destinationPorts: ports)
                return FilterRule(match, .permit, line)
            }
            opened.chains[name, default: Chain(name: name)].rules.insert(contentsOf: rules, at: 0)
        }
        let open = opened.reach(ports, of: address).filter { $0.verdict != .denied }
        return !ports.isSubset(of: PortSet(open.flatMap(\.ports.ranges))) && !isTarget(address)
    }

    /// Whether a list by itself permits everybody ports of an address as it sees it.
    package func permits(_ ports: PortSet, of address: IPAddress, by chain: String) -> Bool {
        var alone = self
        alone.stages = stages.filter { $0.work == .filter && $0.chain == chain }.prefix(1).map {
            var stage = $0
            stage.interface = nil
            return stage
        }
        alone.inspections = []
        alone.answers = [:]
        return !alone.stages.isEmpty
            && alone.reach(ports, of: address).allSatisfy { $0.verdict == .permitted }
    }

    /// Whether the device translates to the address: clients ask for another one then.
    private func isTarget(_ address: IPAddress) -> Bool {
        chains.values.flatMap(\.rules).contains { rule in
            guard case .translate(let translation) = rule.action,
                case .addresses(let list) = translation.address
            else { return false }
            return list.contains(address)
        }
    }

    /// What becomes of ports of an address as clients anywhere ask for them.
    func reach(_ ports: PortSet, of address: IPAddress) -> [Reach.Segment] {
        let configuration = Configuration(
            file: "", format: "", kinds: [.firewall], device: self, notes: [])
        let hop = Hop(
            name: "", configuration: configuration, place: usualPlace, outside: usualEntering,
            inside: statedLeaving, source: SourceLine(file: "", line: nil, text: ""))
        let question = ReachQuestion(
            from: address.family == .v4 ? .allV4 : .allV6, to: address, ports: ports)
        return PathEvaluator([hop]).reach(question).segments
    }
}
