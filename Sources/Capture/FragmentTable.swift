import Net

/// Where the bytes of an IP fragment stand, in their frame and in their datagram.
public struct FragmentPlace: Hashable, Sendable {
    public var capture: Int
    public var number: Int
    /// In the frame; nil where the frame holds it only in fragments itself.
    public var start: Int?
    public var count: Int
    /// In the payload of the datagram.
    public var offset: Int
}

/// IP fragments waiting for the rest of their datagram, within bounds.
///
/// Of bytes that are said twice the first copy stands.
struct FragmentTable: Sendable {
    struct Key: Hashable {
        var source: IPAddress
        var destination: IPAddress
        var identification: UInt32
        var number: UInt8
    }

    fileprivate struct Train {
        /// Ascending, each behind the one before.
        var pieces: [Piece] = []
        /// Length of the datagram's payload, once its last fragment was seen.
        var total: Int?
        /// Bytes in the pieces.
        var held = 0
        /// Where the fragments came from that said something new.
        var places: [FragmentPlace] = []
        var began: Timestamp
        var order: Int
    }

    fileprivate struct Piece {
        var offset: Int
        var bytes: [UInt8]

        var end: Int { offset + bytes.count }
    }

    private let limits: DecoderLimits
    private var trains: [Key: Train] = [:]
    private var held = 0
    private var order = 0
    private(set) var dropped = 0
    /// Where the pieces of the last whole datagram came from.
    private(set) var places: [FragmentPlace] = []

    /// What 16 bits of length can say.
    static let longestDatagram = 65_535

    init(limits: DecoderLimits) { self.limits = limits }

    /// Adds a fragment; returns the IP payload once it is whole.
    mutating func add(
        _ key: Key, offset: Int, more: Bool, _ bytes: Span<UInt8>, _ place: FragmentPlace,
        _ now: Timestamp
    ) -> [UInt8]? {
        guard offset + bytes.count <= Self.longestDatagram else { return nil }
        if let train = trains[key], now.since(train.began) > limits.fragmentAge { drop(key) }
        if trains[key] == nil {
            if trains.count >= limits.fragmentTrains { dropOldest() }
            order += 1
            trains[key] = Train(began: now, order: order)
        }
        let before = trains[key]?.held ?? 0
        trains[key]?.take(offset, more: more, bytes, place)
        held += (trains[key]?.held ?? 0) - before
        if let train = trains[key], train.held == train.total {
            held -= train.held
            trains[key] = nil
            places = train.places
            // The last one may only say where the end is.
            if places.last != place { places.append(place) }
            return train.pieces.flatMap(\.bytes)
        }
        if let train = trains[key], train.places.count > limits.fragmentsPerTrain { drop(key) }
        while held > limits.fragmentBytes { dropOldest() }
        return nil
    }

    private mutating func drop(_ key: Key) {
        guard let train = trains.removeValue(forKey: key) else { return }
        held -= train.held
        dropped += 1
    }

    private mutating func dropOldest() {
        guard let oldest = trains.min(by: { $0.value.order < $1.value.order }) else { return }
        drop(oldest.key)
    }
}

extension FragmentTable.Train {
    /// Keeps what of a fragment was not said before.
    fileprivate mutating func take(
        _ offset: Int, more: Bool, _ bytes: Span<UInt8>, _ place: FragmentPlace
    ) {
        if !more, total == nil { end(at: offset + bytes.count) }
        let end = min(offset + bytes.count, total ?? .max)
        var at = offset
        var index = firstPiece(behind: at)
        var isNew = false
        while at < end {
            if index < pieces.count, pieces[index].offset <= at {
                at = pieces[index].end
                index += 1
                continue
            }
            let stop = index < pieces.count ? min(end, pieces[index].offset) : end
            if index == 0 || pieces[index - 1].end < at {
                pieces.insert(FragmentTable.Piece(offset: at, bytes: []), at: index)
                index += 1
            }
            for here in at..<stop { pieces[index - 1].bytes.append(bytes[here - offset]) }
            held += stop - at
            at = stop
            isNew = true
        }
        if isNew { places.append(place) }
    }

    /// Index of the first piece that ends behind a place.
    private func firstPiece(behind place: Int) -> Int {
        var (low, high) = (0, pieces.count)
        while low < high {
            let middle = (low + high) / 2
            if pieces[middle].end > place { high = middle } else { low = middle + 1 }
        }
        return low
    }

    /// Notes the length of the whole; bytes beyond it belong to no datagram.
    private mutating func end(at length: Int) {
        total = length
        while let last = pieces.last, last.end > length {
            pieces.removeLast()
            held -= last.bytes.count
            guard last.offset < length else { continue }
            pieces.append(
                FragmentTable.Piece(
                    offset: last.offset, bytes: Array(last.bytes.prefix(length - last.offset))))
            held += length - last.offset
        }
    }
}
