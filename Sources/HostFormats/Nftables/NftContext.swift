import Net
import Policy

/// Where in a packet's way a chain stands; the same chain may be reached at several points.
enum NftPoint: Hashable, Sendable {
    case ingress
    /// Behind connection tracking or before it; nil: at its own priority, which tells nothing.
    case prerouting(tracked: Bool?)
    case input, forward, postrouting
    /// Where the machine's own packets leave: answers, never a SYN of the question.
    case output

    /// Priority of connection tracking (NF_IP_PRI_CONNTRACK).
    static let trackingPriority = -200

    var isTracked: Bool? {
        switch self {
        case .ingress: false
        case .prerouting(let tracked): tracked
        case .input, .forward, .postrouting, .output: true
        }
    }

    /// Whether it is decided by then by which interface the packet leaves.
    var knowsLeaving: Bool { self == .forward || self == .postrouting }

    var text: String {
        switch self {
        case .ingress: "ingress"
        case .prerouting(true?): "prerouting"
        case .prerouting(false?): "raw"
        case .prerouting(nil): "tracking"
        case .input: "input"
        case .forward: "forward"
        case .postrouting: "postrouting"
        case .output: "output"
        }
    }
}

/// What the meaning of a condition depends on.
struct NftContext {
    var table: NftRuleset.Table
    var point: NftPoint
    /// Nil: it is asked of a SYN.
    var following: Following?
    /// For each set that rules change, the keys by which they do.
    var changes: [String: Set<NftExpression>] = [:]
    /// Sets that rules take elements out of.
    var emptied: Set<String> = []
    /// Whether rules set marks to what isn't modelled.
    var marksAreKnown = true
    var assumptions: Set<String> = []

    static let firstPacket =
        "rules that count, limit or remember are judged as for the first packet after loading"
    static let dynamicSets =
        "sets that change at run time are taken to hold what the file shows"
    static let reversePath =
        "routes back to clients are taken to exist by the interface that they come by"

    /// What a rule leaves on a packet that it put into a set by that key.
    func tag(_ set: String, _ key: String) -> String { "\(table.name.text) @\(set) \(key)" }

    /// Elements, and conditions beside them under which the key is in the set.
    mutating func members(
        _ container: NftExpression, key: NftExpression
    ) throws(NftValues.Problem) -> (elements: [NftElement], also: [Match]) {
        switch container {
        case .set(let elements): return (elements, [])
        case .named(let name):
            guard let set = table.sets[name] else { throw .invalid("there is no set \(name)") }
            var also: [Match] = []
            if let problem = set.problem {
                also.append(Match(notModelled: ["set \(name): \(problem)"]))
            }
            if emptied.contains(name) {
                also.append(Match(notModelled: ["rules take elements out of set \(name)"]))
                return ([], also)
            }
            for changed in (changes[name] ?? []).sorted(by: { $0.text < $1.text }) {
                also.append(try changedWay(name, changed, key))
            }
            if set.isDynamic { assumptions.insert(Self.dynamicSets) }
            return (set.elements, also)
        default: return ([NftElement(key: container)], [])
        }
    }

    /// Under what a key is in a set because a rule put another there: both are of the same packet.
    private mutating func changedWay(
        _ name: String, _ changed: NftExpression, _ key: NftExpression
    ) throws(NftValues.Problem) -> Match {
        var way = Match()
        way.tests = [.tagged(tag(name, changed.text), true)]
        let (puts, looks) = (changed.parts, key.parts)
        guard puts.count == looks.count else {
            way.notModelled = ["a rule put \(changed.text) into set \(name)"]
            return way
        }
        for (put, look) in zip(puts, looks) where put != look {
            // `ip saddr . 10002`: a part that is a value is compared with what is looked at.
            let asked = put.name == nil ? nil : try ways([look], put)
            if let asked, asked.isEmpty {
                way.never = "a rule put another value there"
            } else if let asked, asked.count == 1 {
                way = way.and(asked[0])
            } else {
                way.notModelled = ["a rule put \(changed.text) into set \(name)"]
            }
        }
        return way
    }
}
