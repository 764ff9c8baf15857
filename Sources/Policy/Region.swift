import Net

/// Clients × ports: a product of two sets.
struct Box: Hashable, Sendable {
    var ports: PortSet
    var sources: AddressSet
}

/// A set of (client, port) pairs: for each range of ports the clients that it holds.
///
/// A line of a rule list touches few ports, so that its cost is that of finding them.
struct Region: Hashable, Sendable {
    /// Ports with the same clients, at least one.
    fileprivate struct Slab: Hashable, Sendable {
        var ports: ClosedRange<UInt16>
        var sources: AddressSet
    }

    /// Ascending, not overlapping.
    private var slabs: [Slab] = []
    /// Ranges of clients of all slabs: what the region takes in memory.
    private(set) var size = 0

    init() {}

    init(ports: PortSet, sources: AddressSet) {
        guard !sources.isEmpty else { return }
        slabs = ports.ranges.map { Slab(ports: $0, sources: sources) }
        size = slabs.count * sources.ranges.count
    }

    var isEmpty: Bool { slabs.isEmpty }

    /// All clients in it.
    var sources: AddressSet { AddressSet(slabs.flatMap(\.sources.ranges)) }

    /// Takes the pairs of these ports and clients out, and gives them back; nil stands for all.
    mutating func remove(ports: PortSet?, sources: AddressSet?) -> Region {
        var taken = Region()
        if ports == nil, sources == nil {
            swap(&taken, &self)
            return taken
        }
        for range in (ports ?? PortSet(0...65535)).ranges { remove(range, sources, into: &taken) }
        return taken
    }

    private mutating func remove(
        _ ports: ClosedRange<UInt16>, _ sources: AddressSet?, into taken: inout Region
    ) {
        let first = index(endingAtOrAfter: ports.lowerBound)
        if let sources, isAlone(first, in: ports) {
            return removeInPlace(first, sources, into: &taken)
        }
        var end = first
        var left: [Slab] = []
        var isHit = false
        while end < slabs.count, slabs[end].ports.lowerBound <= ports.upperBound {
            let slab = slabs[end]
            end += 1
            let hit = sources.map(slab.sources.intersection) ?? slab.sources
            guard !hit.isEmpty else {
                left.append(slab)
                continue
            }
            isHit = true
            let common = slab.ports.clamped(to: ports)
            taken.append(Slab(ports: common, sources: hit))
            left += slab.before(common)
            if sources != nil {
                let rest = slab.sources.subtracting(hit)
                if !rest.isEmpty { left.append(Slab(ports: common, sources: rest)) }
            }
            left += slab.after(common)
        }
        if isHit { replace(first..<end, by: left) }
    }

    /// Whether the ports hold all of that slab, and nothing of another.
    private func isAlone(_ index: Int, in ports: ClosedRange<UInt16>) -> Bool {
        index < slabs.count && ports.lowerBound <= slabs[index].ports.lowerBound
            && slabs[index].ports.upperBound <= ports.upperBound
            && (index + 1 == slabs.count || slabs[index + 1].ports.lowerBound > ports.upperBound)
    }

    /// Takes clients of a whole slab: of a long list most lines do, so that nothing is copied.
    private mutating func removeInPlace(
        _ index: Int, _ sources: AddressSet, into taken: inout Region
    ) {
        let hit = slabs[index].sources.intersection(sources)
        guard !hit.isEmpty else { return }
        taken.append(Slab(ports: slabs[index].ports, sources: hit))
        size -= slabs[index].sources.ranges.count
        slabs[index].sources.subtract(hit)
        size += slabs[index].sources.ranges.count
        if slabs[index].sources.isEmpty { slabs.remove(at: index) }
    }

    /// Adds a slab behind all others.
    private mutating func append(_ slab: Slab) {
        if let last = slabs.last, last.ports.upperBound.next == slab.ports.lowerBound,
            last.sources == slab.sources
        {
            slabs[slabs.count - 1].ports = last.ports.lowerBound...slab.ports.upperBound
            return
        }
        slabs.append(slab)
        size += slab.sources.ranges.count
    }

    private mutating func replace(_ range: Range<Int>, by new: [Slab]) {
        for slab in slabs[range] { size -= slab.sources.ranges.count }
        for slab in new { size += slab.sources.ranges.count }
        slabs.replaceSubrange(range, with: new)
    }

    /// The first slab that ends at the port or later.
    private func index(endingAtOrAfter port: UInt16) -> Int {
        var low = 0
        var high = slabs.count
        while low < high {
            let middle = (low + high) / 2
            if slabs[middle].ports.upperBound < port { low = middle + 1 } else { high = middle }
        }
        return low
    }

    mutating func add(_ other: Region) {
        if isEmpty {
            self = other
            return
        }
        for slab in other.slabs { add(slab) }
    }

    private mutating func add(_ new: Slab) {
        if let last = slabs.last, last.ports.upperBound < new.ports.lowerBound {
            append(new)
            return
        }
        let first = index(endingAtOrAfter: new.ports.lowerBound)
        if first < slabs.count, slabs[first].ports == new.ports {
            size -= slabs[first].sources.ranges.count
            slabs[first].sources.formUnion(new.sources)
            size += slabs[first].sources.ranges.count
            return
        }
        var end = first
        var joined: [Slab] = []
        /// Of the new one, what lies behind the slabs that were passed.
        var rest: Slab? = new
        while end < slabs.count, slabs[end].ports.lowerBound <= new.ports.upperBound {
            let slab = slabs[end]
            end += 1
            let common = slab.ports.clamped(to: new.ports)
            if let open = rest { joined += open.before(common) }
            joined += slab.before(common)
            joined.append(Slab(ports: common, sources: slab.sources.union(new.sources)))
            joined += slab.after(common)
            rest = rest?.after(common).first
        }
        if let rest { joined.append(rest) }
        replace(first..<end, by: joined)
    }

    mutating func subtract(_ other: Region) { _ = remove(other) }

    /// Takes what both have out of this region, and gives it back.
    mutating func remove(_ other: Region) -> Region {
        var taken = Region()
        for slab in other.slabs where !isEmpty { remove(slab.ports, slab.sources, into: &taken) }
        return taken
    }

    /// The region as boxes, one for each set of clients; ascending by port.
    var boxes: [Box] {
        var ports: [AddressSet: [ClosedRange<UInt16>]] = [:]
        var order: [AddressSet] = []
        for slab in slabs {
            if ports[slab.sources] == nil { order.append(slab.sources) }
            ports[slab.sources, default: []].append(slab.ports)
        }
        return order.map { Box(ports: PortSet(ports[$0] ?? []), sources: $0) }
    }
}

extension Region.Slab {
    /// What of it lies before some of its ports.
    func before(_ part: ClosedRange<UInt16>) -> [Self] {
        guard ports.lowerBound < part.lowerBound else { return [] }
        return [Self(ports: ports.lowerBound...part.lowerBound - 1, sources: sources)]
    }

    /// What of it lies behind some of its ports.
    func after(_ part: ClosedRange<UInt16>) -> [Self] {
        guard part.upperBound < ports.upperBound else { return [] }
        return [Self(ports: part.upperBound + 1...ports.upperBound, sources: sources)]
    }
}
