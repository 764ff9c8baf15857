import Capture
import Dialogue
import FTP
import Net
import Streams
import Testing

/// Feeds frames to an extractor; whether payloads were told as commands and replies must not matter.
func extract(
    _ frames: [Frame], limits: Limits = Limits(), into body: (SessionExtractor) -> Void = { _ in }
) -> [SessionRecord] {
    var (told, read): (LimitHits?, LimitHits?)
    let records = extract(frames, limits, tellsSpeech: true) { extractor in
        told = extractor.limitHits
        body(extractor)
    }
    #expect(records == extract(frames, limits, tellsSpeech: false) { read = $0.limitHits })
    #expect(told == read)
    return records
}

private func extract(
    _ frames: [Frame], _ limits: Limits, tellsSpeech: Bool,
    into body: (SessionExtractor) -> Void
) -> [SessionRecord] {
    var records: [SessionRecord] = []
    let extractor = SessionExtractor(limits: limits, tellsSpeech: tellsSpeech) {
        records.append($0)
    }
    for (index, frame) in frames.enumerated() {
        let header = FrameHeader(
            capture: 0, number: index + 1, time: frame.time, originalLength: frame.originalLength,
            linkType: .ethernet)
        extractor.consume(header, frame.bytes.span)
    }
    extractor.finish()
    body(extractor)
    return records.sorted { $0.first < $1.first }
}

func extract(_ script: String, limits: Limits = Limits()) throws -> [SessionRecord] {
    extract(try Dialogue.frames(script), limits: limits)
}

/// The log-in of a user, from the greeting on.
func login(_ user: String) -> String {
    """
    S: 220 Ready
    C: USER \(user)
    S: 331 Password
    C: PASS secret-word
    S: 230 Welcome

    """
}

/// A logged-in session, to be continued.
let loggedIn = "server 203.0.113.10\nclient 198.51.100.7\nconnect\n" + login("anonymous")

func channels(_ script: String) throws -> [DataChannel] {
    try extract(loggedIn + script).first?.channels ?? []
}
