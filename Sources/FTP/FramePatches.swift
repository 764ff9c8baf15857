import Capture

/// The bytes of one packet's payload, and the frames that hold them.
enum Carrier {
    /// A frame, by its place in the order of reading; its payload begins at `start`.
    case frame(Int, start: Int)
    /// Fragments; the payload begins at `start` of what was put together.
    case fragments(Datagram, bytes: [UInt8], start: Int)
}

/// What is overwritten in which frames.
struct FramePatches {
    struct Patch {
        /// Ranges to be blanked; the frame's checksums are then made right.
        var blanks: [Range<Int>] = []
        /// Bytes as they have to be.
        var bytes: [(at: Int, byte: UInt8)] = []
        /// Whether `bytes` are more than a checksum that lies in another fragment than the secret.
        var hasSecret = false
    }

    static let blank = UInt8(ascii: "x")

    private var patches: [Int: Patch] = [:]

    subscript(frame: Int) -> Patch? { patches[frame] }

    /// Blanks ranges of a payload, in whatever frames it came.
    mutating func blank(_ ranges: [Range<Int>], of carrier: Carrier) {
        guard !ranges.isEmpty else { return }
        switch carrier {
        case .frame(let number, let start):
            patches[number, default: Patch()].blanks += ranges.map {
                start + $0.lowerBound..<start + $0.upperBound
            }
        case .fragments(let datagram, let bytes, let start):
            blank(
                ranges.map { start + $0.lowerBound..<start + $0.upperBound }, datagram, bytes)
        }
    }

    private mutating func blank(
        _ ranges: [Range<Int>], _ datagram: Datagram, _ bytes: [UInt8]
    ) {
        var changed = bytes
        var isSecret = [Bool](repeating: false, count: bytes.count)
        for range in ranges {
            for at in range.clamped(to: 0..<bytes.count) {
                changed[at] = Self.blank
                isSecret[at] = true
            }
        }
        ChecksumMender.mend(&changed, old: bytes.span, of: datagram)
        for place in datagram.places {
            guard let start = place.start else { continue }
            for index in 0..<place.count {
                let at = place.offset + index
                // What no datagram has room for is nobody's to read.
                let byte = at < changed.count ? changed[at] : Self.blank
                guard at >= changed.count || isSecret[at] || byte != bytes[at] else { continue }
                patches[place.number, default: Patch()].bytes.append((start + index, byte))
                if at >= changed.count || isSecret[at] {
                    patches[place.number]?.hasSecret = true
                }
            }
        }
    }

    /// A frame as it is to be written, and whether a secret in it was blanked; nil where it is not
    /// changed.
    func patched(
        _ number: Int, _ bytes: Span<UInt8>, _ link: LinkType
    ) -> (bytes: [UInt8], isBlanked: Bool)? {
        guard let patch = patches[number] else { return nil }
        var copy: [UInt8] = []
        copy.reserveCapacity(bytes.count)
        for index in 0..<bytes.count { copy.append(bytes[index]) }
        for range in patch.blanks {
            for at in range.clamped(to: 0..<copy.count) { copy[at] = Self.blank }
        }
        if !patch.blanks.isEmpty { ChecksumMender.mend(&copy, old: bytes, link) }
        for (at, byte) in patch.bytes where at < copy.count { copy[at] = byte }
        return (copy, patch.hasSecret || !patch.blanks.isEmpty)
    }
}
