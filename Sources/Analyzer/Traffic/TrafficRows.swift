import FTP
import Net

/// A session in 72 bytes.
struct SessionRow: Sendable {
    var first: FrameReference
    var clearPassword: MaybeFrame
    var client: EndpointNumber
    var server: EndpointNumber
    /// Among the users.
    var user: UInt32
    /// Among the details.
    var details: UInt32
    /// Where its channels begin, and how many they are.
    var firstChannel: UInt32
    var channels: UInt32
    var marks: Marks

    struct Marks: OptionSet, Sendable {
        let rawValue: UInt8

        static var midstream: Marks { Marks(rawValue: 1) }
        static var oneSided: Marks { Marks(rawValue: 2) }
        static var gaps: Marks { Marks(rawValue: 4) }
        static var truncated: Marks { Marks(rawValue: 8) }
        static var encrypted: Marks { Marks(rawValue: 16) }
    }
}

extension SessionRow.Marks {
    init(_ record: SessionRecord) {
        self = []
        if record.visibility.midstream { insert(.midstream) }
        if record.visibility.oneSided { insert(.oneSided) }
        if record.visibility.gaps > 0 { insert(.gaps) }
        if record.visibility.truncatedFrames > 0 { insert(.truncated) }
        if record.encryption != nil { insert(.encrypted) }
    }
}

/// What few sessions have.
struct SessionDetails: Sendable {
    var encryption: SessionRecord.Encryption?
    var hiddenData: [HiddenConnection]
    /// PASV, EPSV and LPSV that were turned away for want of a port.
    var turnedAway: [SessionRecord.FailureReply]

    /// Nil where there is nothing of it.
    init?(_ record: SessionRecord) {
        encryption = record.encryption
        hiddenData = record.hiddenData.map { hidden in
            guard record.ends(behind: hidden.first, hidden.attempts, hidden.outcome) else {
                return hidden
            }
            var hidden = hidden
            hidden.outcome = .unseen
            return hidden
        }
        turnedAway = record.failures.filter(Self.isExhaustion)
        if encryption == nil, hiddenData.isEmpty, turnedAway.isEmpty { return nil }
    }

    private static func isExhaustion(_ failure: SessionRecord.FailureReply) -> Bool {
        guard ["PASV", "EPSV", "LPSV"].contains(failure.command) else { return false }
        return [421, 425].contains(failure.code)
            || failure.text.hasPrefix("500 OOPS: vsf_sysutil_bind")
    }
}

extension SessionRecord {
    /// Whether so little was captured behind a connection's only SYN that it may be answered yet:
    /// after a second it is sent again (RFC 6298 section 2).
    func ends(
        behind syn: FrameReference?, _ attempts: Int, _ outcome: DataChannel.Outcome
    ) -> Bool {
        guard let syn, attempts < 2, outcome == .unanswered, end == .open else { return false }
        return last.time.since(syn.time) < 1_000_000_000
    }

    func ends(behind channel: DataChannel) -> Bool {
        ends(behind: channel.dataFrame, channel.attempts, channel.outcome)
    }
}

/// A data channel in 128 bytes.
struct ChannelRow: Sendable {
    var frame: FrameReference
    var dataFrame: MaybeFrame
    var answer: MaybeFrame
    var transferReplyFrame: MaybeFrame
    var lastDataFrame: MaybeFrame
    var advertised: EndpointNumber
    var client: EndpointNumber
    var server: EndpointNumber
    /// Among the addresses.
    var prohibitedBy: UInt32
    var attempts: UInt32
    /// Below zero where there is none.
    var reply: Int16
    var transferReply: Int16
    var announcedBy: DataChannel.Announcement
    var outcome: DataChannel.Outcome
    var answerTTL: UInt8?
    var controlTTL: UInt8?
    var icmp: DataChannel.ICMP?
}

/// A frame, or none, in the memory of one: frames are numbered from 1.
struct MaybeFrame: Sendable {
    private let frame: FrameReference

    init(_ frame: FrameReference?) {
        self.frame =
            frame ?? FrameReference(capture: 0, number: 0, time: Timestamp(nanoseconds: 0))
    }

    var value: FrameReference? { frame.number == 0 ? nil : frame }
}

/// An endpoint by the number of its address.
struct EndpointNumber: Hashable, Sendable {
    var address: UInt32
    var port: UInt16

    static var absent: EndpointNumber { EndpointNumber(address: .absent, port: 0) }
}

extension UInt32 {
    /// The number of nothing.
    static var absent: UInt32 { .max }
}
