import Capture
import Dialogue
import FTP
import Net

/// A frame of a distilled capture, with its number in the original.
struct Kept {
    var number: Int
    var frame: Captured
    var isBlanked: Bool
}

/// A frame, however it was made.
struct Captured {
    var time: Timestamp
    var bytes: [UInt8]
    var originalLength: Int

    init(_ frame: Frame) {
        (time, bytes, originalLength) = (frame.time, frame.bytes, frame.originalLength)
    }

    init(time: Timestamp, bytes: [UInt8], originalLength: Int) {
        (self.time, self.bytes, self.originalLength) = (time, bytes, originalLength)
    }

    func header(_ number: Int) -> FrameHeader {
        FrameHeader(
            capture: 0, number: number, time: time, originalLength: originalLength,
            linkType: .ethernet)
    }
}

/// Distils frames that are numbered as `numbers` says, else from 1.
func distill(_ frames: [Captured], numbers: [Int]? = nil) -> [Kept] {
    let numbers = numbers ?? Array(1...max(frames.count, 1))
    let distiller = Distiller(captures: 1)
    let pairs = Array(zip(frames, numbers))
    for (frame, number) in pairs { distiller.survey(frame.header(number), frame.bytes.span) }
    distiller.finishSurvey()
    for (frame, number) in pairs { distiller.select(frame.header(number), frame.bytes.span) }
    distiller.finishSelection()
    var kept: [Kept] = []
    for (frame, number) in pairs {
        distiller.pick(frame.header(number), frame.bytes.span) { header, bytes, isBlanked in
            var copy: [UInt8] = []
            for index in 0..<bytes.count { copy.append(bytes[index]) }
            kept.append(
                Kept(
                    number: header.number,
                    frame: Captured(
                        time: header.time, bytes: copy, originalLength: header.originalLength),
                    isBlanked: isBlanked))
        }
    }
    return kept
}

func records(_ frames: [(frame: Captured, number: Int)]) -> [SessionRecord] {
    var records: [SessionRecord] = []
    let extractor = SessionExtractor { records.append($0) }
    for (frame, number) in frames { extractor.consume(frame.header(number), frame.bytes.span) }
    extractor.finish()
    return records.sorted { $0.first < $1.first }
}

func records(_ frames: [Captured]) -> [SessionRecord] {
    records(frames.enumerated().map { ($1, $0 + 1) })
}

func records(_ kept: [Kept]) -> [SessionRecord] {
    records(kept.map { ($0.frame, $0.number) })
}

/// Changes rendered frames: Ethernet, IPv4 without options.
enum Wrapping: String, CaseIterable {
    case plain, generic, vxlan, fragments, fragmentsReversed, fragmentsTwice, vlan, inIP
    case tunnelInFragments

    func apply(_ frame: Captured) -> [Captured] {
        let (ethernet, packet) = (Array(frame.bytes.prefix(14)), Array(frame.bytes.dropFirst(14)))
        func made(_ bytes: [UInt8]) -> Captured {
            Captured(time: frame.time, bytes: bytes, originalLength: bytes.count)
        }
        func outer(_ number: UInt8, _ payload: [UInt8]) -> [UInt8] {
            let total = payload.count + 20
            return ethernet + [0x45, 0, UInt8(total >> 8), UInt8(total & 255), 0, packet[5], 0, 0]
                + [64, number, 0, 0, 192, 0, 2, 1, 192, 0, 2, 2] + payload
        }
        let generic = outer(47, [0, 0, 8, 0] + packet)
        switch self {
        case .plain: return [frame]
        case .generic: return [made(generic)]
        case .inIP: return [made(outer(4, packet))]
        case .vlan:
            return [made(Array(ethernet.prefix(12)) + [0x81, 0, 0, 5, 8, 0] + packet)]
        case .vxlan:
            let datagram = [8, 0, 0, 0, 0, 0, 7, 0] + ethernet + packet
            let length = datagram.count + 8
            return [
                made(
                    outer(
                        17,
                        [200, 0, 0x12, 0xb5, UInt8(length >> 8), UInt8(length & 255), 7, 7]
                            + datagram))
            ]
        case .fragments: return Self.fragments(frame.bytes).map(made)
        case .fragmentsReversed: return Self.fragments(frame.bytes).reversed().map(made)
        case .fragmentsTwice:
            return Self.fragments(frame.bytes).flatMap { [$0, $0] }.map(made)
        case .tunnelInFragments: return Self.fragments(generic).map(made)
        }
    }

    /// Datagrams of 24 bytes each.
    static func fragments(_ frame: [UInt8]) -> [[UInt8]] {
        let (head, payload) = (Array(frame.prefix(34)), Array(frame.dropFirst(34)))
        return stride(from: 0, to: payload.count, by: 24).map { at in
            let piece = payload[at..<min(at + 24, payload.count)]
            let field = UInt16(at / 8) | (at + 24 < payload.count ? 0x2000 : 0)
            var head = head
            head[17] = UInt8(20 + piece.count)
            head[16] = 0
            head[20] = UInt8(field >> 8)
            head[21] = UInt8(field & 255)
            return head + piece
        }
    }
}
