import Capture
import Net

/// Plays operations as packets: two clients' control connections with one server, and data
/// connections to the ports from 50000 on, which `195,80` announces.
///
/// Of an operation's byte the low four bits tell the kind: 0 to 3 text of the client and the
/// server, 4 the handshake, 5 to 9 a data connection, 10 an ICMP unreachable, 11 the end of the
/// control connection, 12 time, 13 a place in the stream, 14 a frame as it stands, 15 a password.
/// Bit 4 is IPv6, bit 5 a cut frame, bit 6 the other client.
struct Conversation {
    private let audience: Audience
    private var wire = Wire()
    private var number = 0
    private var time: Int64 = 1_000_000_000_000_000
    private let controlPort: UInt16
    private var controls: [Control]
    private var operation: UInt8 = 0
    private var stranger: UInt16 = 0
    /// Whether every packet held whole lines that begin as commands and replies do, those of a
    /// client once and in order, and none a password but those of operation 15.
    private(set) var isOrderly = true

    /// Who takes the packets.
    struct Audience {
        var frame: (FrameHeader, Span<UInt8>) -> Void
        /// Time passes without a packet.
        var time: (Timestamp) -> Void = { _ in }
        /// What is known up to here is looked at.
        var look: () -> Void = {}
    }

    /// The two directions of a control connection.
    private struct Control {
        var client: Wire.End
        var next: [UInt32] = [1001, 5001]
        /// Whether every byte of the client came once and in order.
        var isWhole = true
    }

    init(_ choice: UInt8, _ audience: Audience) {
        self.audience = audience
        controlPort = [21, 2121, 990, 4021][Int(choice & 3)]
        controls = [2, 3, 2, 3].map { Control(client: Wire.End(host: $0, port: 40_000)) }
        // Most inputs want a connection that stands.
        if choice & 4 == 0 { handshake() }
    }

    mutating func step(_ input: inout Input) {
        operation = input.byte()
        switch operation & 15 {
        case 0, 1:
            let text = input.take(Int(input.byte()))
            isOrderly = isOrderly && operation & 0x20 == 0 && Self.isOrderly(text)
            say(client: true, text)
        case 2, 3:
            let text = input.take(Int(input.byte()))
            isOrderly = isOrderly && Self.isReply(text)
            say(client: false, text)
        case 4: handshake()
        case 5: data(input.byte(), 0x02, fromOpener: true)
        case 6: data(input.byte(), 0x12, fromOpener: false)
        case 7: data(input.byte(), 0x18, fromOpener: true, input.take(Int(input.byte())))
        case 8: data(input.byte(), 0x11, fromOpener: false, input.take(Int(input.byte())))
        case 9: data(input.byte(), 0x14, fromOpener: false)
        case 10: unreachable(input.byte())
        case 11: close(input.byte())
        case 12: pass(input.byte())
        case 13: move(input.byte())
        case 14: raw(input.byte(), input.take(Int(input.byte())))
        default: password(input.byte())
        }
    }

    private var isV6: Bool { operation & 0x10 != 0 }
    /// Each family has connections of its own.
    private var which: Int { (operation & 0x40 == 0 ? 0 : 1) + (isV6 ? 2 : 0) }
    private var server: Wire.End { Wire.End(host: 1, port: controlPort) }

    // MARK: the control connection

    /// Whole lines that begin with no letter.
    private static func isReply(_ text: ArraySlice<UInt8>) -> Bool {
        var begins = true
        for byte in text {
            if begins, !(0x20...0x39).contains(byte) { return false }
            begins = byte == 0x0a
        }
        return begins && !text.contains(255)
    }

    private static let commands: Set<Substring> = [
        "ABOR", "APPE", "AUTH", "CCC", "CWD", "EPRT", "EPSV", "FEAT", "LIST", "LPRT", "LPSV",
        "MLSD",
        "MKD", "NLST", "NOOP", "PASV", "PBSZ", "PORT", "PROT", "PWD", "QUIT", "REIN", "RETR",
        "STOR",
        "STOU", "TYPE", "USER",
    ]

    private static func isOrderly(_ text: ArraySlice<UInt8>) -> Bool {
        let words = ["PASS", "ACCT"]
        var text = Substring(decoding: text, as: UTF8.self)
        guard text.last == "\r\n", !text.utf8.contains(255) else { return text.isEmpty }
        while let end = text.firstIndex(of: "\r\n") {
            let line = text[..<end].uppercased()
            let verb = line.prefix { $0.isASCII && $0.isLetter }
            guard commands.contains(verb),
                verb.endIndex == line.endIndex || line[verb.endIndex] == " ",
                words.allSatisfy({ !line.contains($0) }), verb != "USER" || !line.contains(":")
            else { return false }
            text = text[end...].dropFirst()
        }
        return text.isEmpty
    }

    private mutating func say(client: Bool, _ text: ArraySlice<UInt8>) {
        if operation & 0x20 != 0, client { controls[which].isWhole = false }
        control(0x18, client: client, text)
        let way = client ? 0 : 1
        controls[which].next[way] &+= UInt32(text.count)
    }

