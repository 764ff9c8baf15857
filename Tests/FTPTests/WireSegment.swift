import Dialogue

/// A TCP segment over IPv4 in an Ethernet frame, as far as a test changes it.
struct WireSegment {
    private let frame: Frame
    private var bytes: [UInt8]

    private static let tcp = 34
    private var text: Int { Self.tcp + Int(bytes[Self.tcp + 12] >> 4) * 4 }

    /// Nil for frames that don't hold such a segment whole.
    init?(_ frame: Frame) {
        guard frame.bytes.count == frame.originalLength, frame.bytes.count >= 54,
            Array(frame.bytes[12..<15]) == [0x08, 0, 0x45], frame.bytes[23] == 6
        else { return nil }
        self.frame = frame
        bytes = frame.bytes
    }

    /// Address and port of who sends, then of whom it is for.
    var ways: [[UInt8]] {
        [bytes[26..<30] + bytes[34..<36], bytes[30..<34] + bytes[36..<38]].map(Array.init)
    }
    var sequence: UInt32 {
        get { number(Self.tcp + 4) }
        set { set(newValue, Self.tcp + 4) }
    }
    var acknowledgement: UInt32 {
        get { number(Self.tcp + 8) }
        set { set(newValue, Self.tcp + 8) }
    }
    var payload: [UInt8] {
        get { Array(bytes[text...]) }
        set {
            bytes.replaceSubrange(text..., with: newValue)
            let length = bytes.count - 14
            (bytes[16], bytes[17]) = (UInt8(length >> 8), UInt8(length & 255))
        }
    }

    var acknowledges: Bool { bytes[Self.tcp + 13] & 0x10 != 0 }
    var begins: Bool { bytes[Self.tcp + 13] & 0x02 != 0 }
    var ends: Bool { bytes[Self.tcp + 13] & 0x05 != 0 }
    /// Neither opens the connection nor ends it.
    var goesOn: Bool { !begins && !ends }

    var asFrame: Frame {
        Frame(time: frame.time, line: frame.line, bytes: bytes, originalLength: bytes.count)
    }

    private func number(_ at: Int) -> UInt32 {
        bytes[at..<at + 4].reduce(0) { $0 << 8 | UInt32($1) }
    }
    private mutating func set(_ value: UInt32, _ at: Int) {
        for byte in 0..<4 {
            bytes[at + byte] = UInt8(truncatingIfNeeded: value >> UInt32(24 - 8 * byte))
        }
    }
}
