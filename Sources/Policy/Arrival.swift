public import Net

extension SiteServer {
    /// Who reaches it along a path of its site.
    ///
    /// A device on the server itself sees packets to an address that the server has. Where nothing on
    /// such a path translates, another device did so before, and the rules are asked of that address.
    public func reach(_ question: ReachQuestion, along path: PathEvaluator) -> Reach {
        guard let own = arrival(of: question.to, on: path.path) else { return path.reach(question) }
        var asked = question
        asked.to = own
        var reach = path.reach(asked)
        reach.to = question.to
        for index in reach.segments.indices where reach.segments[index].verdict != .denied {
            reach.segments[index].translatedTo = own
        }
        reach.notes.append(
            "nothing on the path translates \(question.to) to \(own): taken as done before it")
        return reach
    }

    /// The address under which packets for another come to a path that runs on the server alone; nil
    /// where that is the address itself, or can't be told.
    public func arrival(of address: IPAddress, on path: [Hop]) -> IPAddress? {
        let own = inside.filter { $0.family == address.family }
        guard own.count == 1, let end = own.first, end != address, !path.isEmpty,
            path.allSatisfy(\.staysOnHost)
        else { return nil }
        return end
    }
}

extension Hop {
    /// Whether it is known to run on the server and to translate nothing.
    fileprivate var staysOnHost: Bool {
        guard place == .host, let device = configuration.device else { return false }
        return !device.stages.contains { $0.work == .translate }
    }
}
