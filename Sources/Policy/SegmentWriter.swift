import Net

/// Turns outcomes into the segments of an answer.
struct SegmentWriter {
    let question: ReachQuestion

    init(_ question: ReachQuestion) { self.question = question }

    /// One segment for each box of the region.
    func segments(
        _ region: Region, _ outcome: Outcome, byInspection: Bool = false
    ) -> [Reach.Segment] {
        region.boxes.map { box in
            var segment = Reach.Segment(
                ports: box.ports, from: box.sources, verdict: verdict(outcome, byInspection),
                decidedBy: outcome.decidedBy)
            if segment.verdict == .unknown { segment.notes = outcome.doubts }
            if outcome.verdict == .permitted, let packet = outcome.packet {
                deliver(packet, &segment)
            }
            return segment
        }
    }

    private func verdict(_ outcome: Outcome, _ byInspection: Bool) -> Reach.Verdict {
        switch outcome.verdict {
        case .permitted: byInspection ? .permittedByInspection : .permitted
        case .denied: .denied
        case .unknown: .unknown
        }
    }

    private func deliver(_ packet: Packet, _ segment: inout Reach.Segment) {
        guard case .oneOf(let addresses) = packet.destination else { return }
        if addresses.count > 1 {
            segment.alternatives = addresses
            segment.translatedTo = addresses.first
        } else if addresses != [question.to] {
            segment.translatedTo = addresses.first
        }
        if case .to(let ports) = packet.ports, segment.ports != PortSet(ports) || ports.count > 1 {
            segment.translatedPorts = ports
            segment.translatedTo = addresses.first
        }
    }

    /// Segments that differ in nothing but ports, or clients, made one; ascending by port.
    func merged(_ segments: [Reach.Segment]) -> [Reach.Segment] {
        var regions: [Reach.Segment: Region] = [:]
        for segment in segments {
            var key = segment
            key.ports = PortSet()
            key.from = AddressSet()
            let region = Region(ports: segment.ports, sources: segment.from)
            regions[key, default: Region()].add(region)
        }
        let all = regions.flatMap { key, region in
            region.boxes.map { box in
                var segment = key
                segment.ports = box.ports
                segment.from = box.sources
                return segment
            }
        }
        return all.sorted { a, b in
            guard let left = a.ports.first, let right = b.ports.first, left == right else {
                return (a.ports.first ?? 0) < (b.ports.first ?? 0)
            }
            guard let left = a.from.first, let right = b.from.first else { return false }
            return left < right
        }
    }
}
