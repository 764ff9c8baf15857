public import FTP
public import Net

/// What rules ask of sessions, kept in a fifth of the memory that their records take: an audit
/// of a long capture holds no more of those that have ended.
///
/// Takes records in the order in which they end; `ServerSessions` puts them into that of their
/// first frames.
public struct Traffic: Sendable {
    private(set) var sessions = Rows<SessionRow>()
    private(set) var channels = Rows<ChannelRow>()
    /// What few sessions have, by number.
    private(set) var details: [SessionDetails] = []
    private(set) var addresses = Shared<IPAddress>()
    private(set) var users = Shared<String>()

    public init() {}

    public init(_ records: [SessionRecord]) {
        for record in records { add(record) }
    }

    public mutating func add(_ record: SessionRecord) {
        let details = SessionDetails(record)
        if let details { self.details.append(details) }
        sessions.append(
            SessionRow(
                first: record.first, clearPassword: MaybeFrame(record.clearPassword),
                client: number(record.client), server: number(record.server),
                user: record.user.map { users.number(of: $0) } ?? .absent,
                details: details == nil ? .absent : UInt32(self.details.count - 1),
                firstChannel: UInt32(channels.count), channels: UInt32(record.channels.count),
                marks: SessionRow.Marks(record)))
        for channel in record.channels { add(channel, of: record) }
    }

    private mutating func add(_ channel: DataChannel, of record: SessionRecord) {
        let isTold = channel.transferReply != nil || !record.ends(behind: channel)
        channels.append(
            ChannelRow(
                frame: channel.frame, dataFrame: MaybeFrame(channel.dataFrame),
                answer: MaybeFrame(channel.answer),
                transferReplyFrame: MaybeFrame(channel.transferReplyFrame),
                lastDataFrame: MaybeFrame(channel.lastDataFrame),
                advertised: channel.advertised.map { number($0) } ?? .absent,
                client: channel.client.map { number($0) } ?? .absent,
                server: channel.server.map { number($0) } ?? .absent,
                prohibitedBy: channel.prohibitedBy.map { addresses.number(of: $0) } ?? .absent,
                attempts: UInt32(clamping: channel.attempts),
                reply: Int16(clamping: channel.reply ?? -1),
                transferReply: Int16(clamping: channel.transferReply ?? -1),
                announcedBy: channel.announcedBy, outcome: isTold ? channel.outcome : .unseen,
                answerTTL: channel.answerTTL, controlTTL: channel.controlTTL,
                icmp: channel.icmp))
    }

    private mutating func number(_ endpoint: Endpoint) -> EndpointNumber {
        EndpointNumber(
            address: addresses.number(of: endpoint.address), port: endpoint.port)
    }

    func endpoint(_ number: EndpointNumber) -> Endpoint? {
        number.address == .absent ? nil : Endpoint(addresses[number.address], number.port)
    }

    /// Where sessions were seen.
    public var servers: Set<Endpoint> {
        Set(Set(sessions.lazy.map(\.server)).compactMap(endpoint))
    }

    /// The numbers of each server's sessions.
    var rowsByServer: [Endpoint: [UInt32]] {
        var rows: [EndpointNumber: [UInt32]] = [:]
        for (row, session) in sessions.enumerated() {
            rows[session.server, default: []].append(UInt32(row))
        }
        // An address may have several numbers.
        return rows.reduce(into: [:]) { all, own in
            if let server = endpoint(own.key) { all[server, default: []] += own.value }
        }
    }
}

/// Values of which many are the same, each by a number.
struct Shared<Value: Hashable & Sendable>: Sendable {
    private var values: [Value] = []
    private var numbers: [Value: UInt32] = [:]
    /// So many are looked up; later ones are kept as often as they come.
    private static var most: Int { 1 << 15 }

    mutating func number(of value: Value) -> UInt32 {
        if let known = numbers[value] { return known }
        let number = UInt32(values.count)
        values.append(value)
        if numbers.count < Self.most { numbers[value] = number }
        return number
    }

    subscript(number: UInt32) -> Value { values[Int(number)] }
}
