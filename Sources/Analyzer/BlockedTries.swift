import FTP
import Net
import Policy

/// A connection as a client asked for it: what the path lets one client do says nothing of another,
/// nor of another address of the server.
struct Asked: Hashable {
    var client: IPAddress
    var to: IPAddress
    var port: UInt16
    /// Where the session listens in which the port was announced: a device may read one of the
    /// server's control ports and not another.
    var control: UInt16?
}

extension Offer {
    /// The data connection that it led to, or would have.
    var asked: Asked? {
        guard let port, let advertised = channel.advertised else { return nil }
        return Asked(
            client: channel.client?.address ?? session.client.address,
            to: channel.server?.address ?? advertised.address, port: port,
            control: session.server.port)
    }
}

extension ControlAttempt {
    var asked: Asked { Asked(client: client.address, to: server.address, port: server.port) }
}

/// Tries of clients that one line of one device denies.
struct BlockedTries<Try> {
    var blockade: Blockade
    var tries: [Try]
}

extension ServerView {
    /// The tries that are surely denied, a group a deciding line, in the order of their ports.
    func blocked<Try>(
        _ tries: some Sequence<Try>, _ asked: (Try) -> Asked?
    ) -> [BlockedTries<Try>] {
        let ports = PortSet(
            everyReach.flatMap(\.segments).filter { $0.verdict == .denied }.flatMap(\.ports.ranges))
        var groups: [BlockedTries<Try>] = []
        // Joined at the end: a set grown port by port takes quadratic time.
        var wanted: [[UInt16]] = []
        for one in tries {
            guard let asked = asked(one), ports.contains(asked.port),
                case .denied(let blockade) = fate(of: asked)
            else { continue }
            let known = groups.firstIndex {
                $0.blockade.hop == blockade.hop && $0.blockade.line == blockade.line
            }
            if let known {
                groups[known].blockade.join(to: blockade.to)
                groups[known].tries.append(one)
                wanted[known].append(asked.port)
            } else {
                groups.append(BlockedTries(blockade: blockade, tries: [one]))
                wanted.append([asked.port])
            }
        }
        for index in groups.indices {
            groups[index].blockade.ports = PortSet(ports: wanted[index])
        }
        return groups.sorted {
            ($0.blockade.ports.first ?? 0) < ($1.blockade.ports.first ?? 0)
        }
    }

    /// Lines by which the path surely lets the connection through to the server's own address, and
    /// its answers back; nil where it doesn't, or nobody can say.
    func opening(_ asked: Asked) -> [SourceLine]? {
        guard case .open(let deciding) = fate(of: asked), let site else { return nil }
        let isOpen = deciding.allSatisfy {
            $0.segment.isDelivered(to: Set(site.ends), asked: $0.to)
                && $0.segment.back ?? .permitted == .permitted
        }
        return isOpen ? deciding.flatMap(\.segment.decidedBy).map(\.source) : nil
    }

    /// Of tries that failed, those of which nobody can say whether the path denies them.
    func undecided<Try>(_ tries: some Sequence<Try>, _ asked: (Try) -> Asked?) -> [Asked] {
        var seen: Set<Asked> = []
        return tries.compactMap(asked).filter { one in
            guard seen.insert(one).inserted, case .unknown = fate(of: one) else { return false }
            return true
        }
    }

    /// What the path does with the connection; an address that clients don't ask for, as a tap
    /// behind the translation sees it, stands for every one of its family.
    private func fate(of asked: Asked) -> Fate {
        let all = asked.control.flatMap { reachOfOthers[$0] } ?? reach
        let exact = all.filter { $0.to == asked.to }
        let answers = exact.isEmpty ? all.filter { $0.to.family == asked.to.family } : exact
        let deciding = answers.compactMap { answer in
            answer.segments.first {
                $0.ports.contains(asked.port) && $0.from.contains(asked.client)
            }.map { (to: answer.to, segment: $0) }
        }
        let verdicts = Set(deciding.map(\.segment.verdict))
        guard let first = deciding.first, deciding.count == answers.count,
            !verdicts.contains(.unknown)
        else { return .unknown }
        guard verdicts.contains(.denied) else { return .open(deciding) }
        guard verdicts == [.denied], let decision = first.segment.decidedBy.last else {
            return .unknown
        }
        return .denied(
            Blockade(
                hop: decision.hop, line: decision.source, ports: PortSet(ports: [asked.port]),
                to: answers.map(\.to)))
    }

    /// What is known of how a path treats a connection.
    private enum Fate {
        case denied(Blockade)
        case open([(to: IPAddress, segment: Reach.Segment)])
        /// Not known, told of clients that aren't meant to get in, or another at each address that
        /// it may have been.
        case unknown
    }
}

extension Blockade {
    /// Takes in the ports and addresses of another.
    mutating func join(_ other: Blockade) {
        if !other.ports.isSubset(of: ports) { ports = ports.union(other.ports) }
        join(to: other.to)
    }

    /// Takes in further addresses.
    fileprivate mutating func join(to others: [IPAddress]) {
        to += others.filter { !to.contains($0) }
    }
}
