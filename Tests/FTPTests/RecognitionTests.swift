import FTP
import Net
import Testing

@Suite struct RecognitionTests {
    private let scene = "server 203.0.113.10:8021\nclient 198.51.100.7\nconnect\n"

    @Test(arguments: [
        "S: 220 Ready\nC: USER a\nS: 331 Password",
        "C: USER a\nC: PASS b\nC: PASV\nS: 220 Ready\nS: 331 x\nS: 230 x",
        "S: 220 Ready\nC: AUTH TLS\nS: 234 Go", "S: 220 An FTP server",
        "S: 220 x\nC: SYST\nS: 215 UNIX",
        "C: TYPE I\nC: CWD /",
    ])
    func `finds FTP on any port`(_ talk: String) throws {
        #expect(try extract(scene + talk).count == 1)
    }

    @Test(arguments: [
        ("SMTP", "S: 220 mail ESMTP\nC: EHLO a\nS: 250 a\nC: AUTH LOGIN\nS: 334 x"),
        (
            "SMTP that quotes FTP",
            "S: 220 mail ready\nC: HELO a\nS: 250 x\nC: DATA\nS: 354 x\nC: USER a\nC: PASV\nC: 227 (1,2,3,4,5,6)"
        ),
        ("POP3", "S: +OK\nC: USER a\nS: +OK\nC: PASS b\nS: +OK\nC: LIST\nS: +OK\nC: QUIT"),
        ("NNTP", "S: 200 news\nC: GROUP a\nS: 211 1 2 3"),
        ("IRC", "C: NICK a\nC: USER a 0 * :A\nS: :irc 001 a :Welcome"),
        ("HTTP", "C: GET / HTTP/1.1\nC:\nS: HTTP/1.1 200 OK\nS:\nS: 227 (1,2,3,4,5,6)"),
        ("DICT", "S: 220 dictd\nC: CLIENT a\nS: 250 x\nC: SHOW DB\nS: 150 1\nC: QUIT\nS: 221 x"),
        ("CDDB", "S: 201 a\nC: cddb hello a b c d\nS: 200 x\nC: quit\nS: 230 Closing"),
        ("SSH", "S: SSH-2.0-x\nC: SSH-2.0-y"), ("numbers", "S: 123456789\nS: 2024-01-01"),
    ])
    func `leaves other protocols alone`(_ name: String, _ talk: String) throws {
        #expect(try extract(scene + talk).isEmpty, "\(name)")
    }

    @Test func `ends the readable part at AUTH TLS, and infers data connections`() throws {
        let record = try #require(
            try extract(
                """
                server 203.0.113.10
                client 198.51.100.7
                connect
                S: 220 Ready
                C: AUTH TLS
                S: 234 Go on
                tls client 200
                tls server handshake 900
                data 203.0.113.10:50001 unanswered 2
                data 203.0.113.10:50002 established download 9
                tls client 80
                """
            ).first)
        #expect(record.encryption?.command == "AUTH TLS")
        #expect(record.channels.isEmpty)
        #expect(record.hiddenData.map(\.outcome) == [.unanswered, .established])
        #expect(record.hiddenData.map(\.attempts) == [2, 1])
        #expect(record.hiddenData.first?.server == Endpoint("203.0.113.10:50001"))
        #expect(record.oddities.isEmpty)
    }

    @Test func `reads on after CCC, and after a refused AUTH`() throws {
        let cleared = try #require(
            try extract(
                """
                server 203.0.113.10
                client 198.51.100.7
                connect
                S: 220 Ready
                C: AUTH TLS
                S: 234 Go on
                tls client 200
                tls server handshake 900
                C: PASV
                S: 227 (203,0,113,10,19,141)
                """
            ).first)
        #expect(cleared.encryption?.cleared != nil)
        #expect(cleared.channels.count == 1)
        let refused = try #require(
            try extract(
                """
                server 203.0.113.10
                client 198.51.100.7
                connect
                S: 220 Ready
                C: AUTH TLS
                S: 530 No
                C: EPSV
                S: 229 (|||5005|)
                """
            ).first)
        #expect(refused.encryption == nil)
        #expect(refused.authRefused?.code == 530)
        #expect(refused.channels.count == 1)
    }

    @Test func `takes TLS on port 990 for implicit FTPS`() throws {
        let record = try #require(
            try extract(
                """
                server 203.0.113.10:990
                client 198.51.100.7
                connect
                tls client 200
                tls server handshake 900
                """
            ).first)
        #expect(record.encryption?.command == "implicit")
    }
}
