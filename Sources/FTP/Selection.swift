import Capture
import Net
import Streams

/// Chooses the frames of planned connections, and finds the secrets in them.
struct Selection {
    private var decoder = Decoder()
    /// By their first frame, the earliest last.
    private var planned: [PlannedConnection]
    private let cited: FrameSet
    private var active: [PlannedConnection.Ends: Active] = [:]
    private var frame = 0
    /// Of the connections' packets, by their capture.
    private(set) var linkTypes: [Int: Set<LinkType>] = [:]
    private var nextSweep = 0

    /// Nanoseconds after its last packet in which late ones of a control connection, and ICMP
    /// messages about any, are kept.
    static let afterglow: Int64 = 60_000_000_000
    static let sweepInterval = 1 << 16

    /// A connection that has begun.
    private final class Active {
        let planned: PlannedConnection
        var digest = DataDigest()
        /// Of a control connection: to the server, and to the client.
        var trackers: [SecretTracker?] = [nil, nil]
        var words: [[UInt8]] = []
        var isOver = false
        var time: Int64 = 0

        init(_ planned: PlannedConnection) { self.planned = planned }
    }

    init(_ connections: [PlannedConnection], cited: FrameSet) {
        self.cited = cited
        // Of a connection that was planned twice the control connection stands.
        planned = connections.sorted {
            $0.first == $1.first ? $0.client != nil && $1.client == nil : $0.first > $1.first
        }
    }

    mutating func take(
        _ header: FrameHeader, _ bytes: Span<UInt8>, _ kept: inout FrameSet,
        _ patches: inout FramePatches
    ) {
        var header = header
        header.number = frame
        defer { frame += 1 }
        let decoded = decoder.decode(bytes, header)
        switch decoded {
        case .tcp:
            take(
                header, bytes, [], .frame(frame, start: decoder.packet.payloadStart), &kept,
                &patches)
        case .assembledTCP:
            let carrier = Carrier.fragments(
                decoder.datagram, bytes: decoder.assembled, start: decoder.packet.payloadStart)
            // Bytes that stand in no frame directly cannot be blanked: such a packet is left out.
            guard decoder.datagram.places.allSatisfy({ $0.start != nil }) else {
                kept.remove(frame)
                break
            }
            let assembled = decoder.assembled
            take(
                header, assembled.span, decoder.datagram.places.map(\.number), carrier, &kept,
                &patches)
        case .unreachable: takeUnreachable(header, bytes, &kept, &patches)
        case .fragment, .otherIP, .notIP, .undecodable: break
        }
        if frame >= nextSweep { sweep(header.time, &kept, &patches) }
    }

    mutating func finish(_ kept: inout FrameSet, _ patches: inout FramePatches) {
        for connection in active.values where !connection.isOver {
            end(connection, &kept, &patches)
        }
        active.removeAll()
    }

    // MARK: TCP

    private mutating func take(
        _ header: FrameHeader, _ bytes: Span<UInt8>, _ fragments: [Int], _ carrier: Carrier,
        _ kept: inout FrameSet, _ patches: inout FramePatches
    ) {
        let packet = decoder.packet
        let source = Endpoint(packet.source, packet.sourcePort)
        let ends = PlannedConnection.Ends(
            source, Endpoint(packet.destination, packet.destinationPort))
        begin(ends, &kept, &patches)
        if cited.contains(frame) {
            note(header)
            for fragment in fragments { kept.insert(fragment) }
        }
        guard let connection = active[ends], !connection.isOver else {
            blankAlone(packet, bytes, carrier, &patches)
            return
        }
        if frame > connection.planned.last,
            packet.flags.contains(.syn)
                || header.time.nanoseconds &- connection.time > Self.afterglow
        {
            end(connection, &kept, &patches)
            blankAlone(packet, bytes, carrier, &patches)
            return
        }
        note(header)
        connection.time = header.time.nanoseconds
        if let client = connection.planned.client {
            kept.insert(frame)
            for fragment in fragments { kept.insert(fragment) }
            Self.take(
                packet, bytes, carrier, connection, isClient: source == client, &patches)
        } else {
            let place = DataDigest.Place(
                frame: frame, fragments: fragments, time: header.time.nanoseconds)
            let isLow = source == ends.low
            Self.keep(connection.digest.take(packet, fromLow: isLow, place), &kept)
            if frame >= connection.planned.last { end(connection, &kept, &patches) }
        }
    }

