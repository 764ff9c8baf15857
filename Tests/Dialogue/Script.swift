import Net

/// A dialogue read into statements.
struct Script {
    private(set) var lines: [ScriptLine] = []

    init(_ text: String, name: String) throws(DialogueError) {
        let rows = text.split(omittingEmptySubsequences: false) { $0.isNewline }
        for (index, row) in rows.enumerated() {
            let number = index + 1
            if let spoken = try Self.spoken(row, file: name, line: number) {
                lines.append(ScriptLine(number: number, statement: spoken))
                continue
            }
            var words = Words(row, file: name, line: number)
            guard !words.isEmpty else { continue }
            let statement = try Self.statement(&words)
            try words.finish()
            lines.append(ScriptLine(number: number, statement: statement))
        }
    }

    /// `C: text` and `S: text` (with CR LF behind it), `C= text` and `S= text` (as it stands).
    ///
    /// Everything after one blank belongs to the text, `#` and trailing blanks too.
    private static func spoken(
        _ row: Substring, file: String, line: Int
    ) throws(DialogueError) -> Statement? {
        let row = row.drop { $0 == " " || $0 == "\t" }
        let side: Side
        switch row.prefix(2) {
        case "C:", "C=": side = .client
        case "S:", "S=": side = .server
        default: return nil
        }
        var text = row.dropFirst(2)
        if text.first == " " { text = text.dropFirst() }
        guard var bytes = Escapes.bytes(text) else {
            throw DialogueError(
                file: file, line: line, column: 1,
                expected: "text with no other escapes than \\r \\n \\t \\0 \\\\ \\xHH",
                found: String(text))
        }
        if row.prefix(2).last == ":" { bytes += [0x0d, 0x0a] }
        return .say(side, bytes)
    }

    private static func statement(_ words: inout Words) throws(DialogueError) -> Statement {
        let start = words
        switch try words.word("a statement") {
        case "client": return .client(try words.host())
        case "server": return .server(try words.host())
        case "at":
            return .at(
                try words.value("a time such as 2026-11-20T10:00:00Z, from 1970 to 2099") { text in
                    Timestamp(text).flatMap {
                        (0..<Tape.lastMoment).contains($0.nanoseconds) ? $0 : nil
                    }
                })
        case "wait": return .wait(nanoseconds: try words.seconds())
        case "pace": return .pace(nanoseconds: try words.seconds())
        case "ttl": return .ttl(try words.side(), try words.number(1...255, "a TTL"))
        case "ephemeral": return .ephemeral(try words.number(1024...65535, "a port"))
        case "sequence":
            return .sequence(
                try words.side(), try words.number(0...UInt32.max, "a sequence number"))
        case "connect":
            let name = words.take("as") ? try words.word("a name for the session") : nil
            return .connect(name: name, words.isEmpty ? .opened : try attempt(&words))
        case "use": return .use(try words.word("the name of a session"))
        case "tls": return try tls(&words)
        case "data": return try data(&words)
        case "download", "upload":
            words = start
            return .transfer(try transfer(&words))
        case "ack": return .acknowledge
        case "close": return .close(words.take("by") ? try words.side() : .client)
        case "reset":
            try words.keyword("by")
            return .reset(try words.side(), ttl: try ttl(&words))
        default:
            words = start
            if let mishap = try Mishap(&words) { return .mishap(mishap) }
            throw start.fault(
                "a statement: client, server, at, wait, pace, ttl, ephemeral, sequence, connect, "
                    + "use, C:, S:, C=, S=, tls, data, download, upload, ack, close, reset, lose, "
                    + "swap, repeat, split or cut")
        }
    }

    /// `data 203.0.113.10:5005 refused`, `data from 203.0.113.10:20 to 198.51.100.7:51300 refused`.
    private static func data(_ words: inout Words) throws(DialogueError) -> Statement {
        var opener: Host?
        if words.take("from") {
            opener = try words.host()
            try words.keyword("to")
        }
        return .data(opener: opener, target: try words.endpoint(), try attempt(&words))
    }

    private static func attempt(_ words: inout Words) throws(DialogueError) -> Attempt {
        let start = words
        switch try words.word(attempts) {
        case "opened": return .opened
        case "established": return .established(words.isEmpty ? nil : try transfer(&words))
        case "refused": return .refused(ttl: try ttl(&words))
        case "unanswered": return .unanswered(try words.number(1...10, "a count of SYNs"))
        case "prohibited":
            let (type, code) = try words.value("an ICMP type and code such as 3/13") { text in
                let parts = text.split(separator: "/", omittingEmptySubsequences: false)
                guard parts.count == 2, let type = UInt8(parts[0]), let code = UInt8(parts[1])
                else { return (UInt8, UInt8)?.none }
                return (type, code)
            }
            try words.keyword("by")
            return .prohibited(type: type, code: code, router: try words.address())
        default: throw start.fault(attempts)
        }
    }

    private static let attempts =
        "what becomes of it: opened, established, refused, unanswered or prohibited"

    private static func transfer(_ words: inout Words) throws(DialogueError) -> Transfer {
        let sender = try words.value("`download` or `upload`") {
            $0 == "download" ? Side.server : $0 == "upload" ? .client : nil
        }
        return Transfer(sender: sender, count: try words.number(1...1_000_000, "a count of bytes"))
    }

    /// `tls client 200`: records of application data; `tls client handshake 200`: of handshake.
    private static func tls(_ words: inout Words) throws(DialogueError) -> Statement {
        let side = try words.side()
        var type: UInt8 = 23
        if words.take("handshake") { type = 22 }
        return .tls(
            side, contentType: type, count: try words.number(1...16384, "a count of bytes"))
    }

    private static func ttl(_ words: inout Words) throws(DialogueError) -> UInt8? {
        words.take("ttl") ? try words.number(1...255, "a TTL") : nil
    }
}
