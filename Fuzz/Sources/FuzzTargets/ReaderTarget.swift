import Capture
import Net

/// A capture file of any content: read frame by frame, and many frames at once.
///
/// Both ways give the same frames and the same problem; the frames are numbered from 1, they hold
/// no more bytes than the file, and a problem lies inside it. One input in 8 is decoded both ways: the same packets.
/// One input in 32 is read once more
/// so far back in a file that it lies across the end of the reader's buffer.
enum ReaderTarget {
    /// What one way of reading gave.
    private struct Outcome: Equatable {
        var frames = 0
        var bytes = 0
        var digest: UInt64 = 0xcbf2_9ce4_8422_2325
        var offset: Int?
        var reason: CaptureProblem.Reason?

        mutating func note(_ header: FrameHeader, _ bytes: Span<UInt8>, skipped: Int = 0) {
            guard header.number > skipped else { return }
            frames += 1
            check(
                header.number == frames + skipped, "frame \(frames) has number \(header.number)")
            mix(UInt64(bitPattern: header.time.nanoseconds))
            mix(UInt64(truncatingIfNeeded: header.originalLength))
            mix(UInt64(header.linkType.rawValue))
            mix(UInt64(bytes.count))
            self.bytes += bytes.count
            for index in 0..<bytes.count { mix(UInt64(bytes[index])) }
        }

        private mutating func mix(_ value: UInt64) { digest = (digest ^ value) &* 0x100_0000_01b3 }

        mutating func note(_ problems: [CaptureProblem], size: Int) {
            check(problems.count <= 1, "\(problems.count) problems")
            offset = problems.first?.offset
            reason = problems.first?.reason
            check((0...size).contains(offset ?? 0), "a problem at \(offset ?? 0) of \(size)")
            // A record or block says at least twelve bytes beside those of its frame.
            check(bytes + 12 * frames <= size, "\(frames) frames, \(bytes) bytes in \(size)")
        }
    }

    /// - Parameters:
    ///   - content: The file.
    ///   - file: Writes a file anew and returns its path.
    static func run(_ content: [UInt8], file: ([UInt8]) -> String) {
        guard !isPacked(content) else { return }
        let path = file(content)
        let single = oneByOne(path, size: content.count)
        let many = together(path, size: content.count)
        check(single == many, "one by one \(single), together \(many)")
        if single.digest % 8 == 1 { packets(path) }
        guard single.digest % 32 == 0,
            let longer = content.first == 0x0a ? afterSection(content) : afterRecord(content),
            content.first == 0x0a || (single.offset ?? 24) >= 24
        else { return }
        var late = together(
            file(longer), size: longer.count, skipped: content.first == 0x0a ? 0 : 1)
        late.offset = late.offset.map { $0 - (longer.count - content.count) }
        check(late == single, "behind other blocks \(late), alone \(single)")
    }

    /// An unpacking program would be started.
    static func isPacked(_ content: [UInt8]) -> Bool {
        content.starts(with: [0x1f, 0x8b]) || content.starts(with: [0x28, 0xb5, 0x2f, 0xfd])
            || content.starts(with: [0xfd, 0x37, 0x7a, 0x58])
    }

    private static func oneByOne(_ path: String, size: Int) -> Outcome {
        var outcome = Outcome()
        do {
            let file = try CaptureFile(path: path, capture: 0)
            while case .frame(let header) = file.advance() {
                file.withBytes { outcome.note(header, $0) }
            }
            check(file.advance() == .end, "a frame after the end")
            outcome.note(file.problems, size: size)
        } catch {
            outcome.note([error], size: size)
        }
        return outcome
    }

    private static func together(_ path: String, size: Int, skipped: Int = 0) -> Outcome {
        var outcome = Outcome()
        do {
            let file = try CaptureFile(path: path, capture: 0)
            var batch = FrameBatch()
            while file.fill(&batch) {
                check(!batch.frames.isEmpty, "no frame, and not the end")
                for frame in batch.frames {
                    let bytes = batch.bytes.span.extracting(frame.range)
                    outcome.note(frame.header, bytes, skipped: skipped)
                }
            }
            outcome.note(file.problems, size: size)
        } catch {
            outcome.note([error], size: size)
        }
        return outcome
    }

