import Capture
import Net

/// Two or three capture files as one, merged by time; some of them again and again, so that there
/// are more than stay open.
///
/// Each file's frames come in the order of the file, and of the next ones that with the earliest
/// time first, at the same time that of the file named first: so says a plain merge of what the
/// files give alone. Frame by frame and many at once are the same, and so are the problems.
///
/// Input: a byte of how many files, and of how often; then each file: two bytes of length, whose
/// highest bit tells that frames follow as `made` reads them, else the file follows.
enum MergedTarget {
    private struct Sample: Equatable {
        var header: FrameHeader
        var bytes: [UInt8] = []

        init(_ header: FrameHeader, _ lent: Span<UInt8>) {
            self.header = header
            for index in 0..<lent.count { bytes.append(lent[index]) }
        }
    }

    static func run(_ input: inout Input, _ file: (Int, [UInt8]) -> String) {
        let choice = input.byte()
        var paths: [String] = []
        for number in 0..<2 + Int(choice & 1) {
            let length = input.word()
            let content =
                length & 0x8000 == 0
                ? Array(input.take(length)) : made(input.take(length & 0x7fff))
            guard !ReaderTarget.isPacked(content) else { return }
            paths.append(file(number, content))
        }
        // More than sixteen are not held open.
        if choice & 6 == 6 { paths = (0..<17).map { paths[$0 % paths.count] } }
        let (expected, problems) = merged(paths)
        look(paths, expected, problems) { source in
            var samples: [Sample] = []
            while case .frame(let header) = source.advance() {
                source.withBytes { samples.append(Sample(header, $0)) }
            }
            check(source.advance() == .end, "a frame after the end")
            return samples
        }
        look(paths, expected, problems) { source in
            var samples: [Sample] = []
            var batch = FrameBatch()
            while source.fill(&batch) {
                check(!batch.frames.isEmpty, "no frame, and not the end")
                for frame in batch.frames {
                    samples.append(
                        Sample(frame.header, batch.bytes.span.extracting(frame.range)))
                }
            }
            return samples
        }
    }

    private static func look(
        _ paths: [String], _ expected: [Sample], _ problems: Set<CaptureProblem>,
        _ read: (any PacketSource) -> [Sample]
    ) {
        var set = CaptureSet(paths)
        let source = set.open()
        let samples = read(source)
        check(
            samples.count == expected.count, "\(samples.count) frames of \(expected.count)")
        for (place, (found, wanted)) in zip(samples, expected).enumerated() {
            check(found == wanted, "place \(place): \(found), not \(wanted)")
        }
        let found = Set(set.problems + source.problems)
        check(found == problems, "problems \(found), not \(problems)")
    }

    /// The files one by one, then merged in the plainest way.
    private static func merged(_ paths: [String]) -> ([Sample], Set<CaptureProblem>) {
        var queues: [ArraySlice<Sample>] = []
        var problems: Set<CaptureProblem> = []
        var captures = 0
        for path in paths {
            var samples: [Sample] = []
            do {
                let file = try CaptureFile(path: path, capture: captures)
                while case .frame(let header) = file.advance() {
                    file.withBytes { samples.append(Sample(header, $0)) }
                }
                problems.formUnion(file.problems)
                captures += max(1, file.origins.count)
            } catch {
                problems.insert(error)
                captures += 1
            }
            queues.append(samples[...])
        }
        var all: [Sample] = []
        while true {
            var least: Int?
            for (index, queue) in queues.enumerated() {
                guard let next = queue.first else { continue }
                guard let now = least, let best = queues[now].first else {
                    least = index
                    continue
                }
                if next.header.time < best.header.time { least = index }
            }
            guard let least, let sample = queues[least].popFirst() else { return (all, problems) }
            all.append(sample)
        }
    }

    /// A pcap file whose frames follow one another by a signed byte of seconds, and hold as many
    /// bytes as a second byte says, modulo 16.
    private static func made(_ steps: ArraySlice<UInt8>) -> [UInt8] {
        var file = little(0xa1b2_c3d4) + [2, 0, 4, 0] + little(0) + little(0)
        file += little(65_535) + little(1)
        var seconds: UInt32 = 1_000_000
        var rest = steps
        while let step = rest.popFirst() {
            let content = rest.popFirst() ?? 0
            seconds = UInt32(Int64(seconds) + Int64(Int8(bitPattern: step)))
            let length = UInt32(content & 15)
            file += little(seconds) + little(0) + little(length) + little(length)
            file += [UInt8](repeating: content, count: Int(length))
        }
        return file
    }

    private static func little(_ value: UInt32) -> [UInt8] {
        (0..<4).map { UInt8(truncatingIfNeeded: value >> UInt32(8 * $0)) }
    }
}
