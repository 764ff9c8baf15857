import Net

/// The state of a pcapng file: byte order and interfaces of the current section.
///
/// Source: https://datatracker.ietf.org/doc/draft-ietf-opsawg-pcapng/
struct PcapngFormat {
    static let sectionHeader: UInt32 = 0x0a0d_0d0a
    /// Type and length, and the byte-order magic where the block is a section header.
    static let blockHeaderLength = 12

    private var bigEndian = false
    private var interfaces: [Interface] = []
    private var lastTime = Timestamp(nanoseconds: 0)
    /// Frames that were lost while the capture was taken, as far as that is said.
    private(set) var lost: UInt64 = 0
    /// More than an interface can have lost.
    private static let mostLost: UInt64 = 1 << 40
    /// The captures that a distilled one was made from, each as its interface's comment.
    private(set) var origins = DistilledOrigins()

    /// More interfaces than this in one section are a sign of a broken file.
    static let mostInterfaces = 65_536

    private struct Interface {
        var linkType: LinkType
        var snapLength: Int
        var clock = CaptureClock()
        /// Index into `origins`.
        var origin: Int?
        /// Frames that were lost, as the last statistics of the interface say.
        var lost: UInt64 = 0
    }

    struct Block {
        var type: UInt32
        var length: Int
    }

    struct Frame {
        /// From the start of the block.
        var offset: Int
        var length: Int
        var original: Int
        var time: Timestamp
        var linkType: LinkType
        /// In a distilled capture: where the frame stood before.
        var origin: DistilledOrigins.Place?
    }

    enum Found {
        case frame(Frame)
        case skip
        case broken(CaptureProblem.Reason)
    }

    /// The type of an interface statistics block.
    static let statistics: UInt32 = 5

    /// A section's or an interface's description.
    static func isHead(_ block: Block) -> Bool { block.type == sectionHeader || block.type == 1 }

    /// Reads the first twelve bytes of a block.
    mutating func block(
        _ bytes: Span<UInt8>, at start: Int
    ) -> Result<Block, CaptureProblem.Reason> {
        let isSection = bytes.big32(start) == Self.sectionHeader
        if isSection {
            switch bytes.big32(start + 8) {
            case 0x1a2b_3c4d: bigEndian = true
            case 0x4d3c_2b1a: bigEndian = false
            case let value:
                return .failure(.impossible(field: "byte-order magic", value: UInt64(value)))
            }
            interfaces.removeAll(keepingCapacity: true)
        }
        let length = bytes.load32(start + 4, bigEndian: bigEndian)
        guard length >= (isSection ? 28 : 12), length % 4 == 0, length <= CaptureFile.longestFrame
        else { return .failure(.impossible(field: "block length", value: UInt64(length))) }
        return .success(
            Block(type: bytes.load32(start, bigEndian: bigEndian), length: Int(length)))
    }

    /// Reads a block that is wholly there.
    mutating func read(_ block: Block, _ bytes: Span<UInt8>, at start: Int) -> Found {
        let again = bytes.load32(start + block.length - 4, bigEndian: bigEndian)
        guard again == UInt32(block.length) else {
            return .broken(.impossible(field: "second block length", value: UInt64(again)))
        }
        let body = bytes.extracting(start..<start + block.length - 4)
        switch block.type {
        case 1: return interface(body)
        case 6: return enhancedPacket(body)
        case 2: return obsoletePacket(body)
        case 3: return simplePacket(body)
        case Self.statistics:
            readStatistics(body)
            return .skip
        default: return .skip
        }
    }

    private mutating func interface(_ body: Span<UInt8>) -> Found {
        guard body.count >= 16 else {
            return .broken(
                .impossible(field: "interface block length", value: UInt64(body.count + 4)))
        }
        guard interfaces.count < Self.mostInterfaces else {
            return .broken(.impossible(field: "interface count", value: UInt64(interfaces.count)))
        }
        var interface = Interface(
            linkType: LinkType(rawValue: UInt32(body.load16(8, bigEndian: bigEndian))),
            snapLength: Int(body.load32(12, bigEndian: bigEndian)))
        var at = 16
        while at + 4 <= body.count {
            let code = body.load16(at, bigEndian: bigEndian)
            let length = Int(body.load16(at + 2, bigEndian: bigEndian))
            at += 4
            guard code != 0, at + length <= body.count else { break }
            if code == 1 {
                interface.origin = origins.index(of: body.extracting(at..<at + length))
            } else if code == 9, length >= 1 {
                interface.clock.resolution = body[at]
            } else if code == 14, length >= 8 {
                interface.clock.offset = Int64(
                    bitPattern: body.load64(at, bigEndian: bigEndian))
            }
            at += (length + 3) & ~3
        }
        interfaces.append(interface)
        return .skip
    }

