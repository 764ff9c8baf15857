import Net
import Policy

extension Device {
    /// What filters that stand behind the translation see of ports of an address: where each is
    /// delivered, in ascending order of ports; the address itself where nothing is translated.
    func filtered(_ ports: PortSet, of address: IPAddress) -> [(IPAddress, PortSet)] {
        let device = translating
        let nowhere = SourceLine(file: "", line: nil, text: "")
        let configuration = Configuration(
            file: "", format: "", kinds: [.nat], device: device, notes: [])
        let hop = Hop(
            name: "", configuration: configuration, place: .through,
            source: nowhere)
        let question = ReachQuestion(
            from: address.family == .v4 ? .allV4 : .allV6, to: address, ports: ports)
        var result: [(IPAddress, PortSet)] = []
        for segment in PathEvaluator([hop]).reach(question).segments {
            let arriving = segment.translatedPorts.map { PortSet($0) } ?? segment.ports
            let target = segment.translatedTo ?? address
            if let same = result.firstIndex(where: { $0.0 == target }) {
                result[same].1 = result[same].1.union(arriving)
            } else {
                result.append((target, arriving))
            }
        }
        return result
    }
    /// The device as if it only translated, whatever the interface.
    private var translating: Device {
        var device = self
        device.inspections = []
        device.interfaces = []
        device.selectable = []
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
                return rule
            }
            return chain
        }
        return device
    }
}
