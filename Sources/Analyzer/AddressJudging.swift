import FTP
import Net
import Policy

extension ServerView {
    /// The IPv4 address at which clients reach the server of a session: behind a translation the
    /// capture shows another.
    func reached(in session: SeenSession) -> IPAddress {
        let seen = session.server.address
        guard !addresses.contains(seen), site?.inside.contains(seen) ?? false else { return seen }
        return addresses.first { $0.family == .v4 } ?? seen
    }

    /// The changes that have it announce the address, or its own IPv4 address in place of one of
    /// IPv6: a 227 has no room for that.
    func advertising(_ address: IPAddress) -> [ProposedChange] {
        let own = ([address] + addresses).first { $0.family == .v4 }
        return own.map {
            [ProposedChange(.server, .advertise($0)), ProposedChange(.server, .restart)]
        }
            ?? []
    }

    /// A sentence on where clients looked for the ports, if at another address than the server's.
    func elsewhere(_ tried: [Offer]) -> String {
        let own = Set(addresses + (site?.inside ?? []))
        let others = tried.filter { offer in
            guard let went = offer.channel.server?.address else { return false }
            return went != offer.session.server.address && !own.contains(went)
        }
        guard let first = others.first else { return "" }
        let names = Set(others.compactMap { $0.channel.server?.address }).listed
        return """
             Clients looked for \(others.count == 1 ? "it" : "them") at \(names), as announced, and \
            know the server as \(first.session.server.address).
            """
    }

    /// The SYN of the server to what a PORT or EPRT named: others may connect there on business of
    /// their own.
    func connection(to offer: Offer) -> FrameReference? {
        let own = [offer.session.server.address] + addresses + (site?.inside ?? [])
        if let opener = offer.channel.server, !own.contains(opener.address) { return nil }
        return offer.channel.dataFrame
    }

    /// Whether a session with a server of which nobody says the outside address was captured where
    /// the server has a private one: a translation before it may lead there.
    func mayBeTranslated(_ session: SeenSession) -> Bool {
        site == nil && Prefix.isPrivate(session.server.address)
    }

    /// Whether a device on the path puts its own address into announcements that it can read.
    var isRewritten: Bool {
        path.contains { hop in
            hop.configuration.device?.inspections.contains {
                $0.rewritesAddress && !$0.controlPorts.isDisjoint(with: controlPorts)
            } ?? false
        }
    }
}

/// The judgement that rules on the address of a 227 share.
struct AddressJudging {
    let server: ServerView
    let audit: AuditContext

    init(_ server: ServerView, _ audit: AuditContext) {
        self.server = server
        self.audit = audit
    }

    /// - Parameters:
    ///   - isWrong: whether an address that is not the control connection's is at fault.
    ///   - passed: what to say where none is.
    ///   - fault: makes the fault of the offers, the addresses named, and the address that clients
    ///     use.
    /// - Returns: failed where an offer is at fault, else what was tested.
    func judge(
        _ isWrong: (Offer, IPAddress) -> Bool, passed: String,
        _ fault: ([Offer], String, IPAddress) -> Fault
    ) -> Judgement {
        guard audit.hasTraffic else { return .notApplicable("no traffic was given") }
        let offers = server.offers.filter {
            $0.channel.announcedBy == .passive && $0.channel.advertised != nil
        }
        guard !offers.isEmpty else { return .cannotTell("no 227 with an address was seen") }
        let hit = offers.filter { offer in
            guard let address = offer.channel.advertised?.address,
                address != offer.session.server.address,
                !Prefix.embeds(offer.session.server.address, address)
            else { return false }
            return isWrong(offer, address)
        }
        guard let first = hit.first else { return .passed(passed) }
        let names = Set(hit.compactMap { $0.channel.advertised?.address }).listed
        return .failed([fault(hit, names, server.reached(in: first.session))])
    }
}
