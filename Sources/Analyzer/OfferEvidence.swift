import FTP
import Net
import Policy

extension Offer {
    /// Whether one of the addresses is announced, or one at which the client then looked for it
    /// all the same.
    func names(_ own: Set<IPAddress>) -> Bool {
        guard let advertised = channel.advertised?.address else { return false }
        return own.contains(advertised)
            || (channel.server.map { own.contains($0.address) } ?? false)
    }

    /// Whether the client didn't go to the announced address but to the one that it knew.
    var wasSoughtElsewhere: Bool {
        guard let listener = isPassive ? channel.server : channel.client,
            let advertised = channel.advertised
        else { return false }
        return listener.address != advertised.address
    }

    /// Whether an attempt at it was seen to fail, or the server said so.
    var failedOnTheWire: Bool {
        switch channel.outcome {
        case .refused, .unanswered, .prohibited: true
        // The server gave up on a connection that the capture doesn't show.
        case .unused, .unseen: channel.transferReply == 425
        case .established: false
        }
    }

    /// `227 announces 203.0.113.10:5150 (20 × 256 + 30)`.
    var announcement: PacketEvidence {
        let endpoint = channel.advertised.map { "\($0)" } ?? "an unreadable endpoint"
        let number = port ?? 0
        let sum = channel.announcedBy == .passive ? " (\(number >> 8) × 256 + \(number & 255))" : ""
        return PacketEvidence(
            channel.frame, "\(channel.announcedBy.rawValue) announces \(endpoint)\(sum)")
    }

    /// The announcement, the attempt, and what ended it.
    var failureEvidence: [PacketEvidence] {
        var evidence = [announcement]
        if let data = channel.dataFrame {
            let from = channel.client.map { "\($0)" } ?? "the client"
            let to = channel.server.map { "\($0)" } ?? channel.advertised.map { "\($0)" } ?? ""
            let tries = channel.attempts == 1 ? "1 SYN" : "\(channel.attempts) SYNs"
            evidence.append(
                PacketEvidence(data, "SYN \(from) → \(to): \(tries), \(channel.outcome.rawValue)"))
        }
        if let answer = channel.answer {
            let what =
                channel.icmp.map {
                    "ICMP \($0.type)/\($0.code) from \(channel.prohibitedBy.map { "\($0)" } ?? "a router")"
                }
                ?? "RST"
            evidence.append(PacketEvidence(answer, what))
        }
        if let frame = channel.transferReplyFrame, let code = channel.transferReply {
            evidence.append(PacketEvidence(frame, "reply \(code)"))
        }
        return evidence
    }
}
