import Capture
import Foundation
import Net
import Testing

func big16(_ value: Int) -> [UInt8] { [UInt8(value >> 8 & 255), UInt8(value & 255)] }
func big32(_ value: Int) -> [UInt8] { big16(value >> 16 & 0xffff) + big16(value & 0xffff) }

/// Numbers in the byte order of a file.
struct Order: CustomTestStringConvertible, Sendable {
    let isBig: Bool
    static let both = [Order(isBig: true), Order(isBig: false)]
    var testDescription: String { isBig ? "big-endian" : "little-endian" }
    func n16(_ value: Int) -> [UInt8] { isBig ? big16(value) : big16(value).reversed() }
    func n32(_ value: Int) -> [UInt8] { isBig ? big32(value) : big32(value).reversed() }
}

/// A pcap file of `frames`, one a second from 1000 s on, with 7 fraction units each.
func pcap(
    _ frames: [[UInt8]], order: Order = Order(isBig: false), magic: Int = 0xa1b2_c3d4,
    link: Int = 1, extra: Int = 0, start: Int = 1000
) -> [UInt8] {
    var file = order.n32(magic) + order.n16(2) + order.n16(4) + order.n32(0) + order.n32(0)
    file += order.n32(65_535) + order.n32(link)
    for (index, frame) in frames.enumerated() {
        file += order.n32(start + index) + order.n32(7) + order.n32(frame.count)
        file += order.n32(frame.count) + [UInt8](repeating: 0, count: extra) + frame
    }
    return file
}

/// Blocks of pcapng.
struct Blocks {
    let order: Order

    func block(_ type: Int, _ body: [UInt8]) -> [UInt8] {
        let padded = body + [UInt8](repeating: 0, count: (4 - body.count % 4) % 4)
        let length = order.n32(padded.count + 12)
        return order.n32(type) + length + padded + length
    }

    func section() -> [UInt8] {
        block(
            0x0a0d_0d0a,
            order.n32(0x1a2b_3c4d) + order.n16(1) + order.n16(0)
                + [UInt8](repeating: 255, count: 8))
    }

    func interface(link: Int, options: [UInt8] = []) -> [UInt8] {
        block(1, order.n16(link) + order.n16(0) + order.n32(0) + options)
    }

    func option(_ code: Int, _ value: [UInt8]) -> [UInt8] {
        order.n16(code) + order.n16(value.count) + value
            + [UInt8](repeating: 0, count: (4 - value.count % 4) % 4)
    }

    func packet(_ frame: [UInt8], units: Int, interface: Int = 0) -> [UInt8] {
        block(
            6,
            order.n32(interface) + order.n32(units >> 32) + order.n32(units & 0xffff_ffff)
                + order.n32(frame.count) + order.n32(frame.count) + frame)
    }

    func simple(_ frame: [UInt8]) -> [UInt8] { block(3, order.n32(frame.count) + frame) }

    func obsolete(_ frame: [UInt8], units: Int) -> [UInt8] {
        block(
            2,
            order.n16(0) + order.n16(0) + order.n32(units >> 32)
                + order.n32(units & 0xffff_ffff) + order.n32(frame.count)
                + order.n32(frame.count) + frame)
    }
}

/// A file that is there while `body` runs.
func withFile<R>(_ bytes: [UInt8], suffix: String = ".pcap", _ body: (String) throws -> R) throws
    -> R
{
    let path = NSTemporaryDirectory() + "capture-" + UUID().uuidString + suffix
    try Data(bytes).write(to: URL(fileURLWithPath: path))
    defer { try? FileManager.default.removeItem(atPath: path) }
    return try body(path)
}

/// All frames of a source: number, time in nanoseconds, link type, bytes.
struct Read: Equatable {
    var number: Int
    var time: Int64
    var link: UInt32
    var bytes: [UInt8]
    var capture = 0
}

/// All frames of a source, many at once where it hands them over so.
func readAll(_ source: any PacketSource) -> [Read] {
    var frames: [Read] = []
    var batch = FrameBatch()
    while source.fill(&batch) {
        for frame in batch.frames {
            frames.append(Read(frame.header, batch.bytes.span.extracting(frame.range)))
        }
    }
    return frames
}

/// All frames of a source, one by one.
func readEach(_ source: any PacketSource) -> [Read] {
    var frames: [Read] = []
    while case .frame(let header) = source.advance() {
        source.withBytes { frames.append(Read(header, $0)) }
    }
    return frames
}

extension Read {
    init(_ header: FrameHeader, _ bytes: Span<UInt8>) {
        self.init(
            number: header.number, time: header.time.nanoseconds, link: header.linkType.rawValue,
            bytes: (0..<bytes.count).map { bytes[$0] }, capture: header.capture)
    }
}
