import Net

/// One end of an FTP session.
enum Side: Sendable {
    case client
    case server

    var other: Side { self == .client ? .server : .client }
}

/// An address with or without a port.
struct Host: Sendable {
    let address: IPAddress
    let port: UInt16?
}

/// What becomes of a connection attempt.
enum Attempt: Sendable {
    /// The handshake is done and the connection stays open.
    case opened
    /// Handshake, the bytes if any, and an orderly end.
    case established(Transfer?)
    /// SYN answered by RST, with this TTL if it differs from the server's.
    case refused(ttl: UInt8?)
    /// So many SYNs, 1 s, 2 s, 4 s… apart, and no answer.
    case unanswered(Int)
    /// SYN answered by an ICMP message of this type and code from `router`.
    case prohibited(type: UInt8, code: UInt8, router: IPAddress)
}

/// Bytes on a data connection, sent by one side of the FTP session.
struct Transfer: Sendable {
    let sender: Side
    let count: Int
}

/// What one line of a dialogue asks for.
enum Statement: Sendable {
    case client(Host)
    case server(Host)
    case at(Timestamp)
    case wait(nanoseconds: Int64)
    case pace(nanoseconds: Int64)
    case ttl(Side, UInt8)
    case ephemeral(UInt16)
    case sequence(Side, UInt32)
    case connect(name: String?, Attempt)
    case use(String)
    case say(Side, [UInt8])
    case tls(Side, contentType: UInt8, count: Int)
    case data(opener: Host?, target: Endpoint, Attempt)
    case transfer(Transfer)
    case acknowledge
    case close(Side)
    case reset(Side, ttl: UInt8?)
    case mishap(Mishap)
}

/// A statement and the line it stands on.
struct ScriptLine: Sendable {
    let number: Int
    let statement: Statement
}
