import Net

/// A place in a capture file: the frame that is lent now, and how to come to the next.
///
/// Kept in one value, so that a frame costs one access to its owner.
struct FrameCursor {
    let path: String
    let capture: Int
    private(set) var problems: [CaptureProblem] = []

    private var reader: ByteReader
    private var format: Format
    private var number = 0
    /// The frame that was moved to last.
    private var frame: PlacedFrame
    /// Bytes to pass before the next record begins.
    private var remaining = 0
    /// Of a distilled capture: the comments that name what it was made from.
    private(set) var origins: [String] = []
    /// See `PacketSource.lost`.
    private(set) var lost: UInt64 = 0

    private enum Format {
        case pcap(PcapFormat)
        case pcapng(PcapngFormat)
        case ended
    }

    init(path: String, capture: Int) throws(CaptureProblem) {
        self.path = path
        self.capture = capture
        reader = try Self.unpackedReader(path)
        frame = PlacedFrame(
            FrameHeader(
                capture: capture, number: 0, time: Timestamp(nanoseconds: 0), originalLength: 0,
                linkType: .unknown),
            start: 0, length: 0)
        format = .ended
        format = try start()
        readHead()
    }

    /// Lets go of the file and of the buffer.
    mutating func close() {
        reader = ByteReader(Descriptor.none, capacity: 0)
        format = .ended
        (frame.start, frame.length, remaining) = (0, 0, 0)
    }

    mutating func note(_ problem: CaptureProblem) { problems.append(problem) }

    private static func unpackedReader(_ path: String) throws(CaptureProblem) -> ByteReader {
        var reader = ByteReader(try Descriptor.open(path), capacity: 8)
        // A pipe is read no further than its magic, so that an unpacking program gets the rest.
        _ = reader.ensure(6)
        if let error = reader.error {
            throw CaptureProblem(path: path, offset: 0, reason: .cannotRead(errno: error))
        }
        let head = Array(reader.buffer[reader.start..<reader.end])
        guard let program = packer(head) else {
            return ByteReader(reader.descriptor, head: head)
        }
        return ByteReader(try reader.descriptor.unpacked(by: program, path: path, after: head))
    }

    private static func packer(_ head: [UInt8]) -> String? {
        if head.starts(with: [0x1f, 0x8b]) { return "gzip" }
        if head.starts(with: [0x28, 0xb5, 0x2f, 0xfd]) { return "zstd" }
        if head.starts(with: [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]) { return "xz" }
        return nil
    }

    private mutating func start() throws(CaptureProblem) -> Format {
        guard reader.ensure(4) else {
            if let failure = reader.descriptor.failure() {
                throw problem(
                    .decompressorFailed(program: failure.program, status: failure.status))
            }
            let there = Array(reader.buffer[reader.start..<reader.end])
            throw problem(there.isEmpty ? .empty : .notACapture(firstBytes: there))
        }
        let magic = reader.buffer.span.big32(reader.start)
        if magic == PcapngFormat.sectionHeader { return .pcapng(PcapngFormat()) }
        guard var format = PcapFormat(magic: magic) else {
            throw problem(
                .notACapture(firstBytes: Array(reader.buffer[reader.start..<reader.start + 4])))
        }
        guard reader.ensure(PcapFormat.headerLength) else {
            throw problem(
                .cut(
                    what: "the file header", expected: PcapFormat.headerLength,
                    found: reader.available))
        }
        format.readHeader(reader.buffer.span, at: reader.start)
        reader.skip(PcapFormat.headerLength)
        return .pcap(format)
    }

    /// Reads the blocks before the first packet; what is wrong with them is found again later.
    private mutating func readHead() {
        guard case .pcapng(var state) = format else { return }
        while reader.ensure(PcapngFormat.blockHeaderLength),
            case .success(let block) = state.block(reader.buffer.span, at: reader.start),
            PcapngFormat.isHead(block), reader.ensure(block.length),
            case .skip = state.read(block, reader.buffer.span, at: reader.start)
        {
            reader.skip(block.length)
        }
        origins = state.origins.comments
        format = .pcapng(state)
    }

    private func problem(_ reason: CaptureProblem.Reason) -> CaptureProblem {
        CaptureProblem(path: path, offset: reader.offset, reason: reason)
    }

    /// Lends the bytes of the current frame. Mutating, so that the owner's access is exclusive:
    /// else the compiler lends a copy of the whole cursor.
    @inline(__always)
    mutating func withBytes(_ body: (Span<UInt8>) -> Void) {
        reader.lend(frame.start, frame.length, body)
    }

    /// The bytes of the current frame, in the memory of the reader.
    var frameBytes: ArraySlice<UInt8> {
        reader.buffer[frame.start..<frame.start + frame.length]
    }

    /// Moves over the frames that lie in the buffer, at least one, and hands them over with it.
    mutating func fill(_ batch: inout FrameBatch) -> Bool {
        batch.frames.removeAll(keepingCapacity: true)
        var move = move(filling: true)
        while move == .frame {
            batch.frames.append(frame)
            if case .pcap(let pcap) = format { passRecords(pcap, &batch.frames) }
            move = self.move(filling: false)
        }
        reader.exchange(&batch.bytes)
        return !batch.frames.isEmpty
    }

