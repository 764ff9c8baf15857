import Capture
import Net

/// Writes frames: Ethernet, IPv4 or IPv6, TCP or an ICMP message, into one buffer.
struct Wire {
    private(set) var frame: [UInt8] = []

    struct End {
        var host: UInt8
        var port: UInt16
    }

    mutating func tcp(
        _ from: End, _ to: End, _ flags: UInt8, sequence: UInt32, acknowledgement: UInt32,
        _ payload: ArraySlice<UInt8>, v6: Bool
    ) {
        begin(v6: v6)
        network(from.host, to.host, number: 6, length: 20 + payload.count, v6: v6)
        segment(from, to, flags, sequence: sequence, acknowledgement: acknowledgement)
        frame += payload
    }

    /// An unreachable by `reporter` about the SYN of `from` to `to`.
    mutating func unreachable(
        by reporter: UInt8, _ from: End, _ to: End, sequence: UInt32, code: UInt8, v6: Bool
    ) {
        begin(v6: v6)
        network(
            reporter, from.host, number: v6 ? 58 : 1, length: 8 + (v6 ? 40 : 20) + 20, v6: v6)
        frame += [v6 ? 1 : 3, code, 0, 0, 0, 0, 0, 0]
        network(from.host, to.host, number: 6, length: 20, v6: v6)
        segment(from, to, 2, sequence: sequence, acknowledgement: 0)
    }

    private mutating func begin(v6: Bool) {
        frame.removeAll(keepingCapacity: true)
        frame += [2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2]
        frame += v6 ? [0x86, 0xdd] : [8, 0]
    }

    private mutating func network(
        _ source: UInt8, _ destination: UInt8, number: UInt8, length: Int, v6: Bool
    ) {
        if v6 {
            frame += [0x60, 0, 0, 0]
            word(UInt16(truncatingIfNeeded: length))
            frame += [number, 60]
            frame += [0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, source]
            frame += [0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, destination]
        } else {
            frame += [0x45, 0]
            word(UInt16(truncatingIfNeeded: 20 + length))
            frame += [0, 0, 0, 0, 60, number, 0, 0]
            frame += [10, 0, 0, source, 10, 0, 0, destination]
        }
    }

    private mutating func segment(
        _ from: End, _ to: End, _ flags: UInt8, sequence: UInt32, acknowledgement: UInt32
    ) {
        word(from.port)
        word(to.port)
        long(sequence)
        long(acknowledgement)
        frame += [0x50, flags, 0x20, 0, 0, 0, 0, 0]
    }

    private mutating func word(_ value: UInt16) {
        frame.append(UInt8(truncatingIfNeeded: value >> 8))
        frame.append(UInt8(truncatingIfNeeded: value))
    }

    private mutating func long(_ value: UInt32) {
        word(UInt16(truncatingIfNeeded: value >> 16))
        word(UInt16(truncatingIfNeeded: value))
    }
}
