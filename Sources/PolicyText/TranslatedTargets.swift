package import Net
package import Policy

extension Device {
    /// What filters that stand behind the translation see of ports of an address: where each is
    /// delivered, in ascending order of ports; the address itself where nothing is translated.
    ///
    /// What is to be opened may wait for its translation still: where all that is translated of the
    /// address goes to one host, ports that aren't yet stand for that one too.
    package func filtered(
        _ ports: PortSet, of address: IPAddress, opening: Bool
    ) -> [(IPAddress, PortSet)] {
        let all = targets(ports, of: address, opening: opening)
        guard opening, translates else { return all }
        let asked = deliveries(ports, of: address).compactMap(\.translatedTo)
        var through = self
        through.usualPlace = .through
        return all.filter { target, seen in
            // What waits for its translation alone is open already.
            target == address || asked.contains(target)
                || !through.reach(seen, of: target).allSatisfy { $0.verdict == .permitted }
        }
    }

    private func targets(
        _ ports: PortSet, of address: IPAddress, opening: Bool
    ) -> [(IPAddress, PortSet)] {
        guard translates else { return ports.isEmpty ? [] : [(address, ports)] }
        var result: [(IPAddress, PortSet)] = []
        func add(_ target: IPAddress, _ ports: PortSet) {
            if let same = result.firstIndex(where: { $0.0 == target }) {
                result[same].1 = result[same].1.union(ports)
            } else {
                result.append((target, ports))
            }
        }
        var left = PortSet()
        for segment in deliveries(ports, of: address) {
            if segment.translatedTo == nil { left = left.union(segment.ports) }
            add(
                segment.translatedTo ?? address,
                segment.translatedPorts.map { PortSet($0) } ?? segment.ports)
        }
        guard opening, !left.isEmpty else { return result }
        let others = Set(deliveries(.all, of: address).compactMap(\.translatedTo))
        if others.count == 1, let other = others.first { add(other, left) }
        return result
    }

    /// The one host of the ports for what stands behind the translation, and the ports that it sees;
    /// nil where there are several.
    package func filteredHost(
        _ ports: PortSet, of address: IPAddress
    ) -> (address: IPAddress, ports: PortSet)? {
        let all = targets(ports, of: address, opening: true)
        let hosts = all.count > 1 ? all.filter { $0.0 != address } : all
        return hosts.count == 1 ? hosts.first : nil
    }

    /// Whether it translates anything at all.
    var translates: Bool { stages.contains { $0.work == .translate } }

    private func deliveries(_ ports: PortSet, of address: IPAddress) -> [Reach.Segment] {
        translating.reach(ports, of: address)
    }

    /// The device as if it only translated, whatever the interface.
    private var translating: Device {
        var device = self
        device.inspections = []
        device.interfaces = []
        device.selectable = []
        device.usualPlace = .through
        (device.usualEntering, device.statedLeaving) = (nil, nil)
        for index in device.stages.indices {
            device.stages[index].interface = nil
            guard device.stages[index].work == .filter else { continue }
            device.stages[index].ending.value = .permit
        }
        device.chains = chains.mapValues { chain in
            var chain = chain
            chain.rules = chain.rules.compactMap { rule in
                var rule = rule
                switch rule.action {
                case .permit, .deny, .unknown: return nil
                default: break
                }
                (rule.match.entering, rule.match.leaving) = (nil, nil)
                // Of an interface that translates nothing at all.
                if rule.action == .keep, rule.match == Match() { return nil }
                return rule
            }
            return chain
        }
        return device
    }
}
