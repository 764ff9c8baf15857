public import Net

/// What of one capture could be read: the counts that a report states.
public struct Coverage: Hashable, Sendable {
    public var frames = 0
    /// Bytes as they were on the wire.
    public var bytes = 0
    /// The earliest and the latest time of a frame.
    public var first: Timestamp?
    public var last: Timestamp?
    /// Frames that carry no IP, or have an unknown link type.
    public var notIP = 0
    /// Frames whose headers are cut or contradict themselves.
    public var undecodable = 0
    /// Frames that the snap length cut.
    public var truncated = 0
    /// The bytes that were kept of the longest of them: the snap length.
    public var cutAt = 0
    /// Fragments of IP datagrams.
    public var fragments = 0
    public var tcp = 0
    /// Frames that whoever took the capture says it lost.
    public var lost: UInt64 = 0
    /// Frames of link types that are not read, by their type; counted under `notIP` too.
    public var unread: [LinkType: Int] = [:]

    public init() {}

    /// Notes for each capture what was lost of it; see `PacketSource.lost`.
    public static func note(_ lost: [Int: UInt64], in coverage: inout [Coverage]) {
        for (capture, count) in lost where coverage.indices.contains(capture) {
            coverage[capture].lost = count
        }
    }

    /// Whether not one frame was read.
    public var isUseless: Bool { unread.values.reduce(0, +) == frames }

    /// Frames that were left out for their link type, as problems of the capture: of the types that
    /// most of them have.
    public func problems(of path: String) -> [CaptureProblem] {
        let types = unread.sorted { ($1.value, $0.key.rawValue) < ($0.value, $1.key.rawValue) }
        return types.prefix(Self.mostTypes).map { type, count in
            CaptureProblem(
                path: path, offset: 0, reason: .linkType(type, frames: count, of: frames))
        }
    }

    /// Link types that are named; a file may have as many as there are numbers.
    private static let mostTypes = 16

    /// Counts a frame and what it turned out to be.
    public mutating func count(_ header: FrameHeader, captured: Int, as decoded: Decoded) {
        frames += 1
        bytes += header.originalLength
        if captured < header.originalLength {
            truncated += 1
            cutAt = max(cutAt, captured)
        }
        if let last, let first {
            if header.time > last { self.last = header.time }
            if header.time < first { self.first = header.time }
        } else {
            first = header.time
            last = header.time
        }
        switch decoded {
        case .tcp: tcp += 1
        case .assembledTCP:
            tcp += 1
            fragments += 1
        case .fragment: fragments += 1
        case .notIP:
            notIP += 1
            if !header.linkType.isRead { unread[header.linkType, default: 0] += 1 }
        case .undecodable: undecodable += 1
        case .otherIP, .unreachable: break
        }
    }
}
