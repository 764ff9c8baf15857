import Capture
import Net
import Streams

/// Segments of one direction in any order, overlapping, cut, saying now this and now that.
///
/// Each byte tells its place in the stream, so that what is delivered is known to stand where it
/// belongs. Delivered and lost bytes together are what the stream moved on by; of a byte that was
/// said twice the first copy is delivered; without a contradiction none is noted; and what is
/// held at the end is within the bounds.
///
/// Input: a byte of limits and of the first sequence number; then operations.
enum ReassemblerTarget {
    static func run(_ input: inout Input) {
        var feed = Feed(input.byte())
        while !input.isEmpty { feed.step(&input) }
        feed.finish()
    }
}

/// Writes down what one operation brought.
private struct Taken {
    var bytes: [UInt8] = []
    /// Where in `bytes` something is missing.
    var losses: [Int] = []
    var conflicts = 0
    var limits: [String] = []

    mutating func take(_ events: [StreamEvent]) {
        for event in events {
            switch event {
            case .bytes(let new, _): bytes += new
            case .loss: losses.append(bytes.count)
            case .conflict: conflicts += 1
            case .reached(let limit): limits.append(limit)
            }
        }
    }

    mutating func clear() {
        bytes.removeAll(keepingCapacity: true)
        losses.removeAll(keepingCapacity: true)
        limits.removeAll(keepingCapacity: true)
    }
}

private struct Feed {
    private let limits: Limits
    private let base: SequenceNumber
    private var stream: Reassembler
    private var taken = Taken()
    private var time: Int64 = 0
    private var number = 0
    /// Place of the next expected byte, from `base` on.
    private var place: Int?
    private var isContradicted = false
    private var fed = 0
    private var delivered = 0
    /// What was first said of a place: nothing, the one, the other, either.
    private var first = [UInt8](repeating: 0, count: Self.known)
    private static let known = 8192

    init(_ choice: UInt8) {
        var limits = Limits()
        if choice & 1 == 1 {
            limits.heldBytes = 256
            limits.heldSegments = 4
            limits.window = 1024
        }
        self.limits = limits
        base = SequenceNumber([100, 0xffff_ffc0, 0x7fff_ffc0, 0][Int(choice >> 1 & 3)])
        place = choice & 8 == 0 ? 0 : nil
        stream = Reassembler(start: place == nil ? nil : base)
    }

    /// An operation: bits 0 and 1 its kind; 2 and 3 the scale of its distance, a signed byte; 4 a
    /// longer segment, 5 one that was cut, 6 the other content, 7 time passes.
    mutating func step(_ input: inout Input) {
        let operation = input.byte()
        let scale = [1, 8, 128, 1 << 24][Int(operation >> 2 & 3)]
        let distance = Int(Int8(bitPattern: input.byte())) * scale
        if operation & 0x80 != 0 { time += 400_000_000 }
        number += 1
        let before = stream.next
        if operation & 3 == 3 {
            let acknowledged =
                operation & 0x40 == 0 ? base.advanced(by: (place ?? 0) + distance) : nil
            taken.take(stream.check(acknowledged: acknowledged, now: now, limits: limits))
        } else {
            let length = Int(input.byte() & 0x3f) << (operation & 0x10 == 0 ? 0 : 3)
            let lost = operation & 0x20 == 0 ? 0 : Int(input.byte())
            accept(
                at: (place ?? 0) + distance, length: length, lost: lost,
                isOther: operation & 0x40 != 0)
        }
        settle(since: before)
    }

    private var now: Timestamp { Timestamp(nanoseconds: time) }

    private mutating func accept(at start: Int, length: Int, lost: Int, isOther: Bool) {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(length)
        for offset in 0..<length { bytes.append(Self.byte(start + offset, isOther)) }
        fed += length
        var fresh: [Int] = []
        isContradicted = isContradicted || isOther
        if length + lost > 0 {
            let expected = place ?? start
            place = expected
            // What is too far ahead is not kept: another copy may come first.
            if start - expected <= limits.window {
                for at in max(start, 0, expected)..<max(start + length, 0, expected)
                where at < Self.known && first[at] == 0 {
                    first[at] = isOther ? 2 : 1
                    fresh.append(at)
                }
            }
        }
        let header = FrameHeader(
            capture: 0, number: number, time: now, originalLength: length, linkType: .raw)
        let place = base.advanced(by: start)
        if lost == 0, stream.takesNext(place, bytes.span) {
            taken.bytes += bytes
        } else {
            taken.take(
                stream.accept(
                    place, bytes.span, lost: lost, PacketMark(header), limits: limits))
        }
        // Where a bound was reached, parts of it may not have been kept.
        if taken.limits.contains("heldSegments") { for at in fresh { first[at] = 3 } }
    }

    private static func byte(_ place: Int, _ isOther: Bool) -> UInt8 {
        let plain = UInt8(truncatingIfNeeded: place &* 29 ^ place >> 7) & 0x7f
        return isOther ? plain | 0x80 : plain
    }

    /// Holds what an operation brought against what was fed.
    private mutating func settle(since before: SequenceNumber?) {
        defer { taken.clear() }
        delivered += taken.bytes.count
        check(delivered <= fed, "\(delivered) bytes delivered of \(fed)")
        check(
            isContradicted || taken.conflicts == 0, "a conflict where all copies are the same")
        guard let next = stream.next, let place else {
            check(taken.bytes.isEmpty && taken.losses.isEmpty, "bytes of a stream without a place")
            return
        }
        let moved = next.distance(from: before ?? base.advanced(by: place))
        check(
            taken.losses.isEmpty
                ? moved == taken.bytes.count : moved >= taken.bytes.count + taken.losses.count,
            "moved by \(moved), \(taken.bytes.count) bytes, \(taken.losses.count) losses")
        self.place = place + moved
        // Between two losses nothing tells where a byte stands.
        let begin = taken.losses.first ?? taken.bytes.count
        for index in 0..<begin { look(taken.bytes[index], at: place + index) }
        let end = taken.losses.last ?? taken.bytes.count
        let shift = place + moved - taken.bytes.count
        for index in end..<taken.bytes.count { look(taken.bytes[index], at: shift + index) }
    }

    private func look(_ byte: UInt8, at place: Int) {
        check(byte & 0x7f == Self.byte(place, false), "place \(place) holds another's byte")
        guard (0..<Self.known).contains(place), 1...2 ~= first[place] else { return }
        check(byte & 0x80 == (first[place] == 2 ? 0x80 : 0), "place \(place) holds a later copy")
    }

    mutating func finish() {
        let before = stream.next
        taken.take(stream.finish())
        check(!stream.isWaiting, "segments are held after the end")
        check(taken.bytes.count <= limits.heldBytes, "\(taken.bytes.count) bytes were held")
        check(
            taken.losses.count <= 2 * limits.heldSegments, "\(taken.losses.count) holes were kept")
        settle(since: before)
    }
}
