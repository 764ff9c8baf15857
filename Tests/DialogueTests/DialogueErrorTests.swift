import Dialogue
import Testing

@Suite struct DialogueErrorTests {
    @Test(arguments: [
        (
            "client 300.1.1.1",
            "1:8: expected an address or an endpoint such as 203.0.113.10:21 or "
                + "[2001:db8::1]:21, found \"300.1.1.1\""
        ),
        (
            "server 203.0.113.10:0",
            "1:8: expected an address or an endpoint such as 203.0.113.10:21 "
                + "or [2001:db8::1]:21, found \"203.0.113.10:0\""
        ),
        ("\nephemeral 70000", "2:11: expected a port from 1024 to 65535, found \"70000\""),
        ("ttl server 0", "1:12: expected a TTL from 1 to 255, found \"0\""),
        ("ttl router 9", "1:5: expected `client` or `server`, found \"router\""),
        (
            "at noon",
            "1:4: expected a time such as 2026-11-20T10:00:00Z, from 1970 to 2099, "
                + "found \"noon\""
        ),
        ("wait 1.", "1:6: expected seconds such as 0.5, up to 86400, found \"1.\""),
        ("wait   # a while", "1:5: expected seconds such as 0.5, up to 86400, found nothing"),
        ("close by client now", "1:17: expected the end of the line, found \"now\""),
        ("connect", "1:1: expected a `client` before the first connection"),
        ("client 198.51.100.7\nconnect", "2:1: expected a `server` before the first connection"),
        (
            "client ::1\nserver 1.2.3.4\nconnect",
            "3:1: expected client and server of one address family"
        ),
        ("S: 220", "1:1: expected an open control connection (`connect`) before this line"),
        (
            "C: \\q",
            "1:1: expected text with no other escapes than \\r \\n \\t \\0 \\\\ \\xHH, "
                + "found \"\\q\""
        ),
        ("use a", "1:1: expected the name of a session (a is none)"),
        (
            "data 1.2.3.4:5",
            "1:15: expected what becomes of it: opened, established, refused, "
                + "unanswered or prohibited, found nothing"
        ),
        (
            "data 1.2.3.4:5 prohibited 3 by 1.1.1.1",
            "1:27: expected an ICMP type and code such as 3/13, found \"3\""
        ),
        ("data 1.2.3.4:5 refused", "1:1: expected a `connect` before this line"),
        (
            "download 5",
            "1:1: expected an open data connection (`data … opened`) before this line"
        ),
        ("split 4 by 3", "1:9: expected `at`, found \"by\""),
    ])
    func `names the place and what was expected`(_ text: String, _ message: String) {
        #expect { try Dialogue.render(text, name: "a") } throws: { error in
            "\(error)" == "a:\(message)"
        }
    }

    @Test func `names every statement where none is understood`() {
        #expect { try Dialogue.render("USER a") } throws: { error in
            guard let error = error as? DialogueError else { return false }
            return error.expected.hasPrefix("a statement: client, server,") && error.found == "USER"
        }
    }

    @Test func `refuses time that goes back`() {
        #expect {
            try Dialogue.render(
                """
                client 198.51.100.7
                server 203.0.113.10
                at 2026-11-20T10:00:00Z
                connect
                at 2026-11-20T09:00:00Z
                """)
        } throws: { error in
            "\(error)" == "dialogue:5:1: expected a time not before 2026-11-20T10:00:00.003000Z"
        }
    }
}
