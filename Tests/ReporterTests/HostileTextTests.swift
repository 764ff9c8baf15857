import Analyzer
@testable import FTP
import Foundation
import Net
import Testing

@testable import Reporter

/// What a peer or a file wrote reaches no reader as anything but text.
@Suite struct HostileTextTests {
    static let texts = [
        "<script>alert(1)</script>", "\"><img src=x onerror=alert(1)>", "' onmouseover='x",
        "]]>-->",
        "&lt;b&gt;&amp;", "[x](javascript:alert(1)) ![y](http://z)", "`code` | cell | # head",
        "# head\n\n- item\n| a | b |\r\n```\n<b>", "\u{1b}[2J\u{1b}]52;c;AAAA\u{7}",
        "\u{9b}31m\u{0}",
        "\u{202e}txt.exe\u{2066}", "a\u{2028}b\u{2029}c\u{feff}", "\u{fffd}\u{e000}",
        "*bold* _it_ ~s~ <http://x> www.x.com @user :smile:",
        String(repeating: "A<", count: 50_000),
        "$(reboot) `reboot`; rm -rf /", "\u{301}\u{301}\u{301}z̸̧", "",
    ]
    static let harmless = "plain"

    private func tags(_ html: String) -> [String] {
        html.matches(of: /<\/?[a-zA-Z!][^\s>]*/).map { String($0.output).lowercased() }
    }

    /// The page without its blocks of code, which end at a fence as long as the first.
    private func prose(_ page: String) -> String {
        var fence: Substring?
        return page.split(separator: "\n", omittingEmptySubsequences: false).filter { line in
            let ticks = line.prefix { $0 == "`" }
            if let open = fence {
                if ticks.count >= open.count, ticks.count == line.count { fence = nil }
                return false
            }
            guard ticks.count >= 3 else { return true }
            fence = ticks
            return false
        }.joined(separator: "\n")
    }

    /// The text without its code spans: from a run of backticks to the next as long.
    private func spansRemoved(_ text: String) -> String {
        var rest = text[...]
        var result = ""
        while let start = rest.firstIndex(of: "`") {
            result += rest[..<start]
            let fence = rest[start...].prefix { $0 == "`" }
            var inner = rest[fence.endIndex...]
            while let next = inner.firstIndex(of: "`") {
                let run = inner[next...].prefix { $0 == "`" }
                inner = inner[run.endIndex...]
                if run.count == fence.count { break }
            }
            rest = inner
        }
        return result + rest
    }

    /// Characters that no report may hold: those that act, hide or turn the text.
    private func forbidden(_ text: String) -> [Unicode.Scalar] {
        text.unicodeScalars.filter { scalar in
            switch scalar.properties.generalCategory {
            case .control: scalar != "\n" && scalar != "\t"
            case .format, .lineSeparator, .paragraphSeparator, .privateUse, .surrogate: true
            default: false
            }
        }
    }

    @Test(arguments: texts)
    func `HTML has no element that is not the report's own`(_ text: String) {
        let page = HTMLReport.write(HostileReport.made(of: text))
        let plain = HTMLReport.write(HostileReport.made(of: Self.harmless))
        #expect(tags(page) == tags(plain))
        #expect(forbidden(page) == [])
        // No attribute but the report's own either: names before `=` inside tags.
        let names = { (html: String) in
            Set(html.matches(of: /\s([a-zA-Z-]+)=["']/).map { String($0.output.1) })
        }
        #expect(names(page).isSubset(of: names(plain).union(["src", "onmouseover"])))
        #expect(!page.contains("<img src") && !page.contains("' onmouseover='x"))
        #expect(page.utf8.count < 4_000_000)
    }

    @Test(arguments: texts)
    func `Markdown keeps its tables and makes nothing of the text`(_ text: String) {
        let page = MarkdownReport.write(HostileReport.made(of: text))
        let plain = MarkdownReport.write(HostileReport.made(of: Self.harmless))
        let cells = { (page: String) in
            page.split(separator: "\n").filter { $0.hasPrefix("|") }.map { row in
                row.replacing("\\|", with: "").count { $0 == "|" }
            }
        }
        #expect(cells(page) == cells(plain))
        let heads = { (page: String) in
            prose(page).split(separator: "\n").count { $0.hasPrefix("#") }
        }
        #expect(heads(page) == heads(plain))
        #expect(forbidden(page) == [])
        // Outside code a bracket or an angle is escaped.
        let bare = spansRemoved(prose(page).replacing(/\\[^\n]/, with: ""))
        #expect(!bare.contains("]("))
        #expect(!bare.contains(/(?i)<(script|img|b>)/))
    }

    @Test(arguments: texts)
    func `the terminal obeys nothing`(_ text: String) {
        let page = TerminalReport.write(
            HostileReport.made(of: text), color: false, width: 100)
        #expect(forbidden(page) == [])
        let colored = TerminalReport.write(
            HostileReport.made(of: text), color: true, width: 100)
        let rest = colored.replacing(/\u{1b}\[[0-9;]*m/, with: "")
        #expect(forbidden(rest) == [])
    }

    @Test(arguments: texts)
    func `JSON says exactly what was there`(_ text: String) throws {
        let page = JSONReport.write(HostileReport.made(of: text))
        let report = try #require(
            try JSONSerialization.jsonObject(with: Data(page.utf8)) as? [String: Any])
        #expect(report["title"] as? String == "c\(text)")
        let servers = try #require(report["servers"] as? [[String: Any]])
        #expect(servers.first?["name"] as? String == "b\(text)")
    }

    @Test(arguments: texts)
    func `a session is one line of JSON`(_ text: String) throws {
        let record = HostileReport.session(text, IPAddress(v4: 1))
        let line = SessionRecordJSON(captures: ["d\(text)", "e\(text)"]).text(record)
        #expect(!line.contains { $0.isNewline })
        let object = try #require(
            try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
        #expect(object["user"] as? String == text)
    }
}
