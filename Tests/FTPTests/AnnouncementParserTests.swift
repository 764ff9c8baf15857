import Dice
import Net
import Testing

@testable import FTP

@Suite struct AnnouncementParserTests {
    private func short(_ found: AnnouncedEndpoint) -> String {
        switch found {
        case .endpoint(let endpoint, let parentheses):
            parentheses ? "\(endpoint)" : "\(endpoint) bare"
        case .port(let port, let parentheses): parentheses ? "\(port)" : "\(port) bare"
        case .nothing: "nothing"
        case .malformed(let name): name.rawValue
        }
    }

    /// So many numbers, with commas between them.
    private static func list(_ count: Int) -> String {
        (0..<count).map(String.init).joined(separator: ",")
    }

    private func read(
        _ text: String, _ parser: (Span<UInt8>) -> AnnouncedEndpoint
    ) -> String {
        let bytes = Array(text.utf8)
        return short(parser(bytes.span))
    }

    @Test(arguments: [
        (" Entering Passive Mode (203,0,113,10,19,137).", "203.0.113.10:5001"),
        (" 203,0,113,10,19,137", "203.0.113.10:5001 bare"),
        (" Entering Passive Mode =203,0,113,10,19,137", "203.0.113.10:5001 bare"),
        (" (203, 0, 113, 10, 19, 137)", "203.0.113.10:5001"),
        (" (203,000,113,010,019,137)", "203.0.113.10:5001"),
        (" Mode 2 (of 3) is on (203,0,113,10,19,137)", "203.0.113.10:5001"),
        (" 1,2 (203,0,113,10,19,137)", "203.0.113.10:5001"),
        (" (0,0,0,0,19,137)", "0.0.0.0:5001"),
        (" Entering Passive Mode (", "malformed_announcement"),
        (" (203,0,113,10,19)", "malformed_announcement"),
        (" (203,0,113,10,19,137,1)", "malformed_announcement"),
        (" (203,0,113,10,257,243)", "octet_above_255"),
        (" (203,0,113,10,255,65535)", "octet_above_255"),
        (" (99999999999999999999,0,113,10,19,137)", "octet_above_255"),
        (" (203,0,113,10,0,0)", "port_zero"),
        (" Logout.", "nothing"), ("", "nothing"), (" 10 files", "nothing"),
        (" \(list(40))", "malformed_announcement"),
        (" \(list(38)), 203,0,113,10,19,137", "malformed_announcement"),
        (" \(list(70)) (203,0,113,10,19,137)", "203.0.113.10:5001"),
    ])
    func `reads a 227`(_ text: String, _ expected: String) {
        #expect(read(text) { AnnouncementParser.passive($0, isCut: false) } == expected)
    }

    @Test(arguments: [
        (" Entering Extended Passive Mode (|||5001|)", "5001"),
        (" (|||5001|).", "5001"), (" (!!!5001!)", "5001"), (" (|1|10.0.0.1|5001|)", "5001"),
        (" |||5001|", "5001 bare"), (" (zzz5001z)", "5001"),
        (" (||!5001|)", "delimiters_differ"), (" (|||81813|)", "port_above_65535"),
        (" (|||0|)", "port_zero"), (" (||||)", "malformed_announcement"),
        (" (|||5001)", "delimiters_differ"), (" ()", "malformed_announcement"),
        (" Entering Extended Passive Mode", "nothing"),
    ])
    func `reads a 229`(_ text: String, _ expected: String) {
        #expect(read(text) { AnnouncementParser.extendedPassive($0, isCut: false) } == expected)
    }

    @Test(arguments: [
        (" (4,4,203,0,113,10,2,19,137)", "203.0.113.10:5001"),
        (" (6,16,32,1,13,184,0,0,0,0,0,0,0,0,0,0,0,9,2,19,137)", "[2001:db8::9]:5001"),
        (" (203,0,113,10,19,137)", "malformed_announcement"),
        (" (4,4,203,0,113,10,2,0,0)", "port_zero"),
    ])
    func `reads a 228`(_ text: String, _ expected: String) {
        #expect(read(text) { AnnouncementParser.longPassive($0, isCut: false) } == expected)
    }

    @Test(arguments: [
        ("198,51,100,7,200,0", "198.51.100.7:51200"), ("114,115", "malformed_announcement"),
        ("1234", "malformed_announcement"), ("", "malformed_announcement"),
        ("198,51,100,7,0,0", "port_zero"), ("a,b,c,d,e,f", "malformed_announcement"),
    ])
    func `reads PORT`(_ text: String, _ expected: String) {
        let found = read(text) { AnnouncementParser.port($0, isCut: false) }
        #expect(found.replacing(" bare", with: "") == expected)
    }

    @Test(arguments: [
        ("|1|198.51.100.7|51200|", "198.51.100.7:51200"),
        ("|2|2001:db8::7|51200|", "[2001:db8::7]:51200"),
        ("!1!198.51.100.7!51200!", "198.51.100.7:51200"),
        ("|2|198.51.100.7|51200|", "malformed_announcement"),
        ("|1|198.51.100.7|99999|", "port_above_65535"), ("|1|198.51.100.7|0|", "port_zero"),
        ("|1|198.51.100.7|51200", "delimiters_differ"), ("|||51200|", "malformed_announcement"),
        ("", "malformed_announcement"), ("1", "malformed_announcement"),
    ])
    func `reads EPRT`(_ text: String, _ expected: String) {
        #expect(read(text) { AnnouncementParser.extendedPort($0, isCut: false) } == expected)
    }

    @Test func `takes no port from a text that is cut anywhere`() {
        let passive = Array(" Entering Passive Mode (203,0,113,10,19,137)".utf8)
        let extended = Array(" Entering Extended Passive Mode (|||5001|".utf8)
        for length in 0..<passive.count {
            let found = AnnouncementParser.passive(passive.span.extracting(..<length), isCut: true)
            #expect(["announcement_cut", "nothing"].contains(short(found)))
        }
        for length in 0..<extended.count {
            let found = AnnouncementParser.extendedPassive(
                extended.span.extracting(..<length), isCut: true)
            #expect(short(found) == "announcement_cut")
        }
    }

    @Test(arguments: [UInt64(1), 20_261_120])
    func `takes any bytes without a trap`(_ seed: UInt64) {
        print("seed \(seed)")
        var dice = Dice(seed: seed)
        for _ in 0..<20_000 {
            let text = dice.broken(Array(" (4,4,203,0,113,10,2,19,137) (|||5001|)".utf8))
            for isCut in [false, true] {
                _ = AnnouncementParser.passive(text.span, isCut: isCut)
                _ = AnnouncementParser.longPassive(text.span, isCut: isCut)
                _ = AnnouncementParser.extendedPassive(text.span, isCut: isCut)
                _ = AnnouncementParser.extendedPort(text.span, isCut: isCut)
            }
        }
    }

    @Test func `names every oddity once and says what it means`() {
        #expect(Set(OddityName.allCases.map(\.meaning)).count == OddityName.allCases.count)
    }
}
