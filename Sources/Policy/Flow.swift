import Net

/// Pairs of client and port that are at the same point of the way in the same state.
///
/// Where a predicate can't be told, a flow goes both ways: the two are possible worlds of the same
/// pairs, and both carry the doubt. Flows without a doubt never overlap another.
struct Flow: Sendable {
    var packet: Packet
    var region: Region
    /// What decided so far, at earlier hops and stages.
    var decided: [Reach.Decision] = []
    /// The default that let it pass the last stage, where no line did.
    var byDefault: Reach.Decision?
    /// Why this may not be the world that is.
    var doubts: [String] = []

    var isCertain: Bool { doubts.isEmpty }

    /// More than a reader wants; a bound on the number of worlds.
    static let maximumDoubts = 4

    mutating func doubt(_ reasons: [String]) {
        for reason in reasons where !doubts.contains(reason) && doubts.count < Self.maximumDoubts {
            doubts.append(reason)
        }
    }

    /// The same flow with other pairs.
    func with(_ region: Region) -> Flow {
        var flow = self
        flow.region = region
        return flow
    }
}

/// Flows of one stage: those in the same state are one.
struct Flows: Sendable {
    private(set) var list: [Flow] = []

    init() {}

    init(_ flow: Flow) { list = [flow] }

    var isEmpty: Bool { list.isEmpty }

    /// The address that all packets go to; nil where there are several, or it isn't known.
    var onlyDestination: IPAddress? {
        guard case .oneOf(let addresses) = list.first?.packet.destination, addresses.count == 1,
            list.allSatisfy({
                $0.packet.destination == .oneOf(addresses) && !$0.packet.isSentToDevice
            })
        else { return nil }
        return addresses[0]
    }

    mutating func add(_ flow: Flow) {
        guard !flow.region.isEmpty else { return }
        let tells = list.count < ReachLimit.toldApart || flow.isCertain
        let same = list.firstIndex {
            (tells ? $0.doubts == flow.doubts : !$0.isCertain) && $0.packet == flow.packet
                && $0.decided == flow.decided
        }
        guard let same else {
            list.append(flow)
            return
        }
        // Of many possible worlds only some doubts are told: a flow in doubt stays one.
        list[same].doubt(flow.doubts)
        list[same].region.add(flow.region)
    }

    mutating func add(_ flows: Flows) { for flow in flows.list { add(flow) } }

    /// Changes the flow at `index` in place.
    mutating func change<Result>(_ index: Int, _ body: (inout Flow) -> Result) -> Result {
        body(&list[index])
    }

    mutating func removeEmpty() { list.removeAll { $0.region.isEmpty } }
}
