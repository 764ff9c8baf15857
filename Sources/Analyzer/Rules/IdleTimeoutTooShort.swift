import FTP
import Net
import Policy

/// PH222: a device forgets idle connections sooner than the longest transfer ends.
enum IdleTimeoutTooShort: Rule {
    static let id = "PH222"
    static let title = "Firewall idle timeout shorter than the longest transfer"
    static let severity = Severity.medium
    static let controls: [ControlSet] = [.availability]
    static let explanation = Explanation(
        checks: """
            The time after which a device on the path forgets an idle TCP connection is held \
            against how long the data connections in the captures lasted. A transfer that lasted \
            longer and whose reply was seen outside the device shows that something keeps the \
            control connection alive.
            """,
        why: """
            While data flows the control connection is silent. When the device has forgotten it, \
            the 226 after a long transfer is dropped: the file is whole, and the client reports a \
            failure or begins again.
            """,
        remedy: """
            Have clients or server send keepalives more often than the device forgets (TCP \
            keepalive, or NOOP where the server takes it), or raise the device's timeout.
            """,
        refutation: "Keepalives on the control connection, or a timeout of its own for FTP's port.",
        references: ["RFC 5382 section 5", "RFC 1122 section 4.2.3.6"])

    private struct Transfer {
        var session: SeenSession
        var first: FrameReference
        var last: FrameReference
        /// Whether its final reply was seen; nil where TLS hides replies.
        var isAnswered: Bool?

        var seconds: Int { Int(last.time.since(first.time) / 1_000_000_000) }
    }

    static func judge(_ server: ServerView, in audit: AuditContext) -> Judgement {
        guard server.site != nil, !server.path.isEmpty else {
            return .notApplicable("no device on the path of this server is known")
        }
        let known = server.path.compactMap { hop in
            hop.configuration.device?.idleTimeout.map { (hop: hop, timeout: $0) }
        }
        let silent = server.path.filter { $0.configuration.device?.idleTimeout == nil }
        let first = known.filter { $0.timeout.value > 0 }
            .min { $0.timeout.value < $1.timeout.value }
        let missing = silent.map { "\"\($0.name)\"" }.joined(separator: ", ")
        guard let (hop, timeout) = first else {
            return silent.isEmpty
                ? .passed("no device on the path forgets an idle connection")
                : .cannotTell("after how long \(missing) forgets an idle connection isn't known")
        }
        guard audit.hasTraffic else {
            return .cannotTell(
                "\"\(hop.name)\" forgets after \(text(timeout.value)); how long transfers last isn't known: no traffic was given"
            )
        }
        let transfers = server.sessions.flatMap(transfers)
        guard let longest = transfers.max(by: { $0.seconds < $1.seconds }) else {
            return .cannotTell("no transfer was seen whose length could be held against it")
        }
        let long = transfers.filter { $0.seconds > timeout.value }
        // Inside the device a reply is seen that may be dropped there.
        let isOutside = audit.site.tap == .outside
        let isInside = !isOutside && audit.site.tap != .unknown
        let lost = long.filter { $0.isAnswered == false || isInside }
        guard lost.isEmpty else {
            return .failed([fault(hop, timeout, lost, longest.seconds)])
        }
        let seen = "the longest transfer seen took \(text(longest.seconds))"
        guard long.isEmpty || isOutside && long.allSatisfy({ $0.isAnswered == true }) else {
            return .cannotTell("\(seen); whether its reply came through isn't known")
        }
        guard silent.isEmpty else {
            return .cannotTell("\(seen); after how long \(missing) forgets isn't known")
        }
        return .passed(
            long.isEmpty
                ? "\(seen); \"\(hop.name)\" forgets after \(text(timeout.value))"
                : "\(seen), and its reply came: the control connection is kept alive")
    }

    private static func transfers(_ session: SeenSession) -> [Transfer] {
        let seen = (0..<session.channelCount).compactMap { index -> Transfer? in
            let channel = session.channel(index)
            guard channel.outcome == .established, let first = channel.dataFrame,
                let last = channel.lastDataFrame
            else { return nil }
            return Transfer(
                session: session, first: first, last: last,
                isAnswered: channel.transferReply != nil)
        }
        let hidden = session.hiddenData.filter { $0.outcome == .established }.map { data in
            Transfer(session: session, first: data.first, last: data.last, isAnswered: nil)
        }
        return seen + hidden
    }

    private static func fault(
        _ hop: Hop, _ timeout: Setting<Int>, _ lost: [Transfer], _ longest: Int
    ) -> Fault {
        // The next full hour, so that the commands stay the same from one capture to the next.
        let enough = (longest / 3600 + 1) * 3600
        return Fault(
            key: "\(hop.name)",
            message: """
                "\(hop.name)" forgets an idle connection after \(text(timeout.value)), and \
                \(lost.count == 1 ? "a transfer" : "\(lost.count) transfers") took longer, up to \
                \(text(longest)): the reply after it finds no connection.
                """,
            expected: "idle connections kept for longer than \(text(longest)), or keepalives",
            observed: "\(text(timeout.value))", count: lost.count, confidence: .probable,
            packets: lost.lazy.map { transfer in
                PacketEvidence(
                    transfer.last,
                    "last packet of a data connection that lasted \(text(transfer.seconds))")
            },
            config: [timeout.source], sessions: lost.lazy.map(\.session),
            changes: [ProposedChange(.hop(hop.name), .set(.keepIdle(enough)))])
    }

    /// `1 h 5 min`, `90 s`.
    private static func text(_ seconds: Int) -> String {
        let (minutes, rest) = seconds.quotientAndRemainder(dividingBy: 60)
        let (hours, left) = minutes.quotientAndRemainder(dividingBy: 60)
        let parts = [(hours, "h"), (left, "min"), (rest, "s")].filter { $0.0 > 0 }
        return parts.isEmpty ? "0 s" : parts.map { "\($0.0) \($0.1)" }.joined(separator: " ")
    }
}
