/// Finds elements by their hashes; they stand with its owner, each at a place of its own.
///
/// Open-addressed. A slot holds all of a hash, so that another element is passed without a look at
/// it.
public struct HashIndex {
    /// Below, the place of an element plus one, zero being empty; above, its hash.
    private(set) var slots: [UInt64]
    private var count = 0

    public init() { slots = [UInt64](repeating: 0, count: 1 << 12) }

    /// Goes through the places of elements with one hash.
    public struct Probe {
        fileprivate let hash: UInt32
        fileprivate var slot: Int

        @inline(__always)
        public init(_ hash: UInt32) {
            self.hash = hash
            slot = Int(truncatingIfNeeded: hash)
        }
    }

    /// The next place; nil where there are no more.
    public func next(_ probe: inout Probe) -> Int? { Self.next(&probe, in: slots.span) }

    @inline(__always)
    static func next(_ probe: inout Probe, in slots: Span<UInt64>) -> Int? {
        while true {
            let entry = slots[probe.slot & (slots.count - 1)]
            if entry == 0 { return nil }
            probe.slot &+= 1
            if hash(entry) == probe.hash {
                return Int(truncatingIfNeeded: entry & 0xffff_ffff) - 1
            }
        }
    }

    /// An element with a hash stands at a place from now on; below 2^32 - 1.
    public mutating func insert(_ place: Int, _ hash: UInt32) {
        put(Self.entry(place, hash))
        count += 1
        guard count * 3 > slots.count * 2 else { return }
        let old = slots
        slots = [UInt64](repeating: 0, count: old.count * 2)
        for entry in old where entry != 0 { put(entry) }
    }

    /// Forgets the element at a place, and closes the hole (Knuth 6.4, algorithm R).
    public mutating func remove(_ place: Int, _ hash: UInt32) {
        let (own, mask) = (Self.entry(place, hash), slots.count - 1)
        var slot = Int(truncatingIfNeeded: hash) & mask
        while slots[slot] != own {
            guard slots[slot] != 0 else { return }
            slot = (slot + 1) & mask
        }
        var next = (slot + 1) & mask
        while slots[next] != 0 {
            let home = Int(truncatingIfNeeded: Self.hash(slots[next])) & mask
            if (next &- home) & mask >= (next &- slot) & mask {
                slots[slot] = slots[next]
                slot = next
            }
            next = (next + 1) & mask
        }
        slots[slot] = 0
        count -= 1
    }

    private mutating func put(_ entry: UInt64) {
        let mask = slots.count - 1
        var slot = Int(truncatingIfNeeded: Self.hash(entry)) & mask
        while slots[slot] != 0 { slot = (slot + 1) & mask }
        slots[slot] = entry
    }

    private static func entry(_ place: Int, _ hash: UInt32) -> UInt64 {
        UInt64(hash) << 32 | UInt64(place + 1)
    }

    @inline(__always)
    private static func hash(_ entry: UInt64) -> UInt32 { UInt32(truncatingIfNeeded: entry >> 32) }
}
