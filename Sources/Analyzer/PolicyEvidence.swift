import FTP
import Net
import Policy

/// Ports that one line of one device keeps from clients.
struct Blockade {
    /// The hop's name; nil where the path is one nameless device.
    var hop: String?
    var line: SourceLine
    var ports: PortSet
    /// The server's addresses at which it keeps them, as clients ask for them.
    var to: [IPAddress] = []

    /// `"edge" denies it at edge.cfg:54 (access-list 100 deny ip any any)`.
    var sentence: String {
        let who = hop.map { "\"\($0)\"" } ?? line.file
        let place = line.line.map { "\(line.file):\($0)" } ?? line.file
        return "\(who) denies \(ports.count == 1 ? "it" : "them"): \(place), \(line.text)"
    }
}

extension ServerView {
    /// What was decided of the given ports, a group a deciding line, in the order of the ports.
    func blockades(of ports: PortSet, encrypted: Bool = false) -> [Blockade] {
        Self.blockades(of: ports, in: encrypted ? reachEncrypted : reach)
    }

    static func blockades(of ports: PortSet, in answers: [Reach]) -> [Blockade] {
        var groups: [Blockade] = []
        for answer in answers {
            for segment in answer.segments where segment.verdict == .denied {
                let hit = segment.ports.intersection(ports)
                guard !hit.isEmpty, let decision = segment.decidedBy.last else { continue }
                let known = groups.firstIndex {
                    $0.hop == decision.hop && $0.line == decision.source
                }
                let index = known ?? groups.count
                if known == nil {
                    groups.append(
                        Blockade(hop: decision.hop, line: decision.source, ports: PortSet()))
                }
                groups[index].ports = groups[index].ports.union(hit)
                if groups[index].to.last != answer.to { groups[index].to.append(answer.to) }
            }
        }
        return groups.sorted { ($0.ports.first ?? 0) < ($1.ports.first ?? 0) }
    }

    /// Ports of the given ones that some client who must get in is surely denied.
    func denied(of ports: PortSet, encrypted: Bool = false) -> PortSet {
        blockades(of: ports, encrypted: encrypted).reduce(PortSet()) { $0.union($1.ports) }
    }

    /// To whom the blockade keeps ports shut that others open at the same addresses, whichever are
    /// told sooner; nil where nobody does.
    func limits(of blockade: Blockade) -> String? {
        let all = reach.filter { blockade.to.contains($0.to) }.flatMap(\.segments).filter {
            !$0.ports.isDisjoint(with: blockade.ports)
        }
        let open = all.filter { $0.verdict != .denied }.reduce(AddressSet()) { $0.union($1.from) }
        let shut = all.filter {
            $0.decidedBy.last?.source == blockade.line && $0.verdict == .denied
        }.reduce(AddressSet()) { $0.union($1.from) }
        guard !open.isEmpty else { return nil }
        guard open.ranges.count <= shut.ranges.count else {
            return "That concerns clients in \(Self.listed(shut)) alone."
        }
        return """
            Clients in \(Self.listed(open)) get through; if they alone are meant to, the site has to \
            say so (`clients:`).
            """
    }

    private static func listed(_ clients: AddressSet) -> String {
        clients.ranges.prefix(4).map { AddressSet($0).description }.joined(separator: ", ")
            + (clients.ranges.count > 4 ? " and \(clients.ranges.count - 4) more ranges" : "")
    }

    /// Why the fate of the given ports isn't known: the notes of their segments.
    func doubts(about ports: PortSet) -> [String] {
        var seen: Set<String> = []
        return reach.flatMap(\.segments)
            .filter { $0.verdict == .unknown && !$0.ports.isDisjoint(with: ports) }
            .flatMap(\.notes).filter { seen.insert($0).inserted }
    }

    /// The address of the server as the hop of that name sees it: translated by those before it.
    func addressSeen(by hop: String?, asked: IPAddress? = nil) -> IPAddress? {
        guard let address = asked ?? addresses.first else { return nil }
        if let own = site?.arrival(of: address, on: path) { return own }
        guard let index = path.firstIndex(where: { $0.name == hop }), index > 0 else {
            return address
        }
        // The same address may lead other ports to other hosts.
        let own = (range ?? PortSet()).union(controlPorts)
        let before = PathEvaluator(path[..<index].map(Self.withoutFilters)).reach(
            ReachQuestion(from: .all, to: address, ports: own))
        let targets = before.segments.compactMap(\.translatedTo)
        return targets.first { site?.ends.contains($0) ?? false } ?? targets.first ?? address
    }

    /// What of the given ports devices behind those that deny them would deny as well: of each device
    /// that denies some, what becomes of these without it.
    func blockadesBehind(_ first: [Blockade], of ports: PortSet) -> [Blockade] {
        guard path.count > 1 else { return [] }
        var found: [Blockade] = []
        for (hop, shut) in Dictionary(grouping: first, by: \.hop).sorted(by: {
            ($0.key ?? "") < ($1.key ?? "")
        }) {
            for blockade in blockadesBehind(hop, shut, of: ports) {
                let same = found.firstIndex {
                    $0.hop == blockade.hop && $0.line == blockade.line
                }
                if let same { found[same].join(blockade) } else { found.append(blockade) }
            }
        }
        return found
    }

