import Net

/// Plays statements one after the other and keeps what they leave behind.
struct Stage {
    private struct Session {
        var control: Conversation
        let client: Endpoint
        let server: Endpoint
        var data: Conversation?
    }

    private let name: String
    private var tape = Tape()
    private var client: Host?
    private var server: Endpoint?
    private var nextPort: UInt16 = 49200
    private var opened: UInt32 = 0
    private var startingSequence: [Side: UInt32] = [:]
    private var sessions: [String: Session] = [:]
    private var current = ""
    private var mishaps: [(mishap: Mishap, line: Int)] = []

    /// - Parameter name: what errors call the dialogue.
    init(name: String) {
        self.name = name
    }

    mutating func play(_ line: ScriptLine) throws(DialogueError) {
        tape.line = line.number
        switch line.statement {
        case .client(let host): client = host
        case .server(let host): server = Endpoint(host.address, host.port ?? 21)
        case .at(let time):
            settle()
            guard time.nanoseconds >= tape.clock || tape.drafts.isEmpty else {
                throw fault("a time not before \(Timestamp(nanoseconds: tape.clock))")
            }
            tape.move(to: time.nanoseconds)
        case .wait(let time):
            settle()
            tape.move(to: tape.clock + time)
        case .pace(let time): tape.pace = time
        case .ttl(let side, let ttl): tape.ttl[side] = ttl
        case .ephemeral(let port): nextPort = port
        case .sequence(let side, let number): startingSequence[side] = number
        case .connect(let name, let attempt): try connect(name ?? "", attempt)
        case .use(let name):
            guard sessions[name] != nil else {
                throw fault("the name of a session (\(name) is none)")
            }
            current = name
        case .say(let side, let bytes):
            try onControl(side) { $0.say(bytes, from: $1, on: &$2) }
        case .tls(let side, let type, let count):
            let record = [type, 3, 3] + big(UInt16(clamping: count)) + Filler.noise(count)
            try onControl(side) { $0.say(record, from: $1, on: &$2) }
        case .data(let opener, let target, let attempt): try data(opener, target, attempt)
        case .transfer(let transfer): try move(transfer)
        case .acknowledge: settle()
        case .close(let side):
            try onControl(side) { $0.close(by: $1, on: &$2) }
        case .reset(let side, let ttl):
            try onControl(side) { $0.reset(by: $1, ttl: ttl, on: &$2) }
        case .mishap(let mishap): mishaps.append((mishap, line.number))
        }
    }

    /// Applies the mishaps, in the order of the script, and makes the frames.
    mutating func finish() throws(DialogueError) -> [Frame] {
        settle()
        var drafts = tape.drafts.map { [$0] }
        for (mishap, line) in mishaps {
            tape.line = line
            if let expected = mishap.apply(to: &drafts) { throw fault(expected) }
        }
        return drafts.joined().map(\.frame)
    }

    private mutating func connect(_ name: String, _ attempt: Attempt) throws(DialogueError) {
        settle()
        guard let client else { throw fault("a `client` before the first connection") }
        guard let server else { throw fault("a `server` before the first connection") }
        guard client.address.family == server.address.family else {
            throw fault("client and server of one address family")
        }
        try check(attempt, client.address.family)
        let from = Endpoint(client.address, try port(of: client))
        var control = Conversation(
            opener: peer(from, side: .client, fallback: .client),
            target: peer(server, side: .server, fallback: .server))
        startingSequence = [:]
        control.attempt(attempt, on: &tape)
        if case .established = attempt { control.close(by: .opener, on: &tape) }
        sessions[name] = Session(control: control, client: from, server: server, data: nil)
        current = name
    }

    private mutating func data(
        _ from: Host?, _ target: Endpoint, _ attempt: Attempt
    ) throws(DialogueError) {
        settle()
        guard let session = sessions[current] else { throw fault("a `connect` before this line") }
        let address = from?.address ?? session.client.address
        guard address.family == target.address.family else {
            throw fault("both ends of one address family")
        }
        try check(attempt, address.family)
        let opener = Endpoint(address, try port(of: from))
        func side(_ end: Endpoint) -> Side? {
            end.address == session.client.address
                ? .client : end.address == session.server.address ? .server : nil
        }
        let openerSide = side(opener)
        var connection = Conversation(
            opener: peer(opener, side: openerSide, fallback: .client),
            target: peer(target, side: side(target), fallback: .server))
        connection.attempt(attempt, on: &tape)
        sessions[current]?.data = connection.isOpen ? connection : nil
        guard case .established(let transfer) = attempt else { return }
        if let transfer { try move(transfer) } else { finishData(by: .opener) }
    }

    private func check(_ attempt: Attempt, _ family: IPAddress.Family) throws(DialogueError) {
        guard case .prohibited(_, _, let router) = attempt, router.family != family else { return }
        throw fault("a router of the connection's address family")
    }

    /// Sends the bytes over the open data connection of the session; the sender then closes it.
    private mutating func move(_ transfer: Transfer) throws(DialogueError) {
        settle()
        guard var connection = sessions[current]?.data else {
            throw fault("an open data connection (`data … opened`) before this line")
        }
        let sender = connection.end(of: transfer.sender)
        connection.say(Filler.text(transfer.count), from: sender, on: &tape)
        connection.acknowledge(except: sender, on: &tape)
        sessions[current]?.data = connection
        finishData(by: sender)
    }

    private mutating func finishData(by end: Conversation.End) {
        sessions[current]?.data?.close(by: end, on: &tape)
        sessions[current]?.data = nil
    }

    /// Acknowledges on the control connections what is still owed there.
    private mutating func settle() {
        for name in sessions.keys.sorted() {
            sessions[name]?.control.acknowledge(except: nil, on: &tape)
        }
    }

    private mutating func onControl(
        _ side: Side, _ act: (inout Conversation, Conversation.End, inout Tape) -> Void
    ) throws(DialogueError) {
        guard var control = sessions[current]?.control, control.isOpen else {
            throw fault("an open control connection (`connect`) before this line")
        }
        for name in sessions.keys.sorted() where name != current {
            sessions[name]?.control.acknowledge(except: nil, on: &tape)
        }
        let end = control.end(of: side)
        control.acknowledge(except: end, on: &tape)
        act(&control, end, &tape)
        sessions[current]?.control = control
    }

    /// The port that the dialogue gives the host, else the next ephemeral one.
    private mutating func port(of host: Host?) throws(DialogueError) -> UInt16 {
        if let port = host?.port { return port }
        guard nextPort < 65535 else { throw fault("a lower `ephemeral`: ports have run out") }
        defer { nextPort += 1 }
        return nextPort
    }

    /// A peer with a sequence number of its own; `sequence` decides those of a control connection.
    private mutating func peer(
        _ endpoint: Endpoint, side: Side?, fallback: Side
    ) -> Conversation.Peer {
        opened &+= 1
        let start = startingSequence[fallback] ?? 0x1000_0000 &+ opened &* 0x0123_4567
        return Conversation.Peer(endpoint: endpoint, side: side, next: start)
    }

    private func fault(_ expected: String) -> DialogueError {
        DialogueError(file: name, line: tape.line, column: 1, expected: expected, found: nil)
    }
}
