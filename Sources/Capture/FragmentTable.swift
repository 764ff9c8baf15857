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
struct FragmentTable {
    struct Key: Hashable {
        var source: IPAddress
        var destination: IPAddress
        var identification: UInt32
        var number: UInt8
    }

    private struct Train {
        var pieces: [(offset: Int, bytes: [UInt8])] = []
        /// Beside `pieces`: where they came from.
        var places: [FragmentPlace] = []
        var total: Int?
        var held = 0
        var began: Timestamp
        var order: Int
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
        var copy: [UInt8] = []
        copy.reserveCapacity(bytes.count)
        for index in 0..<bytes.count { copy.append(bytes[index]) }
        held += copy.count
        trains[key]?.pieces.append((offset, copy))
        trains[key]?.places.append(place)
        trains[key]?.held += copy.count
        if !more, trains[key]?.total == nil { trains[key]?.total = offset + copy.count }
        if let train = trains[key], let whole = Self.whole(train) {
            held -= train.held
            trains[key] = nil
            places = train.places
            return whole
        }
        if let train = trains[key], train.pieces.count > limits.fragmentsPerTrain { drop(key) }
        while held > limits.fragmentBytes { dropOldest() }
        return nil
    }

    private static func whole(_ train: Train) -> [UInt8]? {
        guard let total = train.total, train.held >= total else { return nil }
        var bytes = [UInt8](repeating: 0, count: total)
        var filled = [Bool](repeating: false, count: total)
        var count = 0
        for piece in train.pieces {
            for (index, byte) in piece.bytes.enumerated() {
                let place = piece.offset + index
                guard place < total, !filled[place] else { continue }
                filled[place] = true
                bytes[place] = byte
                count += 1
            }
        }
        return count == total ? bytes : nil
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
