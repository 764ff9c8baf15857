import Net
import Policy

/// What a path would do if it translated the ports that it doesn't.
extension ServerView {
    /// Ports that the server is meant to be reached at and that lead to no other host, nor to it.
    var untranslated: PortSet {
        guard isTranslated else { return PortSet() }
        return wantedPorts.subtracting(translated).subtracting(ledElsewhere)
    }

    /// Ports that are translated to another host: PH209's.
    private var ledElsewhere: PortSet {
        guard translator != nil else { return PortSet() }
        return PortSet(
            reach.flatMap(\.segments).filter { $0.translatedTo != nil }.flatMap(\.ports.ranges))
    }

    /// Ports that lack nothing but their translation: with it every line lets them in. To open them
    /// where they end now would open what the translating device has there.
    var lackingTranslationAlone: PortSet {
        let ports = untranslated
        guard let site, !ports.isEmpty, let path = pathTranslating(ports) else { return PortSet() }
        let evaluator = PathEvaluator(path)
        let ends = Set(site.ends)
        return site.addresses.reduce(ports) { left, address in
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
            let stage = path[place].configuration.device?.stages.first(where: {
                $0.work == .translate && $0.families.contains(inside.family)
            }),
            case .translate(_, let outside, _)? = carrying(ports, by: translator)?.change
        else { return nil }
        let rule = FilterRule(
            Match(destinations: AddressSet(outside), destinationPorts: ports),
            .translate(Translation(address: .addresses([inside]))),
            SourceLine(file: "", line: nil, text: ""))
        var path = path
        path[place].configuration.device?.chains[stage.chain, default: Chain(name: stage.chain)]
            .rules.insert(rule, at: 0)
        return path
    }
}