    /// Of an interface statistics block what the interface and the system dropped, from the begin of
    /// the capture on; what is wrong with one is of no weight.
    private mutating func readStatistics(_ body: Span<UInt8>) {
        guard body.count >= 20 else { return }
        let index = Int(body.load32(8, bigEndian: bigEndian))
        guard index < interfaces.count else { return }
        var (count, at): (UInt64, Int) = (0, 20)
        while at + 4 <= body.count {
            let code = body.load16(at, bigEndian: bigEndian)
            let length = Int(body.load16(at + 2, bigEndian: bigEndian))
            at += 4
            guard code != 0, at + length <= body.count else { break }
            if code == 5 || code == 7, length >= 8 {
                count += min(body.load64(at, bigEndian: bigEndian), Self.mostLost)
                count = min(count, Self.mostLost)
            }
            at += (length + 3) & ~3
        }
        // The last statistics of an interface hold; many sections of many interfaces stay a number.
        lost = min(lost - interfaces[index].lost + count, .max / 2)
        interfaces[index].lost = count
    }

    private mutating func enhancedPacket(_ body: Span<UInt8>) -> Found {
        guard body.count >= 28 else {
            return .broken(
                .impossible(field: "packet block length", value: UInt64(body.count + 4)))
        }
        let index = Int(body.load32(8, bigEndian: bigEndian))
        var found = packet(body, interface: index)
        if index < interfaces.count, let origin = interfaces[index].origin,
            case .frame(var frame) = found
        {
            frame.origin = DistilledOrigins.place(
                origin, body, optionsAt: 28 + (frame.length + 3) & ~3, bigEndian: bigEndian)
            found = .frame(frame)
        }
        return found
    }

    private mutating func obsoletePacket(_ body: Span<UInt8>) -> Found {
        guard body.count >= 28 else {
            return .broken(
                .impossible(field: "packet block length", value: UInt64(body.count + 4)))
        }
        return packet(body, interface: Int(body.load16(8, bigEndian: bigEndian)))
    }

    private mutating func packet(_ body: Span<UInt8>, interface index: Int) -> Found {
        let captured = Int(body.load32(20, bigEndian: bigEndian))
        guard captured <= body.count - 28 else {
            return .broken(.impossible(field: "captured length", value: UInt64(captured)))
        }
        let units =
            UInt64(body.load32(12, bigEndian: bigEndian)) << 32
            | UInt64(body.load32(16, bigEndian: bigEndian))
        let known = index < interfaces.count
        lastTime = known ? interfaces[index].clock.time(units) : CaptureClock().time(units)
        return .frame(
            Frame(
                offset: 28, length: captured,
                original: Int(body.load32(24, bigEndian: bigEndian)), time: lastTime,
                linkType: known ? interfaces[index].linkType : .unknown))
    }

    private func simplePacket(_ body: Span<UInt8>) -> Found {
        guard body.count >= 12 else {
            return .broken(
                .impossible(field: "packet block length", value: UInt64(body.count + 4)))
        }
        let original = Int(body.load32(8, bigEndian: bigEndian))
        var captured = min(original, body.count - 12)
        if let interface = interfaces.first, interface.snapLength > 0 {
            captured = min(captured, interface.snapLength)
        }
        // A simple packet has no time of its own: it happened after the one before.
        return .frame(
            Frame(
                offset: 12, length: captured, original: original, time: lastTime,
                linkType: interfaces.first?.linkType ?? .unknown))
    }
}

/// How an interface's time stamps count: `if_tsresol` and `if_tsoffset`.
struct CaptureClock {
    /// 10 to this power below zero, or 2 where the highest bit is set.
    var resolution: UInt8 = 6
    /// Seconds to add.
    var offset: Int64 = 0

    func time(_ units: UInt64) -> Timestamp {
        let seconds: UInt64
        let nanoseconds: UInt64
        let power = Int(resolution & 0x7f)
        if resolution & 0x80 != 0 {
            seconds = power < 64 ? units >> UInt64(power) : 0
            let rest = power < 64 ? units & ((1 << UInt64(power)) &- 1) : units
            let scaled = UInt128(rest) * 1_000_000_000
            nanoseconds = power < 94 ? UInt64(truncatingIfNeeded: scaled >> UInt128(power)) : 0
        } else {
            var perSecond: UInt64 = 1
            // 10^19 is the highest power of ten in 64 bits.
            for _ in 0..<min(power, 19) { perSecond *= 10 }
            seconds = units / perSecond
            nanoseconds = UInt64(
                UInt128(units % perSecond) * 1_000_000_000 / UInt128(perSecond))
        }
        let whole = Int64(clamping: seconds).addingReportingOverflow(offset)
        return Timestamp(
            seconds: whole.overflow ? .max : whole.partialValue,
            nanoseconds: Int64(clamping: nanoseconds))
    }
}
