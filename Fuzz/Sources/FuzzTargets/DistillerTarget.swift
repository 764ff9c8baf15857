import Capture
import FTP
import Net

/// Captures through the distiller: a file of any content, or a conversation.
///
/// What is written reads back as it was written, without a problem, and the passwords of a
/// conversation do not stand in it. Where time does not go back or all lies within an hour, and
/// nothing was blanked, or in a conversation nothing but whole lines with passwords, it is the same
/// bytes when it is distilled again, and where all lies within 50 s the sessions and the attempts
/// that it tells of are those of the whole.
///
/// Input: a byte of choices: bit 0 a file, which follows; else a byte for `Conversation`, and its
/// operations. Of a conversation bit 1 tells that datagrams of IPv4 come in fragments, bit 2 that
/// two captures hold them in turn.
enum DistillerTarget {
    /// A frame, and whether it was said to be blanked.
    struct Sample: Equatable {
        var header: FrameHeader
        var bytes: [UInt8]
        var isBlanked = false
    }

    /// Captures, in the order of their frames.
    struct Captured {
        var frames: [Sample] = []
        /// The comments of the originals of a distilled one; empty where it is none.
        var origins: [String] = []
        var count = 1
        var isOrderly = false
        /// When the originals end; nil: with the last frame.
        var end: Timestamp?
    }

    /// Before it a pcapng interface's whole seconds are out of what 64 bits hold.
    private static let earliest = Timestamp(nanoseconds: .min + 1_000_000_000)

    static func run(_ input: inout Input, file: ([UInt8]) -> String) {
        let choice = input.byte()
        var captured = Captured()
        if choice & 1 == 1 {
            let content = Array(input.take(input.bytes.count))
            guard !ReaderTarget.isPacked(content),
                let opened = try? CaptureFile(path: file(content), capture: 0)
            else { return }
            captured = read(opened)
            guard captured.frames.allSatisfy({ $0.header.time >= earliest }) else { return }
        } else {
            captured = conversation(&input, choice)
        }
        captured.end = captured.frames.map(\.header.time).max()
        let small = distilled(captured)
        var again = look(small, file)
        again.end = captured.end
        let twice = distilled(again)
        if choice & 1 == 0 { lookForSecrets(small.kept + twice.kept) }
        // What is no command is blanked, and may have been read as one.
        guard captured.isOrderly || !small.kept.contains(where: \.isBlanked) else { return }
        guard hasSteadyClock(captured) else { return }
        for (found, wanted) in zip(twice.kept, small.kept) {
            check(found == wanted, "distilled again \(found), not \(wanted)")
        }
        check(twice.content == small.content, "not the same file when it is distilled again")
        if isShort(captured) { compare(captured, again) }
    }

    /// Whether time does not go back, or all lies within an hour: where it goes back further, what
    /// time it is depends on how many packets say so, and on those that are left out.
    private static func hasSteadyClock(_ captured: Captured) -> Bool {
        let times = captured.frames.map(\.header.time)
        return span(captured) <= 3_600_000_000_000
            || zip(times, times.dropFirst()).allSatisfy { $0 <= $1 }
    }

    private static func span(_ captured: Captured) -> Int64 {
        let times = captured.frames.map(\.header.time)
        guard let first = times.min(), let last = times.max() else { return 0 }
        return last.since(first)
    }

    /// Whether all lies within 50 s. Over longer silences a case is known in which a session of
    /// the distilled capture goes on and that of the whole does not.
    private static func isShort(_ captured: Captured) -> Bool { span(captured) < 50_000_000_000 }

    // MARK: what is distilled

    private static func conversation(_ input: inout Input, _ choice: UInt8) -> Captured {
        var captured = Captured()
        captured.count = choice & 4 == 0 ? 1 : 2
        var numbers = [0, 0]
        func take(_ header: FrameHeader, _ bytes: Span<UInt8>) {
            let all = copy(bytes)
            for piece in choice & 2 == 0 ? [all] : fragments(all) {
                var header = header
                header.time = max(header.time, earliest)
                if piece.count < all.count { header.originalLength = piece.count }
                header.capture = captured.count == 1 ? 0 : header.number & 1
                numbers[header.capture] += 1
                header.number = numbers[header.capture]
                captured.frames.append(Sample(header: header, bytes: piece))
            }
        }
        var conversation = Conversation(
            input.byte(), Conversation.Audience(frame: take))
        while !input.isEmpty { conversation.step(&input) }
        captured.isOrderly = conversation.isOrderly
        return captured
    }

    /// An IPv4 datagram behind Ethernet in pieces of 24 bytes.
    private static func fragments(_ frame: [UInt8]) -> [[UInt8]] {
        guard frame.count > 58, frame[12] == 8, frame[14] == 0x45, frame[20] & 0x3f == 0,
            frame[21] == 0
        else { return [frame] }
        return stride(from: 34, to: frame.count, by: 24).map { at in
            let end = min(at + 24, frame.count)
            let field = (at - 34) / 8 | (end < frame.count ? 0x2000 : 0)
            var head = Array(frame[..<34])
            (head[16], head[17]) = (0, UInt8(20 + end - at))
            (head[20], head[21]) = (UInt8(field >> 8), UInt8(field & 255))
            return head + frame[at..<end]
        }
    }