    /// Decodes a file frame by frame and batch by batch: the same packets, the same payloads.
    private static func packets(_ path: String) {
        guard let single = try? CaptureFile(path: path, capture: 0),
            let many = try? CaptureFile(path: path, capture: 0)
        else { return }
        var (one, all) = (PacketReader(captures: 1), PacketReader(captures: 1))
        var batch = PacketBatch()
        while batch.fill(from: many) {
            all.decode(&batch)
            for packet in batch.packets {
                guard let expected = next(single, &one) else {
                    fatalError("a packet of the batch is not in the file")
                }
                let bytes = packet.kind == .assembledTCP ? batch.assembledBytes : batch.bytes
                check(
                    packet.mark == expected.packet.mark && packet.kind == expected.packet.kind
                        && packet.sequence == expected.packet.sequence
                        && packet.firstByte == expected.packet.firstByte
                        && packet.isTruncated == expected.packet.isTruncated
                        && packet.payloadLost == expected.packet.payloadLost
                        && (packet.kind == .unreachable
                            || bytes[packet.payloadRange] == expected.payload),
                    "in the batch \(packet), alone \(expected.packet)")
            }
        }
        check(next(single, &one) == nil, "a packet of the file is not in the batch")
        check(one.coverage == all.coverage, "\(one.coverage) alone, \(all.coverage) in batches")
    }

    /// The next frame that is a packet for the upper layers, and its payload.
    private static func next(
        _ file: CaptureFile, _ reader: inout PacketReader
    ) -> (packet: Packet, payload: ArraySlice<UInt8>)? {
        while case .frame(let header) = file.advance() {
            var content: [UInt8] = []
            file.withBytes { bytes in
                for index in 0..<bytes.count { content.append(bytes[index]) }
            }
            guard let packet = reader.read(header, content.span) else { continue }
            guard packet.kind != .unreachable else { return (packet, []) }
            let bytes = packet.kind == .assembledTCP ? reader.assembled : content
            return (packet, bytes[packet.payloadRange])
        }
        return nil
    }

    /// Where the first buffer of the reader ends.
    private static let boundary = 1 << 18

    /// How far back the content is moved, so that it lies across the boundary.
    private static func shift(_ content: [UInt8]) -> Int {
        (boundary - Int(content[content.count / 2]) * content.count / 256) & ~3
    }

    /// A pcapng section behind another one that holds no frame.
    private static func afterSection(_ content: [UInt8]) -> [UInt8]? {
        guard content.count >= 12, content.starts(with: [0x0a, 0x0d, 0x0d, 0x0a]) else {
            return nil
        }
        var longer: [UInt8] = [0x0a, 0x0d, 0x0d, 0x0a, 0, 0, 0, 28, 0x1a, 0x2b, 0x3c, 0x4d]
        longer += [0, 1, 0, 0] + [UInt8](repeating: 255, count: 8) + [0, 0, 0, 28]
        let rest = shift(content) - longer.count
        longer += [0, 0, 0x0b, 0xad] + big(rest)
        longer += [UInt8](repeating: 0, count: rest - 12) + big(rest)
        return longer + content
    }

    /// The records of a pcap file behind another one.
    private static func afterRecord(_ content: [UInt8]) -> [UInt8]? {
        guard content.count >= 24 else { return nil }
        let isBig = content[0] == 0xa1
        let isModified = isBig ? content[2] == 0xcd : content[0] == 0x34
        guard isBig || content[3] == 0xa1 else { return nil }
        let head = isModified ? 24 : 16
        let length = shift(content) - 24 - head
        let field = isBig ? big(length) : big(length).reversed()
        return content[..<24] + [UInt8](repeating: 0, count: 8) + field + field
            + [UInt8](repeating: 0, count: head - 16 + length) + content[24...]
    }

    private static func big(_ value: Int) -> [UInt8] {
        (0..<4).map { UInt8(truncatingIfNeeded: value >> (24 - 8 * $0)) }
    }
}