    /// Moves over the records that lie in the buffer whole and have nothing odd, in one go.
    private mutating func passRecords(_ pcap: PcapFormat, _ frames: inout [PlacedFrame]) {
        reader.skip(remaining)
        remaining = 0
        let before = frames.count
        let end = Self.placeRecords(
            pcap, reader.buffer.span.extracting(..<reader.end), from: reader.start,
            FrameHeader(
                capture: capture, number: number, time: Timestamp(nanoseconds: 0),
                originalLength: 0, linkType: pcap.linkType),
            &frames)
        number += frames.count - before
        reader.skip(end - reader.start)
    }

    /// Places the records from `start` on, numbered on from the frame before; gives back where they
    /// end.
    private static func placeRecords(
        _ pcap: PcapFormat, _ bytes: Span<UInt8>, from start: Int, _ last: FrameHeader,
        _ frames: inout [PlacedFrame]
    ) -> Int {
        let head = pcap.recordHeaderLength
        var (at, header) = (start, last)
        frames.append(addingCapacity: mostRecords) { frames in
            while !frames.isFull, bytes.count - at >= head {
                let record = pcap.record(bytes, at: at)
                let length = head + record.captured
                guard record.captured <= pcap.longestFrame, bytes.count - at >= length else {
                    return
                }
                header.number += 1
                header.time = record.time
                header.originalLength = record.original
                frames.append(PlacedFrame(header, start: at + head, length: record.captured))
                at += length
            }
        }
        return at
    }

    mutating func advance() -> Step {
        move(filling: true) == .frame ? .frame(frame.header) : .end
    }

    /// Records that are moved over in one go.
    private static let mostRecords = 1 << 12

    private enum Move {
        case frame
        /// More would have to be read.
        case notReady
        case end
    }

    /// Moves to the next frame; without `filling`, only where it lies in the buffer whole, so that
    /// nothing in the buffer moves.
    @inline(__always)
    private mutating func move(filling: Bool) -> Move {
        if remaining > 0 {
            reader.skip(remaining)
            remaining = 0
        }
        switch format {
        case .pcap(let pcap): return nextRecord(pcap, filling)
        case .pcapng: return nextBlock(filling)
        case .ended: return .end
        }
    }

    @inline(__always)
    private mutating func nextRecord(_ pcap: PcapFormat, _ filling: Bool) -> Move {
        let head = pcap.recordHeaderLength
        guard reader.ensure(head, filling: filling) else {
            return filling ? ended(inside: "a record header", expected: head) : .notReady
        }
        let record = pcap.record(reader.buffer.span, at: reader.start)
        guard record.captured <= pcap.longestFrame else {
            return broken(
                .impossible(field: "captured length", value: UInt64(record.captured)))
        }
        let length = head + record.captured
        guard reader.ensure(length, filling: filling) else {
            return filling ? ended(inside: "a record", expected: length) : .notReady
        }
        place(
            at: head, length: record.captured, time: record.time, original: record.original,
            link: pcap.linkType)
        remaining = length
        return .frame
    }

    @inline(__always)
    private mutating func place(
        at offset: Int, length: Int, time: Timestamp, original: Int, link: LinkType
    ) {
        number += 1
        frame = PlacedFrame(
            FrameHeader(
                capture: capture, number: number, time: time, originalLength: original,
                linkType: link),
            start: reader.start + offset, length: length)
    }

    private mutating func nextBlock(_ filling: Bool) -> Move {
        guard case .pcapng(var state) = format else { return .end }
        // The state holds an array: it is taken out, so that a change copies nothing.
        format = .ended
        while true {
            let head = PcapngFormat.blockHeaderLength
            guard reader.ensure(head, filling: filling) else {
                if filling { return ended(inside: "a block header", expected: head) }
                format = .pcapng(state)
                return .notReady
            }
            let block: PcapngFormat.Block
            switch state.block(reader.buffer.span, at: reader.start) {
            case .failure(let reason): return broken(reason)
            case .success(let header): block = header
            }
            guard reader.ensure(block.length, filling: filling) else {
                if filling { return ended(inside: "a block", expected: block.length) }
                format = .pcapng(state)
                return .notReady
            }
            switch state.read(block, reader.buffer.span, at: reader.start) {
            case .skip:
                if block.type == PcapngFormat.statistics { lost = state.lost }
                reader.skip(block.length)
            case .broken(let reason): return broken(reason)
            case .frame(let found):
                format = .pcapng(state)
                place(
                    at: found.offset, length: found.length, time: found.time,
                    original: found.original, link: found.linkType)
                if let origin = found.origin, origin.index < origins.count {
                    frame.header.capture = capture + origin.index
                    frame.header.number = origin.number
                }
                remaining = block.length
                return .frame
            }
        }
    }

    private mutating func broken(_ reason: CaptureProblem.Reason) -> Move {
        problems.append(problem(reason))
        format = .ended
        return .end
    }

    /// The end of the bytes: where a record may begin it is the true end.
    private mutating func ended(inside what: String, expected: Int) -> Move {
        if let error = reader.error { return broken(.cannotRead(errno: error)) }
        if let failure = reader.descriptor.failure() {
            return broken(
                .decompressorFailed(program: failure.program, status: failure.status))
        }
        guard reader.available == 0 else {
            return broken(.cut(what: what, expected: expected, found: reader.available))
        }
        format = .ended
        return .end
    }
}