    private static func read(_ file: CaptureFile) -> Captured {
        var captured = Captured()
        captured.origins = file.origins
        captured.count = max(1, file.origins.count)
        while case .frame(let header) = file.advance() {
            file.withBytes { captured.frames.append(Sample(header: header, bytes: copy($0))) }
        }
        return captured
    }

    private static func copy(_ bytes: Span<UInt8>) -> [UInt8] {
        var copy: [UInt8] = []
        copy.reserveCapacity(bytes.count)
        for index in 0..<bytes.count { copy.append(bytes[index]) }
        return copy
    }

    // MARK: distilling

    struct Small {
        var content: [UInt8]
        var kept: [Sample]
        var first: [Timestamp?]
    }

    private static func distilled(_ captured: Captured) -> Small {
        let distiller = Distiller(captures: captured.count)
        for frame in captured.frames { distiller.survey(frame.header, frame.bytes.span) }
        distiller.finishSurvey(at: captured.end)
        for frame in captured.frames { distiller.select(frame.header, frame.bytes.span) }
        distiller.finishSelection()
        let originals = (0..<captured.count).map { capture in
            let name = "capture \(capture)"
            let earliest = captured.frames.filter { $0.header.capture == capture }
                .map(\.header.time).min()
            let own =
                Distilled.originPrefix + "{\"name\":\"\(name)\",\"first\":"
                + "\(earliest?.nanoseconds ?? 0)}"
            let comment = capture < captured.origins.count ? captured.origins[capture] : own
            return DistilledFile.Original(
                name: name, comment: comment, first: first(comment) ?? earliest)
        }
        let layout = DistilledFile(
            application: "fuzz", comment: "", originals, linkTypes: distiller.linkTypes)
        var small = Small(content: layout.head, kept: [], first: originals.map(\.first))
        for frame in captured.frames {
            distiller.pick(frame.header, frame.bytes.span) { header, bytes, isBlanked in
                guard let block = layout.packet(header, bytes, isBlanked: isBlanked) else {
                    fatalError("no interface for frame \(header)")
                }
                small.content += block
                small.kept.append(
                    Sample(header: header, bytes: copy(bytes), isBlanked: isBlanked))
            }
        }
        check(small.kept.count == distiller.keptFrames, "not as many as were to be kept")
        return small
    }

    /// The original's first time, as its comment tells.
    private static func first(_ comment: String) -> Timestamp? {
        guard let range = comment.firstRange(of: "\"first\":") else { return nil }
        let digits = comment[range.upperBound...].prefix {
            $0.isASCII && ($0.isNumber || $0 == "-")
        }
        return Int64(digits).map(Timestamp.init(nanoseconds:))
    }

    // MARK: what must hold

    /// Reads what was written.
    private static func look(_ small: Small, _ file: ([UInt8]) -> String) -> Captured {
        do {
            let opened = try CaptureFile(path: file(small.content), capture: 0)
            let captured = read(opened)
            check(opened.problems.isEmpty, "\(opened.problems)")
            check(captured.frames.count == small.kept.count, "frames lost or doubled")
            for (found, wanted) in zip(captured.frames, small.kept) {
                check(
                    found.header == wanted.header && found.bytes == wanted.bytes,
                    "read \(found), written \(wanted)")
            }
            return captured
        } catch {
            fatalError("what was written cannot be read: \(error)")
        }
    }

    private static func lookForSecrets(_ kept: [Sample]) {
        let secret = RecordCheck.secret
        for frame in kept where frame.bytes.count >= 6 {
            for start in 0...frame.bytes.count - 6 {
                for place in 0...secret.count - 6 where frame.bytes[start] == secret[place] {
                    check(
                        !frame.bytes[start...].starts(with: secret[place..<place + 6]),
                        "a password in frame \(frame)")
                }
            }
        }
    }

    private static func compare(_ whole: Captured, _ small: Captured) {
        let (wanted, found) = (extracted(whole), extracted(small))
        for (wanted, found) in zip(wanted.records, found.records) where wanted != found {
            fatalError("session \(wanted), then \(found)")
        }
        check(
            wanted.records.count == found.records.count,
            "\(wanted.records.count) sessions, then \(found.records.count)")
        check(
            wanted.attempts == found.attempts,
            "attempts \(wanted.attempts), then \(found.attempts)")
    }

    private static func extracted(
        _ captured: Captured
    ) -> (records: [SessionRecord], attempts: [ControlAttempt]) {
        var records: [SessionRecord] = []
        let extractor = SessionExtractor(captures: captured.count) { records.append($0) }
        for frame in captured.frames { extractor.consume(frame.header, frame.bytes.span) }
        extractor.finish(at: captured.end)
        return (records.sorted { $0.first < $1.first }, extractor.controlAttempts)
    }
}
