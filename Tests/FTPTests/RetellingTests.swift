import Dialogue
import Dice
import FTP
import Testing

/// The same session in other segments: TCP may bring its bytes in any of these ways, and what is
/// told of it must be the same.
@Suite struct RetellingTests {
    private static let script =
        "server 203.0.113.10\nclient 198.51.100.7\nconnect\n"
            + """
            S: 220-Welcome
            S:  to a server of many words
            S: 220 Ready
            C: USER anonymous
            S: 331 Password
            C: PASS secret-word
            S: 230 Welcome
            C: FEAT
            S: 211-Extensions:
            S:  EPSV
            S:  227 (203,0,113,10,0,1) is no announcement
            S: 211 End
            C: PASV
            S: 227 Entering Passive Mode (203,0,113,10,19,141)
            data 203.0.113.10:5005 established download 9000
            C: RETR orders.csv
            S: 150 Go
            S: 226 Done
            C: EPSV
            S: 229 Extended Passive Mode Entered (|||5006|)
            data 203.0.113.10:5006 refused
            C: PORT 198,51,100,7,200,5
            S: 200 Yes
            C: STOR up
            data from 203.0.113.10:20 to 198.51.100.7:51205 established upload 300
            S: 150 Go
            S: 226 Done
            C= \\xff\\xf4\\xff\\xf2ABOR\\r\\n
            S: 226 Nothing to abort
            C: PASV
            S: 227-Entering
            S: 227 Passive Mode (203,0,113,10,19,143)
            data 203.0.113.10:5007 unanswered 3
            C: QUIT
            S: 221 Bye
            close
            """

    enum Way: CaseIterable, Sendable {
        case inPieces, wrapped, again, probed, allAtOnce

        func tell(_ all: [WireSegment], _ dice: inout Dice) -> [WireSegment] {
            switch self {
            case .inPieces: return RetellingTests.inPieces(all, &dice)
            case .wrapped: return RetellingTests.wrapped(all, &dice)
            case .again: return RetellingTests.again(all, &dice)
            case .probed: return RetellingTests.probed(all, &dice)
            case .allAtOnce:
                let ways: [Way] = [.inPieces, .wrapped, .again, .probed]
                return ways.reduce(all) { $1.tell($0, &dice) }
            }
        }
    }

    @Test(arguments: Way.allCases, 0..<12)
    func `a session is told alike`(_ way: Way, _ seed: Int) throws {
        let frames = try Dialogue.frames(Self.script)
        let segments = frames.compactMap(WireSegment.init)
        #expect(segments.count == frames.count)
        let told = extract(frames).map(Told.init)
        #expect(told.first?.channels.count == 4 && told.first?.oddities == [])
        var dice = Dice(seed: UInt64(seed))
        let retold = way.tell(segments, &dice).map(\.asFrame)
        #expect(extract(retold).map(Told.init) == told)
    }

    /// What a record tells, without its frames.
    private struct Told: Equatable {
        var session: [String]
        var channels: [[String]]
        var oddities: [String]

        init(_ record: SessionRecord) {
            session = [
                "\(record.client)", "\(record.server)", "\(record.user ?? "")", "\(record.login)",
                "\(record.banner ?? "")", "\(record.end)", "\(record.failures.map(\.code))",
                "\(record.visibility)",
            ]
            channels = record.channels.map { channel in
                [
                    "\(channel.announcedBy) \(channel.command ?? "") \(channel.reply ?? 0)",
                    "\(channel.advertised.map { "\($0)" } ?? "") \(channel.outcome)",
                    "\(channel.attempts) \(channel.client.map { "\($0)" } ?? "")",
                    "\(channel.transfer ?? "") \(channel.transferReply ?? 0)",
                    "\(channel.bytesToClient ?? 0) \(channel.bytesToServer ?? 0)",
                ]
            }
            oddities = record.oddities.map(\.name)
        }
    }

    /// Payloads in segments of one byte to seven.
    private static func inPieces(_ all: [WireSegment], _ dice: inout Dice) -> [WireSegment] {
        all.flatMap { whole -> [WireSegment] in
            var (pieces, piece, rest) = ([WireSegment](), whole, whole.payload[...])
            guard whole.goesOn, rest.count < 200 else { return [whole] }
            repeat {
                piece.payload = Array(rest.prefix(.random(in: 1...7, using: &dice)))
                pieces.append(piece)
                rest = rest.dropFirst(piece.payload.count)
                piece.sequence &+= UInt32(piece.payload.count)
            } while !rest.isEmpty
            return pieces
        }
    }

    /// Sequence numbers that begin shortly before they start over at zero.
    private static func wrapped(_ all: [WireSegment], _ dice: inout Dice) -> [WireSegment] {
        var moved: [[[UInt8]]: UInt32] = [:]
        return all.map { segment in
            var segment = segment
            let (there, back) = (segment.ways, segment.ways.reversed() as [[UInt8]])
            if segment.begins {
                moved[there] = 0 &- .random(in: 1...120, using: &dice) &- segment.sequence
            }
            if segment.acknowledges { segment.acknowledgement &+= moved[back] ?? 0 }
            segment.sequence &+= moved[there] ?? 0
            return segment
        }
    }

    /// Some segments a second time, some of these with the one before in front.
    private static func again(_ all: [WireSegment], _ dice: inout Dice) -> [WireSegment] {
        var before: [[[UInt8]]: WireSegment] = [:]
        return all.flatMap { segment -> [WireSegment] in
            guard segment.goesOn, (1..<600).contains(segment.payload.count) else {
                return [segment]
            }
            defer { before[segment.ways] = segment }
            var second = segment
            if let last = before[segment.ways], Bool.random(using: &dice),
                last.sequence &+ UInt32(last.payload.count) == segment.sequence
            {
                second.payload = last.payload + segment.payload
                second.sequence = last.sequence
            }
            return Bool.random(using: &dice) ? [segment, second] : [segment]
        }
    }

    /// Keep-alives between: empty, or with the last byte or another in its place (RFC 1122 section
    /// 4.2.3.6).
    private static func probed(_ all: [WireSegment], _ dice: inout Dice) -> [WireSegment] {
        var next: [[[UInt8]]: UInt32] = [:]
        return all.flatMap { segment -> [WireSegment] in
            guard segment.goesOn else {
                next[segment.ways] = nil
                return [segment]
            }
            let due = next[segment.ways] == segment.sequence && Bool.random(using: &dice)
            if !segment.payload.isEmpty {
                next[segment.ways] = segment.sequence &+ UInt32(segment.payload.count)
            }
            guard due else { return [segment] }
            var probe = segment
            probe.sequence &-= 1
            probe.payload = [[], [0], [0x78]].randomElement(using: &dice) ?? []
            return [probe, segment]
        }
    }
}
