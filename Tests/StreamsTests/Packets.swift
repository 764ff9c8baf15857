import Capture
import Net
import Streams

func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

/// Decodes TCP segments that are made on the spot: raw IPv4, one a millisecond.
struct Wire {
    private var reader = PacketReader(captures: 1)
    private(set) var number = 0
    var time = Timestamp(seconds: 1000)

    struct End {
        var host: UInt8
        var port: Int
    }

    mutating func segment(
        _ from: End, _ to: End, _ flags: TCPFlags, sequence: UInt32 = 0,
        acknowledgement: UInt32 = 0,
        _ payload: String = "", reusing number: Int? = nil
    ) -> Packet {
        let text = Array(payload.utf8)
        var frame: [UInt8] = [0x45, 0] + big(40 + text.count, 2) + [0, 0, 0, 0, 64, 6, 0, 0]
        frame += [10, 0, 0, from.host, 10, 0, 0, to.host] + big(from.port, 2) + big(to.port, 2)
        frame += big(Int(sequence), 4) + big(Int(acknowledgement), 4) + [0x50, flags.rawValue]
        frame += [0, 0, 0, 0, 0, 0] + text
        self.number += 1
        time = Timestamp(nanoseconds: time.nanoseconds + 1_000_000)
        let header = FrameHeader(
            capture: 0, number: self.number, time: time, originalLength: frame.count,
            linkType: .raw)
        return reader.read(header, frame.span) ?? Packet()
    }

    private func big(_ value: Int, _ count: Int) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * (count - 1 - $0))) }
    }
}
