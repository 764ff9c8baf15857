import Net
import Policy

/// What rules ask of devices that read FTP's control connections.
extension ServerView {
    /// The server's addresses, on either side of a translation.
    private var everyAddress: AddressSet {
        AddressSet(((site?.inside ?? []) + addresses).map { $0...$0 })
    }

    /// What on the hop reads control connections of this server, whatever their port.
    func readings(at hop: Hop) -> [Inspection] {
        (hop.configuration.device?.inspections ?? []).filter { inspection in
            inspection.servers.map { !$0.isDisjoint(with: everyAddress) } ?? true
        }
    }

    /// What is denied of the given ports to a session in clear text at that control port.
    func blockades(of ports: PortSet, control port: UInt16) -> [Blockade] {
        guard let site, port != site.control.first else { return blockades(of: ports) }
        let evaluator = PathEvaluator(path)
        let answers = site.addresses.map { address in
            site.reach(
                ReachQuestion(
                    from: Self.clients(of: site, as: address.family), to: address, ports: ports,
                    control: port, controlPorts: controlPorts),
                along: evaluator)
        }
        return Self.blockades(of: ports, in: answers)
    }

    /// Whether lines of their own open some of the ports on the whole way, be it to some clients.
    func hasLines(for ports: PortSet) -> Bool {
        reach.contains { answer in
            answer.segments.contains {
                $0.verdict == .permitted && !$0.ports.isDisjoint(with: ports)
            }
        }
    }

    /// The hop at which a blockade stands.
    func hop(of blockade: Blockade) -> Hop? {
        path.first { $0.name == blockade.hop } ?? path.first
    }

    /// Why the fate of these ports isn't known, as a clause; nil where it is known of each.
    func doubt(about ports: PortSet) -> String? {
        let doubtful = ports.intersection(undecided)
        guard !doubtful.isEmpty else { return nil }
        let why = doubts(about: doubtful).prefix(3).joined(separator: "; ")
        return "whether \(doubtful.named) pass isn't known: \(why)"
    }

    /// Ports that the server is meant to be reached at: its range, where one is known, and control.
    var wantedPorts: PortSet { (range ?? PortSet()).union(controlPorts) }

    /// Whether nobody but client and server can read any control connection.
    var demandsTLS: Bool {
        guard let tls = settings?.tls.value else { return false }
        return tls == .required || tls == .implicit
    }

    /// Whether TLS is offered, by the server's file or as it was seen; nil: not known.
    private var offersTLS: Bool? {
        if sessions.contains(where: \.isEncrypted) { return true }
        guard let settings, settings.tlsProblem == nil else { return nil }
        return settings.tls.value != .none
    }

    /// What translates the control connection, and may do the same with the data ports and the
    /// address of an announcement that it can read; whether it does the file doesn't say.
    var follower: Inspection? {
        guard let translator else { return nil }
        return readings(at: translator).first {
            $0.followsBy != nil && !$0.controlPorts.isDisjoint(with: controlPorts)
        }
    }

    /// Why it isn't known whether the follower puts the right address into all announcements; nil
    /// where nothing may follow, or sessions under TLS are blind spots of it.
    var doubtOfFollowing: String? {
        guard let follower, let needed = follower.followsBy, offersTLS != true else { return nil }
        let place = follower.source.line.map { "\(follower.source.file):\($0)" }
        return """
            \(place ?? follower.source.file) does so with \(needed), and it isn't known whether it \
            is there\(offersTLS == nil ? "; nor whether TLS is offered, which it can't read" : "")
            """
    }

    /// A sentence on data ports that are open for what a device can read alone: with TLS demanded
    /// no transfer would pass there. Empty where none is.
    var cautionOfTLS: String {
        guard let range, passiveOff == nil else { return "" }
        let read = denied(of: range.intersection(inspected), encrypted: true)
        let followed = follower == nil ? PortSet() : range.subtracting(translated)
        let ports = read.union(followed)
        guard !ports.isEmpty else { return "" }
        return """
             Before TLS is demanded, \(ports.named) must be open by lines of their own: under TLS no \
            device can read which port to open.
            """
    }
}
