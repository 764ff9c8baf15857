import FTP
import Net

/// One announcement in a session of the server.
public struct Offer: Sendable {
    /// Index of its session among the server's, and of its channel among the session's.
    public struct ID: Hashable, Comparable, Sendable {
        let session: UInt32
        let channel: UInt32

        public static func < (a: ID, b: ID) -> Bool {
            (a.session, a.channel) < (b.session, b.channel)
        }
    }

    public let session: SeenSession
    private let place: Offers.Place

    fileprivate init(_ place: Offers.Place, of sessions: ServerSessions) {
        self.place = place
        session = sessions[Int(place.session)]
    }

    public var id: ID {
        ID(session: place.session, channel: place.channel - session.firstChannel)
    }

    public var channel: SeenChannel { SeenChannel(all: session.all, row: Int(place.channel)) }

    /// Whether the server listens.
    public var isPassive: Bool { channel.announcedBy.isPassive }

    /// The announced port, where the announcement could be read.
    public var port: UInt16? { channel.advertised?.port }
}

/// Announcements in the sessions of one server, in order; eight bytes each.
public struct Offers: RandomAccessCollection, Sendable {
    private let sessions: ServerSessions
    private let places: [Place]

    fileprivate struct Place: Sendable {
        /// Index among the server's sessions.
        let session: UInt32
        /// Row among the channels of the audit.
        let channel: UInt32
    }

    /// All announcements in the sessions.
    init(in sessions: ServerSessions) {
        self.sessions = sessions
        var places: [Place] = []
        for (index, session) in sessions.enumerated() {
            let first = session.firstChannel
            for channel in first..<first + UInt32(session.channelCount) {
                places.append(Place(session: UInt32(index), channel: channel))
            }
        }
        self.places = places
    }

    private init(_ sessions: ServerSessions, _ places: [Place]) {
        self.sessions = sessions
        self.places = places
    }

    public var startIndex: Int { 0 }
    public var endIndex: Int { places.count }

    public subscript(index: Int) -> Offer { Offer(places[index], of: sessions) }

    /// The announcement of that number in the sessions.
    subscript(id: Offer.ID) -> Offer {
        let first = sessions[Int(id.session)].firstChannel
        return Offer(Place(session: id.session, channel: first + id.channel), of: sessions)
    }

    /// The ports that they announce.
    var ports: PortSet { PortSet(ports: compactMap { $0.port }) }

    /// Those that satisfy the claim.
    func only(where claim: (Offer) -> Bool) -> Offers {
        Offers(sessions, places.filter { claim(Offer($0, of: sessions)) })
    }
}
