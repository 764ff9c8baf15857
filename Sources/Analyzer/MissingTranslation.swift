import Net
import Policy

/// What a path would do if it translated the ports that it doesn't.
extension ServerView {
    /// Ports that the server is meant to be reached at and that lead to no other host, nor to it.
    var untranslated: PortSet {
        guard isTranslated else { return PortSet() }
        let ports = wantedPorts.subtracting(translated).subtracting(ledElsewhere)
        // Whether these follow the control connection isn't known.
        return doubtOfFollowing == nil ? ports : ports.subtracting(undecided)
    }

    /// Ports that are translated to another host: PH209's.
    private var ledElsewhere: PortSet {
        guard translator != nil else { return PortSet() }
        return PortSet(
            reach.flatMap(\.segments).filter { $0.translatedTo != nil }.flatMap(\.ports.ranges))
    }

    /// Ports that lack nothing but their translation at the addresses of the inside one's family: with
    /// it every line lets them in. To open them where they end now would open what the translating
    /// device has there.
    var lackingTranslationAlone: PortSet {
        let ports = untranslated
        guard let site, !ports.isEmpty, let path = pathTranslating(ports) else { return PortSet() }
        let evaluator = PathEvaluator(path)
        let ends = Set(site.ends)
        let translated = site.addresses.filter { $0.family == site.inside.first?.family }
        return translated.reduce(ports) { left, address in
            let answer = evaluator.reach(
                ReachQuestion(
                    from: Self.clients(of: site, as: address.family), to: address, ports: ports,
                    control: site.control.first))
            return left.subtracting(
                Self.ports(of: answer) {
                    $0.verdict != .permitted || !$0.isDelivered(to: ends, asked: address)
                })
        }
    }

    /// The path whose outermost translator carries the ports to the server.
    private func pathTranslating(_ ports: PortSet) -> [Hop]? {
        guard let inside = site?.inside.first,
            let place = path.firstIndex(where: { $0 == translator }),
            case .translate(_, let outside, _)? = carrying(ports, by: translator)?.change,
            let translating = path[place].translating(ports, of: outside, to: inside)
        else { return nil }
        var path = path
        path[place] = translating
        return path
    }

    /// The ports of a change that are let through as they are, and that the same device would deny
    /// behind the translation, a group a line: a filter that sees the inside address lets pass less.
    func blockadesBehind(_ change: ProposedChange?) -> [Blockade] {
        guard let site, case .hop(let name)? = change?.target,
            case .translate(let ports, let outside, let inside)? = change?.change,
            let index = path.firstIndex(where: { $0.name == name }),
            let translating = path[index].translating(ports, of: outside, to: inside),
            let asked = addresses.first(where: { $0.family == inside.family })
        else { return [] }
        let open = ports.subtracting(denied(of: ports))
        guard !open.isEmpty else { return [] }
        var path = path
        path[index] = translating
        let question = ReachQuestion(
            from: Self.clients(of: site, as: inside.family), to: asked, ports: open,
            control: site.control.first, controlPorts: controlPorts)
        let answer = site.reach(question, along: PathEvaluator(path))
        return Self.blockades(of: open, in: [answer]).filter { $0.hop == name }
    }
}

extension Hop {
    /// The hop with one translation more, before all others; nil where what it filters is told by
    /// what translated it, or nothing tells that it carries connections to that host.
    fileprivate func translating(
        _ ports: PortSet, of outside: IPAddress, to inside: IPAddress
    ) -> Hop? {
        guard var device = configuration.device,
            let stage = device.stages.first(where: {
                $0.work == .translate && $0.families.contains(outside.family)
            })
        else { return nil }
        let rules = device.chains.values.flatMap(\.rules)
        let filters = device.stages.filter { $0.work == .filter }.map(\.chain)
        let tellsTranslation = device.hasRule(from: filters) { rule in
            rule.match.originalDestinations != nil
                || rule.match.tests.contains { if case .tagged = $0 { true } else { false } }
        }
        let carries = rules.contains { rule in
            guard case .translate(let translation) = rule.action else { return false }
            return translation.address == .addresses([inside])
        }
        guard !tellsTranslation, carries || place == .through else { return nil }
        let match = Match(destinations: AddressSet(outside), destinationPorts: ports)
        let source = SourceLine(file: configuration.file, line: nil, text: "translation")
        device.chains[stage.chain, default: Chain(name: stage.chain)].rules.insert(
            FilterRule(match, .translate(Translation(address: .addresses([inside]))), source), at: 0
        )
        var hop = self
        hop.configuration.device = device
        return hop
    }
}
