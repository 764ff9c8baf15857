import Foundation
import Testing

/// The answer that a person reads at a terminal: no sentence of it may contradict another.
@Suite struct AnswerTests {
    static let site = ["--site", "captures/pinhole.yml"]

    static func answer(_ arguments: [String], site: String? = nil) throws -> String {
        try Pinhole.run(arguments, site: site).output.replacing("\n", with: " ")
    }

    /// As a report names a server that no site does.
    @Test func `an address with a port is told what to leave out`() throws {
        let audit = try Pinhole.run([
            "audit", CommandTests.first, "--server", "203.0.113.10:21",
        ])
        #expect(audit.complaints.contains("not an address alone: leave out the port"))
        let ask = [
            "reach", "--firewall", CommandTests.edge, "--from", "any", "--ports", "21", "--to",
        ]
        let reach = try Pinhole.run(ask + ["203.0.113.11:21"])
        #expect(reach.complaints.contains("no address alone: the port belongs to --ports"))
    }

    @Test func `who is a stranger doesn't hang on the server that was asked for`() throws {
        let asked = ["audit", "captures/stranger", "--server", "203.0.113.99"]
        #expect(try Self.answer(asked + Self.site).contains("PH309"))
        let range = ["audit", CommandTests.first, "--passive-range", "5001", "--format", "json"]
        #expect(try Self.answer(range).contains("no site was given"))
    }

    @Test func `a server of the site is asked for by any of its addresses`() throws {
        for address in ["203.0.113.11", "10.1.1.11"] {
            let asked = ["audit", "captures/second-article", "--server", address]
            #expect(try Self.answer(asked + Self.site).contains("\(address): 3 of 3"))
        }
    }

    @Test func `remarks are not called nothing, and nothing tested isn't hidden`() throws {
        let site = "pinhole: 1\nservers:\n  - name: files\n    address: 203.0.113.10\n"
        let one = try Self.answer(["check"], site: site + "    passive: 5001\n")
        #expect(one.contains("Nothing above information was found on 1 server."))
        #expect(one.contains("1 failed"))
        let none = try Self.answer(["check"], site: site)
        #expect(none.contains("No fault was found"))
        #expect(none.contains("0 failed, 0 waived, 1 passed"))
    }

    @Test func `what is encrypted isn't called sound`() throws {
        let answer = try Self.answer(["audit", "captures/vsftpd-ftps-good"])
        #expect(answer.hasPrefix("No fault was found on 1 server in what can be read; "))
        #expect(answer.contains(" are encrypted."))
    }

    @Test func `of several captures the one that holds the frame is named`() throws {
        let trap = "captures/second-article-trap/second-article-trap.pcap"
        let stray = try Self.answer(["audit", CommandTests.first, trap])
        #expect(stray.contains("(from frame 30 of \(trap) on)"))
        let table = try Self.answer(["sessions", CommandTests.first, trap])
        #expect(table.contains("Z  \(trap)"))
        #expect(try !Self.answer(["sessions", trap]).contains(trap))
    }

    @Test func `a line that is right is put in force, not changed`() throws {
        let asked = ["audit", CommandTests.first, "--client", "198.51.100.7", "--server", "files"]
        let answer = try Self.answer(asked + Self.site)
        #expect(
            answer.contains(
                "Put in force   first-article/MetaBase.xml:36  PassivePortRange=\"5001-5201\""))
    }

    @Test func `a line that permits who doesn't get in is proof, not changed`() throws {
        let rules = FileManager.default.temporaryDirectory.appending(
            path: "pinhole-\(UUID().uuidString).rules")
        defer { try? FileManager.default.removeItem(at: rules) }
        let lines = ["*filter", ":INPUT DROP [0:0]", "-A INPUT -p tcp --dport 21 -j ACCEPT"]
        try Data((lines + ["COMMIT", ""]).joined(separator: "\n").utf8).write(to: rules)
        let trap = "captures/second-article-trap/second-article-trap.pcap"
        let answer = try Self.answer([
            "audit", trap, "--firewall", rules.path, "--server", "203.0.113.12", "--since",
            "2026-11-18",
        ])
        #expect(answer.contains("tried the control port 21"), "\(answer)")
        #expect(!answer.contains("Change  "), "\(answer)")
    }

    @Test func `an expired waiver makes count what there is`() throws {
        let site = """
            pinhole: 1
            servers:
              - {name: files, address: 203.0.113.10}
              - {name: orders, address: 203.0.113.11}
            accept:
              - {rule: PH116, server: files, reason: one, until: 2020-01-01}
              - {rule: PH106, server: files, reason: two, until: 2020-01-01}
              - {rule: PH116, server: orders, reason: three, until: 2020-01-01}
            """
        let asked = ["audit", CommandTests.first, "--server", "files"]
        let answer = try Self.answer(asked, site: site)
        #expect(answer.contains("PH116 of files has expired"))
        #expect(answer.components(separatedBy: "the finding counts again").count == 2)
        #expect(!answer.contains("of orders"))
    }

    @Test func `a stated range is held against the configuration's`() throws {
        let file = Pinhole.root.appending(path: "captures/vsftpd-one-port/vsftpd.conf").path
        func site(_ range: String) -> String {
            """
            pinhole: 1
            servers:
              - {name: files, address: 203.0.113.22, config: "\(file)", passive: \(range)}
            """
        }
        let other = try Self.answer(["check"], site: site("5001-5201"))
        #expect(other.contains("states passive ports 5001-5201 for files"))
        #expect(other.contains("has the server offer 50021"))
        #expect(try !Self.answer(["check"], site: site("50021")).contains("The site states"))
    }

    @Test func `an IPv6 address with a port has brackets`() throws {
        let site = """
            pinhole: 1
            servers:
              - name: files
                address: [203.0.113.10, "2001:db8::10"]
                passive: 5001-5201
                sessions: 300
            """
        let page = try Self.answer(["check", "--format", "html"], site: site)
        #expect(page.contains("203.0.113.10:21, [2001:db8::10]:21"))
        #expect(!page.contains("2001:db8::10:21"))
    }

    @Test func `a line of a file is told without the blanks that set it in`() throws {
        let rules = "captures/vsftpd-ftps-helper/nftables.conf"
        let asked = ["--from", "any", "--to", "203.0.113.25", "--ports", "21"]
        let answer = try Self.answer(["reach", "--firewall", rules] + asked)
        #expect(answer.contains("\(rules):16  tcp dport 21"))
    }

    @Test func `a mistyped option is named before what is missing`() throws {
        let run = try Pinhole.run(["audit", "-x.pcap"])
        #expect(run.code == 2 && run.complaints.contains("Unknown option '-x.pcap'"))
    }
}
