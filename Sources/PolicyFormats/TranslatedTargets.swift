import Net
import Policy

extension Device {
    /// What filters that stand behind the translation see of ports of an address: where each is
    /// delivered, in ascending order of ports; the address itself where nothing is translated.
    func filtered(_ ports: PortSet, of address: IPAddress) -> [(IPAddress, PortSet)] {
        guard stages.contains(where: { $0.work == .translate }) else { return [(address, ports)] }
        var device = self
        device.stages.removeAll { $0.work == .filter }
        device.inspections = []
        let nowhere = SourceLine(file: "", line: nil, text: "")
        let configuration = Configuration(
            file: "", format: "", kinds: [.nat], device: device, notes: [])
        let hop = Hop(
            name: "", configuration: configuration, place: .through, outside: usualEntering,
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
}
