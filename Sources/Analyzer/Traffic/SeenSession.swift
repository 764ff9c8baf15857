import FTP
import Net

/// What an audit keeps of a session; see `SessionRecord` for what it means.
public struct SeenSession: Sendable {
    let all: ServerSessions.All
    /// Among all sessions of the audit.
    let row: Int

    private var kept: SessionRow { all.traffic.sessions[row] }
    private var details: SessionDetails? {
        let number = kept.details
        return number == .absent ? nil : all.traffic.details[Int(number)]
    }

    var client: Endpoint { all.endpoint(kept.client) }
    var server: Endpoint { all.endpoint(kept.server) }
    var first: FrameReference { kept.first }
    /// The first `PASS` in clear text; the password itself is not kept.
    var clearPassword: FrameReference? { kept.clearPassword.value }
    var user: String? {
        let number = kept.user
        return number == .absent ? nil : all.traffic.users[number]
    }

    var isMidstream: Bool { kept.marks.contains(.midstream) }
    var isOneSided: Bool { kept.marks.contains(.oneSided) }
    var hasGaps: Bool { kept.marks.contains(.gaps) }
    var isTruncated: Bool { kept.marks.contains(.truncated) }
    var isEncrypted: Bool { kept.marks.contains(.encrypted) }

    var encryption: SessionRecord.Encryption? { details?.encryption }
    var hiddenData: [HiddenConnection] { details?.hiddenData ?? [] }
    /// PASV, EPSV and LPSV that were turned away for want of a port.
    var turnedAway: [SessionRecord.FailureReply] { details?.turnedAway ?? [] }

    var channelCount: Int { Int(kept.channels) }
    /// The first of them among all channels of the audit.
    var firstChannel: UInt32 { kept.firstChannel }

    func channel(_ index: Int) -> SeenChannel {
        SeenChannel(all: all, row: Int(kept.firstChannel) + index)
    }
}

/// What an audit keeps of a data channel; see `DataChannel` for what it means.
public struct SeenChannel: Sendable {
    let all: ServerSessions.All
    /// Among all channels of the audit.
    let row: Int

    private var kept: ChannelRow { all.traffic.channels[row] }

    var announcedBy: DataChannel.Announcement { kept.announcedBy }
    var outcome: DataChannel.Outcome { kept.outcome }
    var attempts: Int { Int(kept.attempts) }
    var frame: FrameReference { kept.frame }
    var dataFrame: FrameReference? { kept.dataFrame.value }
    var answer: FrameReference? { kept.answer.value }
    var transferReplyFrame: FrameReference? { kept.transferReplyFrame.value }
    var lastDataFrame: FrameReference? { kept.lastDataFrame.value }
    var advertised: Endpoint? { all.traffic.endpoint(kept.advertised) }
    var client: Endpoint? { all.traffic.endpoint(kept.client) }
    var server: Endpoint? { all.traffic.endpoint(kept.server) }
    var answerTTL: UInt8? { kept.answerTTL }
    var controlTTL: UInt8? { kept.controlTTL }
    var icmp: DataChannel.ICMP? { kept.icmp }
    var prohibitedBy: IPAddress? {
        let number = kept.prohibitedBy
        return number == .absent ? nil : all.traffic.addresses[number]
    }
    var reply: Int? { kept.reply < 0 ? nil : Int(kept.reply) }
    var transferReply: Int? { kept.transferReply < 0 ? nil : Int(kept.transferReply) }
}

/// The sessions with one server, in the order of their first frames.
public struct ServerSessions: RandomAccessCollection, Sendable {
    /// Those of all servers.
    final class All: Sendable {
        let traffic: Traffic

        init(_ traffic: Traffic) { self.traffic = traffic }

        func endpoint(_ number: EndpointNumber) -> Endpoint {
            Endpoint(traffic.addresses[number.address], number.port)
        }
    }

    let all: All
    private let rows: [UInt32]

    /// - Parameters:
    ///   - traffic: the sessions of all servers.
    ///   - rows: of these the ones with the server, in any order.
    init(_ traffic: Traffic, rows: consuming [UInt32]) {
        let sessions = traffic.sessions
        rows.sort { sessions[Int($0)].first < sessions[Int($1)].first }
        // One a server: threads that judge different ones do not count the same references.
        all = All(traffic)
        self.rows = rows
    }

    public var startIndex: Int { 0 }
    public var endIndex: Int { rows.count }

    public subscript(index: Int) -> SeenSession { SeenSession(all: all, row: Int(rows[index])) }
}
