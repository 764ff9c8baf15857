import FTP
import Net
import Policy

/// What range a server needs: one answer for every rule that asks, so that one set of commands
/// mends all that they find.
extension ServerView {
    /// PASV, EPSV and LPSV that were turned away for want of a port.
    var turnedAway: [(session: SeenSession, reply: SessionRecord.FailureReply)] {
        sessions.flatMap { session in session.turnedAway.map { (session, $0) } }
    }

    /// Users whom the server lets in for the range that it is configured with; nil where the range
    /// limits transfers alone.
    var usersLetIn: Int? {
        guard let each = settings?.behaviour.portsPerUser, settings?.passiveFrom == .set,
            case .ports(let range)? = settings?.passive
        else { return nil }
        return max(1, range.count / max(1, each))
    }

    /// Ports that the server should have: a quarter more than the transfers at once that the site
    /// means or the captures show; as many as its product wants for the users meant; twice the
    /// range where it ran out, as nobody saw how many more would have come.
    var portsNeeded: Int {
        let atOnce = max(site?.sessions ?? 0, mostOpenAtOnce, 2)
        let users = site?.sessions ?? settings?.maxUsers?.value ?? 0
        let enough = max((atOnce * 5 + 3) / 4, users * (settings?.behaviour.portsPerUser ?? 0))
        guard let range, ranOut(of: range) else { return enough }
        return max(enough, range.count * 2)
    }

    private func ranOut(of range: PortSet) -> Bool {
        !turnedAway.isEmpty || !beyondFull(range).isEmpty
    }

    /// Offers outside the range while all of it was taken.
    func beyondFull(_ range: PortSet) -> [Offer] {
        madeWhileFull(outside(range), range)
    }

    /// Offers of the server's own that lie outside the range.
    func outside(_ range: PortSet) -> [Offer] {
        ownOffers.filter { $0.port.map { !range.contains($0) } ?? false }
    }

    /// The changes that give the server as many ports, from its first one on, and open them.
    var widening: [ProposedChange] {
        guard let low = range?.first, let accepted = settings?.behaviour.acceptedPorts else {
            return []
        }
        let high = Int(low) + portsNeeded - 1
        guard high <= Int(accepted.upperBound) else { return [] }
        return moving(to: low...UInt16(high))
    }

    /// The changes that set the server's range, carry what of it isn't yet, and open what is shut.
    func moving(to range: ClosedRange<UInt16>) -> [ProposedChange] {
        let shut = blockades(of: PortSet(range))
        let astray = PortSet(range).subtracting(translated)
        let carried =
            astray.isEmpty || !isTranslated ? nil : translator.flatMap { carrying(astray, by: $0) }
        return [ProposedChange(.server, .setPassiveRange(range))] + [carried].compactMap(\.self)
            + (shut + blockadesBehind(shut, of: PortSet(range))).flatMap { openings($0, $0.ports) }
            + [ProposedChange(.server, .restart)]
    }
}