    private mutating func control(_ flags: UInt8, client: Bool, _ text: ArraySlice<UInt8> = []) {
        let side = controls[which]
        let next = side.next
        wire.tcp(
            client ? side.client : server, client ? server : side.client, flags,
            sequence: client ? next[0] : next[1], acknowledgement: client ? next[1] : next[0],
            text, v6: isV6)
        send()
    }

    private mutating func handshake() {
        controls[which].next[0] &-= 1
        control(0x02, client: true)
        controls[which].next[0] &+= 1
        controls[which].next[1] &-= 1
        control(0x12, client: false)
        controls[which].next[1] &+= 1
        control(0x10, client: true)
    }

    private mutating func close(_ how: UInt8) {
        control(how & 1 == 0 ? 0x11 : 0x14, client: how & 2 == 0)
        if how & 4 != 0 { controls[which].client.port &+= 2 }
    }

    /// Leaves a hole, or comes back to what was sent.
    private mutating func move(_ how: UInt8) {
        let way = Int(how & 1)
        isOrderly = isOrderly && way != 0
        if way == 0 { controls[which].isWhole = false }
        controls[which].next[way] &+= UInt32(
            bitPattern: Int32(Int8(bitPattern: how & 0xfe)) * (how & 2 == 0 ? 1 : 16))
    }

    /// A whole line with a secret, where the stream has no hole that something else may fill.
    private mutating func password(_ how: UInt8) {
        guard controls[which].isWhole, operation & 0x20 == 0 else { return }
        let line = Array("\r\nPASS ".utf8) + RecordCheck.secret + [13, 10]
        let cut = 2 + Int(how) % (line.count - 2)
        say(client: true, line[..<cut])
        say(client: true, line[cut...])
    }

    // MARK: beside it

    /// A data connection: bits 0 to 2 of `which` its port, 3 and 4 the opener, 5 who listens.
    private func ends(_ which: UInt8) -> (opener: Wire.End, listener: Wire.End) {
        let isActive = which & 0x20 != 0
        let opener = Wire.End(
            host: isActive ? 1 : 2 + (which >> 3 & 3),
            port: isActive ? 20 : 41_000 + UInt16(which >> 6))
        return (
            opener, Wire.End(host: isActive ? 2 : 1, port: 50_000 + UInt16(which & 7))
        )
    }

    private mutating func data(
        _ which: UInt8, _ flags: UInt8, fromOpener: Bool, _ payload: ArraySlice<UInt8> = []
    ) {
        let (opener, listener) = ends(which)
        wire.tcp(
            fromOpener ? opener : listener, fromOpener ? listener : opener, flags,
            sequence: flags & 2 != 0 ? 7000 : 7001, acknowledgement: 7001, payload, v6: isV6)
        send()
    }

    private mutating func unreachable(_ which: UInt8) {
        let (opener, listener) = ends(which)
        wire.unreachable(
            by: 9, opener, listener, sequence: 7000, code: which & 0x1f, v6: isV6)
        send()
    }

    private mutating func pass(_ how: UInt8) {
        let steps: [Int64] = [
            50_000_000, 500_000_000, 2_500_000_000, 61_000_000_000, 7_300_000_000_000,
            -1_500_000_000, .max, .min,
        ]
        let step = steps[Int(how & 7)]
        time = step == .max || step == .min ? step : time &+ step
        if how & 8 != 0 { audience.time(Timestamp(nanoseconds: time)) }
        if how & 16 != 0 { audience.look() }
        if how & 32 != 0 { crowd() }
    }

    /// So many connections of others that the table of flows runs over soon.
    private mutating func crowd() {
        for _ in 0..<24 {
            stranger &+= 1
            wire.tcp(
                Wire.End(host: 7, port: stranger), Wire.End(host: 8, port: 80), 0x02,
                sequence: 1, acknowledgement: 0, [], v6: isV6)
            send()
        }
    }

    private mutating func raw(_ link: UInt8, _ bytes: ArraySlice<UInt8>) {
        // It may hold anything of the control connection.
        for index in controls.indices { controls[index].isWhole = false }
        isOrderly = false
        send(bytes, link & 1 == 0 ? .ethernet : .ipv4)
    }

    private mutating func send() {
        let kept = operation & 0x20 == 0 ? wire.frame.count : wire.frame.count - 3
        send(wire.frame[..<kept], .ethernet, lost: wire.frame.count - kept)
    }

    private mutating func send(_ bytes: ArraySlice<UInt8>, _ link: LinkType, lost: Int = 0) {
        number += 1
        time = time.addingReportingOverflow(1_000_000).partialValue
        let header = FrameHeader(
            capture: 0, number: number, time: Timestamp(nanoseconds: time),
            originalLength: bytes.count + lost, linkType: link)
        audience.frame(header, bytes.span)
    }
}
