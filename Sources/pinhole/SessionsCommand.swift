import Analyzer
import ArgumentParser
import FTP
import Net
import Reporter

/// `pinhole sessions`: what was said on every control connection, and what became of each announced
/// data connection.
struct SessionsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sessions",
        abstract: "List the FTP sessions of captures and what became of their data connections.")

    enum Format: String, ExpressibleByArgument, CaseIterable { case table, ndjson }

    @OptionGroup var input: CaptureOptions

    @OptionGroup var bounds: LimitOptions

    @Option(help: "How to print: table or ndjson (one JSON object a line).")
    var format: Format = .table

    @OptionGroup var saying: OutputOptions

    func run() throws {
        try Failure.orExit { () throws(Failure) in try CaptureOptions.demand(input.captures) }
        let filter = try Failure.orExit { () throws(Failure) in try input.filter() }
        let limits = try Failure.orExit { () throws(Failure) in try bounds.limits() }
        var seen = SeenRecords()
        let reading = CaptureReading(
            input.captures, limits: limits, filter: filter, isQuiet: saying.quiet, into: &seen
        ) { $0.add($1) }
        let sessions = seen.inOrder()
        if reading.isUseless { throw reading.complain() ?? Exit.unusable }
        try Failure.orExit { () throws(Failure) in
            switch format {
            case .ndjson:
                let json = SessionRecordJSON(captures: reading.captures)
                try write(sessions) { json.text($0) + "\n" }
            case .table where sessions.isEmpty:
                let seen = reading.leftOut
                try Results.write(
                    seen == 0 ? "no FTP session\n" : "no FTP session selected, of \(seen) seen\n")
            case .table:
                let captures = reading.captures
                try write(sessions) { session in
                    SessionTable.lines(session, captures).reduce("") { $0 + $1.printable + "\n" }
                }
            }
        }
        if let code = reading.complain() { throw code }
    }

    /// Writes sessions in their order; their texts are made on all cores, some at a time.
    private func write(
        _ sessions: [SessionRecord], _ text: @Sendable (SessionRecord) -> String
    ) throws(Failure) {
        let results = Results()
        for start in stride(from: 0, to: sessions.count, by: Self.part) {
            let part = Array(sessions[start..<min(start + Self.part, sessions.count)])
            for text in part.mapSideBySide(text) { try results.add(text) }
        }
        try results.finish()
    }

    private static let part = 1024
}

/// Session records for people.
enum SessionTable {
    /// A line for the session and one for each of its channels; where there are several captures, the
    /// first line names its own.
    static func lines(_ session: SessionRecord, _ captures: [String]) -> [String] {
        var head =
            "\(session.client) → \(session.server)  frames \(session.first.number)–\(session.last.number)"
        head += "  \(session.first.time)"
        if captures.count > 1 { head += "  \(captures[session.first.capture])" }
        var lines = [head]
        if let user = session.user {
            lines.append("    user \(user), login \(session.login.rawValue)")
        }
        if let encryption = session.encryption {
            lines.append(
                "    encrypted from frame \(encryption.from.number) (\(encryption.command))")
        }
        for channel in session.channels {
            let client = channel.client?.address ?? session.client.address
            let foreign = client == session.client.address ? "" : "  by \(client)"
            lines.append("    " + line(channel) + foreign)
        }
        for hidden in session.hiddenData {
            lines.append(
                "    frame \(hidden.first.number): inferred \(hidden.client) → \(hidden.server) \(hidden.outcome.rawValue)"
            )
        }
        for failure in session.failures {
            lines.append("    frame \(failure.frame.number): \(failure.text)")
        }
        return lines
    }

    private static func line(_ channel: DataChannel) -> String {
        let endpoint = channel.advertised.map { "\($0)" } ?? "(malformed)"
        var text = "frame \(channel.frame.number): \(channel.announcedBy.rawValue) \(endpoint) "
        text += channel.outcome.rawValue
        if let icmp = channel.icmp { text += " (ICMP \(icmp.type)/\(icmp.code))" }
        if let transfer = channel.transfer { text += "  \(transfer)" }
        if let reply = channel.transferReply { text += " → \(reply)" }
        if channel.outcome == .established {
            text += "  \((channel.bytesToClient ?? 0) + (channel.bytesToServer ?? 0)) bytes"
        }
        return text
    }
}

/// Sessions, their texts kept once where many have them in common.
struct SeenRecords {
    private var records: [SessionRecord] = []
    private var texts: [String: String] = [:]
    private static let most = 1 << 14

    /// All, in the order of their first frames.
    consuming func inOrder() -> [SessionRecord] {
        var records = records
        self.records = []
        records.sort { $0.first < $1.first }
        return records
    }

    mutating func add(_ record: SessionRecord) {
        var record = record
        record.banner = record.banner.map { shared($0) }
        record.user = record.user.map { shared($0) }
        for index in record.channels.indices {
            record.channels[index].transfer = record.channels[index].transfer.map { shared($0) }
        }
        records.append(record)
    }

    private mutating func shared(_ text: String) -> String {
        // Short ones need no memory of their own.
        guard text.utf8.count > 15 else { return text }
        if let known = texts[text] { return known }
        if texts.count < Self.most { texts[text] = text }
        return text
    }
}
