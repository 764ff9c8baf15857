import Net

/// Answers a reach question along a path of hops, outermost first.
public struct PathEvaluator: Sendable {
    public let path: [Hop]

    public init(_ path: [Hop]) { self.path = path }

    /// The regions of `question` with one verdict each; together they cover it exactly.
    public func reach(_ question: ReachQuestion) -> Reach {
        Reach(
            to: question.to,
            segments: [
                Reach.Segment(
                    ports: question.ports, from: question.from, verdict: .unknown, decidedBy: [])
            ])
    }
}
