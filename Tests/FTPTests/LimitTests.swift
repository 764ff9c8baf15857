import Dialogue
import FTP
import Foundation
import Streams
import Testing

@Suite struct LimitTests {
    private static let pasv = "C: PASV\nS: 227 Entering Passive Mode (203,0,113,10,19,141)\n"

    /// The bound, set to 1 (lines: to 80), and what goes beyond it.
    static let rows: [(String, String)] = [
        ("channels", loggedIn + pasv + pasv),
        ("sessions", loggedIn + "client 198.51.100.8\nconnect as two\nS: 220 Ready\nC: SYST"),
        ("pendingCommands", loggedIn + "C: SYST\nC: PWD\n"),
        ("oddities", loggedIn + "S: 227 Entering\nwait 1\nS: 227 Leaving\n"),
        ("failures", loggedIn + "C: PASV\nS: 425 No\nC: PASV\nS: 425 No\n"),
        (
            "attemptsPerChannel",
            loggedIn + pasv + "data 203.0.113.10:5005 refused\ndata 203.0.113.10:5005 refused\n"
        ),
        (
            "hiddenConnections",
            loggedIn
                + "C: AUTH TLS\nS: 234 Go\ntls client handshake 200\ntls server handshake 900\n"
                + "data 203.0.113.10:5005 established\ndata 203.0.113.10:5006 established\n"
        ),
        (
            "controlAttempts",
            "server 203.0.113.10\nclient 198.51.100.7\nconnect refused\nconnect refused\n"
        ),
        ("recentConnections", loggedIn + "client 198.51.100.8\nconnect refused\n"),
        ("lineBytes", loggedIn + "S: 200 " + String(repeating: "x", count: 100) + "\n"),
        (
            "window",
            loggedIn + "C: SYST\nS: 215 UNIX Type: L8, and what else there is to say\nC: PWD\n"
                + "S: 257 \"/\"\nlose 10\n"
        ),
        ("heldSegments", loggedIn + "S: 220-a\nS: 220-b\nS: 220-c\nS: 220-d\nS: 220 e\nlose 12\n"),
        ("heldBytes", loggedIn + "S: 220-a\nS: 220-b\nS: 220-c\nS: 220-d\nS: 220 e\nlose 12\n"),
    ]

    @Test(arguments: rows)
    func `says which bound was reached`(_ name: String, _ script: String) throws {
        var limits = Limits()
        let isSet = limits.set(name, to: name == "lineBytes" ? 80 : 1)
        #expect(isSet)
        var hits: [String: Int] = [:]
        let frames = try Dialogue.frames(script)
        #expect(extract(frames, limits: limits) { hits = $0.limitHits.counts }.count <= 1)
        #expect(hits[name] ?? 0 > 0, "\(hits)")
        var usual: [String: Int] = [:]
        _ = extract(frames) { usual = $0.limitHits.counts }
        #expect(usual.isEmpty, "with the usual bounds")
    }

    @Test func `forgets the connections that were silent for longest`() throws {
        var limits = Limits()
        let isSet = limits.set("flows", to: 64)
        #expect(isSet)
        let script = (0..<100).reduce(loggedIn) { script, number in
            script + "client 192.0.2.\(number + 1)\nconnect unanswered 1\n"
        }
        var hits: [String: Int] = [:]
        let records = extract(try Dialogue.frames(script), limits: limits) {
            hits = $0.limitHits.counts
        }
        #expect(records.count == 1)
        #expect(hits["flows"] ?? 0 > 0)
    }

    @Test func `takes names and values that there are`() {
        var limits = Limits()
        for bound in Limits.bounds {
            let isSet = limits.set(bound.name, to: 7)
            #expect(isSet && limits[bound.name] == 7)
        }
        for (name, value) in [("flaws", 7), ("flows", 0), ("flows", Int.max)] {
            let isSet = limits.set(name, to: value)
            #expect(!isSet, "\(name) \(value)")
        }
        #expect(limits["flaws"] == nil)
    }

    @Test func `the documentation has each of them`() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        let page = try String(contentsOf: root.appending(path: "docs/limits.md"), encoding: .utf8)
        for bound in Limits.bounds {
            let value = (Limits()[bound.name] ?? 0).formatted(
                .number.locale(Locale(identifier: "en_US")))
            let row = "| `\(bound.name)` | \(value) | \(bound.meaning) | \(bound.loss) |"
            #expect(page.contains(row), "\(row)")
        }
    }
}
