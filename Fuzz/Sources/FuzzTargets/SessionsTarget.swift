import FTP
import Streams

/// Packets of control and data connections through the whole extractor.
///
/// What was announced is matched with what is opened; the bounds of `Limits` hold in every
/// record; no password of a `PASS` stands in one; and each is the same where every line is read as
/// where whole commands and replies were told before.
///
/// Input: two bytes of limits and of the control port; then operations, of which `Conversation`
/// tells.
enum SessionsTarget {
    static func run(_ input: inout Input) {
        let limits = limits(input.byte())
        let records = RecordCheck(limits: limits)
        var (told, read): ([SessionRecord], [SessionRecord]) = ([], [])
        let extractor = SessionExtractor(limits: limits) { record in
            records.look(at: record)
            told.append(record)
        }
        let reader = SessionExtractor(limits: limits, tellsSpeech: false) { read.append($0) }
        func look() {
            for record in extractor.snapshot() { records.look(at: record) }
        }
        var conversation = Conversation(
            input.byte(),
            Conversation.Audience(
                frame: { header, bytes in
                    extractor.consume(header, bytes)
                    reader.consume(header, bytes)
                },
                time: { time in
                    extractor.tick(time)
                    reader.tick(time)
                }, look: look))
        while !input.isEmpty { conversation.step(&input) }
        look()
        extractor.finish()
        reader.finish()
        check(extractor.snapshot().isEmpty, "a session is open after the end")
        check(told == read, "told \(told), read \(read)")
        check(
            extractor.limitHits == reader.limitHits,
            "told \(extractor.limitHits), read \(reader.limitHits)")
        _ = extractor.controlAttempts
    }

    private static func limits(_ choice: UInt8) -> Limits {
        var limits = Limits()
        limits.flows = 64
        guard choice & 1 == 1 else { return limits }
        limits.sessions = 2
        limits.heldBytes = 256
        limits.heldSegments = 4
        limits.window = 1024
        limits.lineBytes = 64
        limits.textBytes = 16
        limits.undecidedBytes = 256
        limits.undecidedLines = 8
        limits.pendingCommands = 4
        limits.channels = 4
        limits.attemptsPerChannel = 2
        limits.oddities = 8
        limits.failures = 2
        limits.hiddenConnections = 2
        limits.controlAttempts = 2
        limits.recentConnections = 2
        return limits
    }
}

/// Holds a record against the bounds and for the secret that must not be in it.
struct RecordCheck {
    let limits: Limits
    /// The argument of every `PASS`.
    static let secret = Array("k3y-0f-h0u5e".utf8)

    func look(at record: SessionRecord) {
        check(record.channels.count <= limits.channels, "\(record.channels.count) channels")
        check(record.oddities.count <= limits.oddities, "\(record.oddities.count) oddities")
        check(record.failures.count <= limits.failures, "\(record.failures.count) failures")
        check(
            record.hiddenData.count <= limits.hiddenConnections,
            "\(record.hiddenData.count) hidden connections")
        check(record.first <= record.last, "the last frame stands before the first")
        look(at: record.user)
        look(at: record.banner)
        look(at: record.encryption?.command)
        look(at: record.authRefused?.command)
        for failure in record.failures { look(at: failure.text) }
        for oddity in record.oddities { look(at: oddity.detail) }
        for channel in record.channels {
            look(at: channel.command)
            look(at: channel.transfer)
            check(channel.attempts >= 0, "\(channel.attempts) attempts")
            if channel.outcome == .established {
                check(channel.dataFrame != nil, "an established data connection without a frame")
            }
        }
    }

    private func look(at text: String?) {
        guard let text else { return }
        // An invalid byte becomes three of U+FFFD; a verb of eight and a space stand before.
        let bytes = Array(text.utf8)
        check(bytes.count <= 3 * limits.textBytes + 16, "\(bytes.count) bytes of text")
        guard bytes.count >= Self.secret.count else { return }
        for start in 0...bytes.count - Self.secret.count
        where bytes[start] == Self.secret[0] && bytes[start...].starts(with: Self.secret) {
            fatalError("a password in a record: \(text)")
        }
    }
}