    private func blockadesBehind(
        _ hop: String?, _ shut: [Blockade], of ports: PortSet
    ) -> [Blockade] {
        guard let site else { return [] }
        var found: [Blockade] = []
        var passed: Set = [hop]
        var newest = shut
        while !newest.isEmpty, passed.count < path.count {
            let evaluator = PathEvaluator(
                path.map { passed.contains($0.name) ? Self.withoutFilters($0) : $0 })
            let asked = newest.reduce(PortSet()) { $0.union($1.ports) }.intersection(ports)
            let answers = Set(newest.flatMap(\.to)).sorted().map { address in
                site.reach(
                    ReachQuestion(
                        from: Self.clients(of: site, as: address.family), to: address,
                        ports: asked, control: site.control.first,
                        controlPorts: controlPorts),
                    along: evaluator)
            }
            newest = Self.blockades(of: asked, in: answers).filter { !passed.contains($0.hop) }
            passed.formUnion(newest.map(\.hop))
            found += newest
        }
        return found
    }

    /// The changes that open all that is meant to be open and is shut by the lines of `blockades`:
    /// the same for every finding that they cause, so that one set of commands mends them all.
    func openings(for blockades: [Blockade]) -> [ProposedChange] {
        let wanted = (range ?? PortSet()).union(controlPorts)
        // What is shut to sessions at a further control port alone is opened for these.
        let shut = [reach, everyReach].lazy.map { answers in
            Self.blockades(of: wanted, in: answers).filter { shut in
                blockades.contains { $0.hop == shut.hop && $0.line == shut.line }
            }
        }
        let found = shut.first { !$0.isEmpty } ?? []
        // Asked of the whole path once more: only where it can matter.
        let lost = untranslated
        let lacking =
            found.contains { !$0.ports.isDisjoint(with: lost) }
            ? lackingTranslationAlone : PortSet()
        let isLacking = found.contains { !$0.ports.isDisjoint(with: lacking) }
        let carried = isLacking ? carrying(lost, by: translator) : nil
        return [carried].compactMap(\.self)
            + found.flatMap { shut in
                shut.to.flatMap { asked in
                    var one = shut
                    one.to = [asked]
                    let isLacking = asked.family == site?.inside.first?.family
                    let ports = isLacking ? shut.ports.subtracting(lacking) : shut.ports
                    return ports.isEmpty ? [] : openings(one, ports)
                }
            }
    }

    /// The changes that open what the blockade keeps shut, one for each address.
    func openings(_ blockade: Blockade, _ ports: PortSet) -> [ProposedChange] {
        guard let hop = blockade.hop ?? path.first?.name else { return [] }
        return blockade.to.compactMap { asked in
            addressSeen(by: hop, asked: asked).map {
                ProposedChange(.hop(hop), .permit(ports, to: $0))
            }
        }
    }

    /// The outermost hop that translates.
    var translator: Hop? {
        path.first { hop in
            hop.configuration.device?.stages.contains { $0.work == .translate } ?? false
        }
    }

    /// The change that has a hop carry ports to the server.
    func carrying(_ ports: PortSet, by hop: Hop?) -> ProposedChange? {
        guard let hop, let inside = site?.inside.first,
            let asked = addresses.first(where: { $0.family == inside.family }),
            let outside = addressSeen(by: hop.name, asked: asked)
        else { return nil }
        return ProposedChange(.hop(hop.name), .translate(ports, outside: outside, inside: inside))
    }

    /// ` at 2001:db8::10`, where the blockade doesn't concern every address of the server.
    func place(of blockade: Blockade) -> String {
        guard blockade.to.count < addresses.count else { return "" }
        return " at \(blockade.to.map(\.description).listed)"
    }

    /// Control ports as a set.
    var controlPorts: PortSet { PortSet(ports: control) }

    /// What switches passive mode off as a whole: it offers no port then, unless the site says so.
    var passiveOff: SourceLine? {
        guard site?.statedPassive == nil, let off = settings?.passiveDisabled, off.value else {
            return nil
        }
        return off.source
    }

    /// The usable configured range: nil where none is in force or known.
    var range: PortSet? { configured.flatMap { $0.isEmpty ? nil : $0 } }
}

extension Collection where Element: Comparable & CustomStringConvertible {
    /// Its values in their order, the first six of them where there are more, with the count of the
    /// rest: a peer may have named any number.
    var listed: String {
        let names = sorted().map(\.description)
        guard names.count > 7 else { return names.joined(separator: ", ") }
        return names.prefix(6).joined(separator: ", ") + " and \(names.count - 6) more"
    }
}

extension IntervalSet where Element == UInt16 {
    /// The ranges, the first six of them where there are more, with the count of the rest.
    var brief: String {
        let names = ranges.map { PortSet($0).description }
        guard names.count > 7 else { return names.joined(separator: ", ") }
        let rest = PortSet(ranges.dropFirst(6))
        return names.prefix(6).joined(separator: ", ") + " and \(rest.count) more"
    }

    /// `port 5001`, or `ports 5001-5201`.
    var named: String { (count == 1 ? "port " : "ports ") + brief }
}
