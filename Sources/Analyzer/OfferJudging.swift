import FTP
import Net

/// The judgement that rules on one outcome of passive offers share.
struct OfferJudging {
    let server: ServerView
    let audit: AuditContext
    let outcome: DataChannel.Outcome

    init(_ server: ServerView, _ audit: AuditContext, _ outcome: DataChannel.Outcome) {
        self.server = server
        self.audit = audit
        self.outcome = outcome
    }

    /// Judges by the offers that ended with the outcome.
    ///
    /// - Parameter fault: makes the fault of the offers that ended so, and their ports.
    /// - Returns: failed where one did, else what was tested.
    func judge(_ fault: ([Offer], PortSet) -> Fault) -> Judgement {
        guard audit.hasTraffic else { return .notApplicable("no traffic was given") }
        let offers = server.passiveOffers
        guard !offers.isEmpty else {
            return .cannotTell("no passive port was announced in clear text")
        }
        let hit = offers.filter { $0.channel.outcome == outcome }
        guard hit.isEmpty else {
            return .failed([fault(hit, PortSet(ports: hit.compactMap(\.port)))])
        }
        let seen = offers.count { $0.channel.outcome != .unseen }
        guard seen > 0 else {
            return .cannotTell("the capture could not have shown the data connections")
        }
        return .passed("of \(seen) announced data connections none was \(outcome.rawValue)")
    }
}