    /// A frame that is kept because a record cites it, and of no connection that is followed: by itself.
    private func blankAlone(
        _ packet: Packet, _ bytes: Span<UInt8>, _ carrier: Carrier, _ patches: inout FramePatches
    ) {
        guard cited.contains(frame) else { return }
        var tracker = SecretTracker(isClient: true, start: nil)
        tracker.take(
            bytes.extracting(packet.payloadRange), lost: packet.payloadLost,
            at: SequenceNumber(packet.sequence), carrier, into: &patches)
        tracker.finish(into: &patches)
    }

    private mutating func note(_ header: FrameHeader) {
        guard linkTypes[header.capture]?.contains(header.linkType) != true else { return }
        linkTypes[header.capture, default: []].insert(header.linkType)
    }

    /// Begins the connections that were planned to begin with this frame.
    private mutating func begin(
        _ ends: PlannedConnection.Ends, _ kept: inout FrameSet, _ patches: inout FramePatches
    ) {
        while let next = planned.last, next.first <= frame {
            planned.removeLast()
            guard next.first == frame, next.ends == ends else { continue }
            if let old = active[ends], !old.isOver { end(old, &kept, &patches) }
            active[ends] = Active(next)
        }
    }

    private static func take(
        _ packet: Packet, _ bytes: Span<UInt8>, _ carrier: Carrier, _ connection: Active,
        isClient: Bool, _ patches: inout FramePatches
    ) {
        let way = isClient ? 0 : 1
        let sequence = SequenceNumber(packet.sequence)
        let isSYN = packet.flags.contains(.syn)
        if connection.trackers[way] == nil {
            guard isSYN || packet.payloadLength + packet.payloadLost > 0 else { return }
            connection.trackers[way] = SecretTracker(
                isClient: isClient, start: isSYN ? sequence.advanced(by: 1) : nil)
        }
        let start = isSYN ? sequence.advanced(by: 1) : sequence
        let payload = bytes.extracting(packet.payloadRange)
        connection.trackers[way]?.take(
            payload, lost: packet.payloadLost, at: start, carrier,
            echoes: isClient ? [] : connection.words, into: &patches)
        guard isClient, let words = connection.trackers[way]?.takeWords() else { return }
        let room = SecretTracker.mostWords - connection.words.count
        connection.words += words.prefix(max(0, room))
    }

    private func end(
        _ connection: Active, _ kept: inout FrameSet, _ patches: inout FramePatches
    ) {
        connection.isOver = true
        for way in 0..<2 { connection.trackers[way]?.finish(into: &patches) }
        connection.trackers = [nil, nil]
        if connection.planned.client == nil { Self.keep(connection.digest.finish(), &kept) }
    }

    private static func keep(_ places: [DataDigest.Place], _ kept: inout FrameSet) {
        for place in places {
            kept.insert(place.frame)
            for fragment in place.fragments { kept.insert(fragment) }
        }
    }

    // MARK: ICMP

    private mutating func takeUnreachable(
        _ header: FrameHeader, _ bytes: Span<UInt8>, _ kept: inout FrameSet,
        _ patches: inout FramePatches
    ) {
        let packet = decoder.packet
        let ends = PlannedConnection.Ends(
            Endpoint(packet.source, packet.sourcePort),
            Endpoint(packet.destination, packet.destinationPort))
        guard active[ends] != nil || cited.contains(frame) else { return }
        note(header)
        let datagram = decoder.datagram
        guard datagram.places.last?.number == frame else {
            kept.insert(frame)
            // What it quotes may be a password.
            if let range = QuotedPayload.range(bytes, header.linkType) {
                patches.blank([range], of: .frame(frame, start: 0))
            }
            return
        }
        guard datagram.places.allSatisfy({ $0.start != nil }) else {
            kept.remove(frame)
            return
        }
        for place in datagram.places { kept.insert(place.number) }
        let assembled = decoder.assembled
        if let range = QuotedPayload.range(assembled.span, of: datagram) {
            patches.blank([range], of: .fragments(datagram, bytes: assembled, start: 0))
        }
    }

    /// Forgets connections that ended long ago.
    private mutating func sweep(
        _ now: Timestamp, _ kept: inout FrameSet, _ patches: inout FramePatches
    ) {
        nextSweep = frame + max(Self.sweepInterval, active.count)
        for (ends, connection) in active
        where frame > connection.planned.last
            && now.nanoseconds &- connection.time > Self.afterglow
        {
            if !connection.isOver { end(connection, &kept, &patches) }
            active[ends] = nil
        }
    }
}
