import Net

/// Clients × ports: a product of two sets.
struct Box: Hashable, Sendable {
    var ports: PortSet
    var sources: AddressSet

    var isEmpty: Bool { ports.isEmpty || sources.isEmpty }
}

/// A set of (client, port) pairs, as boxes of which no two overlap.
struct Region: Hashable, Sendable {
    private(set) var boxes: [Box]

    init() { boxes = [] }

    init(ports: PortSet, sources: AddressSet) {
        let box = Box(ports: ports, sources: sources)
        boxes = box.isEmpty ? [] : [box]
    }

    var isEmpty: Bool { boxes.isEmpty }

    /// Takes the pairs of these ports and clients out, and gives them back; nil stands for all.
    mutating func remove(ports: PortSet?, sources: AddressSet?) -> Region {
        var taken = Region()
        if ports == nil, sources == nil {
            swap(&taken, &self)
            return taken
        }
        var index = 0
        let count = boxes.count
        var emptied = false
        var rest: [Box] = []
        while index < count {
            defer { index += 1 }
            if let ports, !boxes[index].ports.mayOverlap(ports) { continue }
            if let sources, !boxes[index].sources.mayOverlap(sources) { continue }
            let hitPorts = ports.map(boxes[index].ports.intersection) ?? boxes[index].ports
            guard !hitPorts.isEmpty else { continue }
            let hitSources = sources.map(boxes[index].sources.intersection) ?? boxes[index].sources
            guard !hitSources.isEmpty else { continue }
            let hitAll = hitPorts.ranges == boxes[index].ports.ranges
            let hitEverybody = sources == nil || hitSources.ranges == boxes[index].sources.ranges
            if hitAll, !hitEverybody {
                boxes[index].sources.subtract(hitSources)
            } else {
                // What is left of the other ports keeps all its clients.
                if !hitEverybody {
                    let others = boxes[index].sources.subtracting(hitSources)
                    rest.append(Box(ports: hitPorts, sources: others))
                }
                boxes[index].ports.subtract(hitPorts)
                if hitAll { emptied = true }
            }
            taken.boxes.append(Box(ports: hitPorts, sources: hitSources))
        }
        if emptied { boxes.removeAll { $0.isEmpty } }
        boxes += rest
        return taken
    }

    /// Adds pairs of which none is in the region yet.
    mutating func add(disjoint other: Region) {
        for box in other.boxes {
            if let same = boxes.firstIndex(where: { $0.ports == box.ports }) {
                boxes[same].sources = boxes[same].sources.union(box.sources)
            } else if let same = boxes.firstIndex(where: { $0.sources == box.sources }) {
                boxes[same].ports = boxes[same].ports.union(box.ports)
            } else {
                boxes.append(box)
            }
        }
    }

    mutating func add(_ other: Region) {
        var fresh = other
        fresh.subtract(self)
        add(disjoint: fresh)
    }

    mutating func subtract(_ other: Region) {
        for box in other.boxes where !isEmpty { _ = remove(ports: box.ports, sources: box.sources) }
    }

    /// Takes what both have out of this region, and gives it back.
    mutating func remove(_ other: Region) -> Region {
        var taken = Region()
        for box in other.boxes where !isEmpty {
            taken.boxes += remove(ports: box.ports, sources: box.sources).boxes
        }
        return taken
    }

    /// Fewer boxes for the same pairs.
    func merged() -> Region {
        guard boxes.count > 1 else { return self }
        let byPorts = Dictionary(grouping: boxes, by: \.ports).mapValues { group in
            AddressSet(group.flatMap(\.sources.ranges))
        }
        let bySources = Dictionary(grouping: byPorts, by: \.value).mapValues { group in
            PortSet(group.flatMap(\.key.ranges))
        }
        var result = Region()
        result.boxes = bySources.map { Box(ports: $0.value, sources: $0.key) }
        result.boxes.sort { ($0.ports, $0.sources) < ($1.ports, $1.sources) }
        return result
    }
}

extension IntervalSet {
    /// False where the hulls of both lie apart; cheap.
    fileprivate func mayOverlap(_ other: IntervalSet) -> Bool {
        guard let low = first, let high = last, let otherLow = other.first,
            let otherHigh = other.last
        else { return false }
        return low <= otherHigh && otherLow <= high
    }
}

private func < (a: (PortSet, AddressSet), b: (PortSet, AddressSet)) -> Bool {
    let order = compare(a.0, b.0)
    return order == 0 ? compare(a.1, b.1) < 0 : order < 0
}

private func compare<T>(_ a: IntervalSet<T>, _ b: IntervalSet<T>) -> Int {
    for (left, right) in zip(a.ranges, b.ranges) where left != right {
        if left.lowerBound != right.lowerBound {
            return left.lowerBound < right.lowerBound ? -1 : 1
        }
        return left.upperBound < right.upperBound ? -1 : 1
    }
    return a.ranges.count - b.ranges.count
}
