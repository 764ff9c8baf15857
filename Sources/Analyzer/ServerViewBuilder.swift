public import FTP
public import Net
public import Policy

extension ServerView {
    /// Joins what the site says of a server with the sessions that were seen with it, and asks
    /// its path about every port.
    ///
    /// - Parameters:
    ///   - site: nil for a server that the site doesn't name.
    ///   - endpoint: where sessions were seen, for a server that the site doesn't name.
    ///   - path: what stands before it, outermost first.
    ///   - sessions: with it, in the order of their first frames.
    ///   - attempts: to open a control connection to it, that came to nothing.
    public init(
        _ site: SiteServer?, seenAt endpoint: Endpoint? = nil, path: [Hop] = [],
        sessions: ServerSessions, attempts: [ControlAttempt] = []
    ) {
        self.site = site
        name = site?.name ?? endpoint.map { "\($0)" } ?? ""
        addresses = site?.addresses ?? endpoint.map { [$0.address] } ?? []
        control = site?.control ?? endpoint.map { [$0.port] } ?? []
        settings = site?.configuration?.server
        self.path = path
        self.sessions = sessions
        self.attempts = attempts
        offers = Offers(in: sessions)
        passiveOffers = offers.only { $0.isPassive && $0.port != nil }
        let own = Set(addresses + (site?.inside ?? []))
        ownOffers = passiveOffers.only { $0.names(own) }
        mostOpenAtOnce = Self.peak(of: passiveOffers)
        offered = passiveOffers.ports
        (configured, configuredSources) = Self.configured(site)

        let evaluator = PathEvaluator(path)
        func ask(_ control: UInt16?, encrypted: Bool) -> [Reach] {
            guard let site, !path.isEmpty else { return [] }
            return site.addresses.compactMap { address in
                let clients = Self.clients(of: site, as: address.family)
                // Of nobody anything can be said.
                guard !clients.isEmpty else { return nil }
                return site.reach(
                    ReachQuestion(
                        from: clients, to: address, ports: PortSet(1...65535),
                        control: control, encrypted: encrypted,
                        controlPorts: PortSet(ports: site.control)),
                    along: evaluator)
            }
        }
        let main = site?.control.first
        reach = ask(main, encrypted: false)
        // Only what reads the control connection tells the two apart.
        let isWatched = path.contains { $0.configuration.device?.inspections.isEmpty == false }
        reachEncrypted = isWatched ? ask(main, encrypted: true) : reach
        let others = Set(isWatched ? control.filter { $0 != main } : [])
        reachOfOthers = Dictionary(
            uniqueKeysWithValues: others.map { ($0, ask($0, encrypted: false)) })
        let inside = Set(site?.ends ?? addresses)
        permitted = Self.everywhere(reach) { $0.verdict == .permitted }
        inspected = Self.everywhere(reach) {
            $0.verdict == .permitted || $0.verdict == .permittedByInspection
        }
        .subtracting(permitted)
        openToSome = Self.anywhere(reach) {
            $0.verdict == .permitted || $0.verdict == .permittedByInspection
        }
        .subtracting(permitted).subtracting(inspected)
        undecided = Self.anywhere(reach) { $0.verdict == .unknown }
        // Asked of translations alone: a filter that denies a port says nothing of its translation.
        let translating = PathEvaluator(path.map(Self.withoutFilters))
        let answers =
            path.isEmpty
            ? []
            : (site?.addresses ?? []).map { address in
                translating.reach(
                    ReachQuestion(from: .all, to: address, ports: PortSet(1...65535)))
            }
        translated = answers.reduce(PortSet(1...65535)) { ports, answer in
            ports.subtracting(
                Self.ports(of: answer) {
                    $0.verdict == .permitted && !$0.isDelivered(to: inside, asked: answer.to)
                })
        }
    }

    static func withoutFilters(_ hop: Hop) -> Hop {
        var hop = hop
        hop.configuration.device?.stages.removeAll { $0.work == .filter }
        return hop
    }

    /// Clients who must get in, of the address's family.
    static func clients(of site: SiteServer, as family: IPAddress.Family) -> AddressSet {
        site.clients.intersection(family == .v4 ? .allV4 : .allV6)
    }

    static func configured(_ site: SiteServer?) -> (PortSet?, [SourceLine]) {
        if let stated = site?.statedPassive { return (stated.value, [stated.source]) }
        guard let settings = site?.configuration?.server else { return (nil, []) }
        if let off = settings.passiveDisabled, off.value { return (nil, [off.source]) }
        switch settings.passive {
        case .ports(let range): return (PortSet(range), settings.passiveSources)
        case .osDynamic(let usual): return (usual.map { PortSet($0) }, settings.passiveSources)
        case nil: return (nil, settings.passiveSources)
        }
    }

    /// Ports of which every region of every answer satisfies the claim.
    private static func everywhere(
        _ answers: [Reach], _ claim: (Reach.Segment) -> Bool
    ) -> PortSet {
        guard !answers.isEmpty else { return PortSet() }
        return answers.reduce(PortSet(1...65535)) { $0.subtracting(ports(of: $1) { !claim($0) }) }
    }

    private static func anywhere(
        _ answers: [Reach], _ claim: (Reach.Segment) -> Bool
    ) -> PortSet {
        answers.reduce(PortSet()) { $0.union(ports(of: $1, claim)) }
    }

    static func ports(of answer: Reach, _ claim: (Reach.Segment) -> Bool) -> PortSet {
        PortSet(answer.segments.filter(claim).flatMap(\.ports.ranges))
    }
}

extension Reach.Segment {
    /// Whether a connection in this region ends at one of the server's own addresses.
    public func isDelivered(to own: Set<IPAddress>, asked: IPAddress) -> Bool {
        own.contains(translatedTo ?? asked) && alternatives.allSatisfy(own.contains)
    }
}
