import Foundation
import Testing

/// Exit codes and complaints that pipelines build on.
@Suite struct CommandTests {
    static let first = "captures/first-article/first-article.pcap"

    static let edge = "captures/second-article/edge.cfg"
    static let anyone = ["--from", "any", "--to", "203.0.113.11", "--ports", "21"]
    static let onSite = ["reach", "--site", "captures/pinhole.yml", "--from", "any"]

    static let codes: [(arguments: [String], code: Int32)] = [
        (["audit", first], 0),
        (["audit", first, "--fail-on", "high"], 1),
        (["audit", first, "--fail-on", "sometimes"], 2),
        (["audit", first, "--site", "no-such.yml"], 2),
        (["audit", "no-such.pcap"], 2),
        (["audit", "README.md"], 2),
        (["audit", "--no-such-option", first], 2),
        (["audit", "--firewall", "captures/first-article/portopening.txt", first], 0),
        (["audit", "--through", first], 2),
        (["audit", first, "--format", "html,json"], 2),
        (["reach", "--as", "iptables-save", "--firewall", "README.md"] + anyone, 2),
        (["reach", "--as", "cisco-ios", "--firewall", "README.md"] + anyone, 2),
        (["reach", "--firewall", edge, "--entering", "Gi0/9"] + anyone, 2),
        (["reach", "--firewall", edge, "--entering", "fa0/0"] + anyone, 0),
        (["sessions", "no-such.pcap"], 2),
        (["sessions"], 2),
        (["audit", first, "-o", ""], 2),
        (["audit", first, "--format", "json,"], 2),
        (["audit", first, "--format", "json,json"], 0),
        (["read", "captures"], 2),
        (["check", "--site", "captures/pinhole.yml", "--fail-on", "critical"], 0),
        (["check", "--site", "captures/pinhole.yml", "--fail-on", "high"], 1),
        (["sessions", first], 0),
        (["explain", "PH301"], 0),
        (["explain", "PH999"], 2),
        (["adit", first], 2),
        ([first], 2),
        (["audit", first, "--since", "2027-01-01", "--until", "2026-01-01"], 2),
        (["audit", first, "--server", "files"], 2),
        (["audit", first, "--server", "[2001:db8::1]"], 0),
        (["reach", "--firewall", edge, "--to", "[2001:db8::1]"] + anyone, 0),
        (["audit", first, "--server", "files", "--site", "captures/pinhole.yml"], 0),
        (onSite + ["--to", "orders", "--ports", "21"], 0),
        (onSite + ["--to", "nobody", "--ports", "21"], 2),
        (["reach", "--from", "any", "--to", "203.0.113.10", "--ports", "21"], 2),
        (onSite + ["--to", "203.0.113.10", "--ports", "21"], 0),
        (onSite + ["--to", "192.0.2.1", "--ports", "21"], 2),
        (onSite + ["--to", "203.0.113.10", "--ports", "21", "--through"], 2),
        (["read", "captures/second-article/edge.cfg"], 0),
        (["read", "README.md"], 2),
        (["read", first], 2),
    ]

    /// Sessions of 2026-11-20.
    @Test(arguments: [("2026-11-20", 5), ("2026-11-19", 0), ("2026-11-20T00:00:00Z", 0)])
    func `takes a date to its end`(_ wanted: (until: String, sessions: Int)) throws {
        let run = try Pinhole.run([
            "sessions", Self.first, "--until", wanted.until, "--format", "ndjson",
        ])
        #expect(run.output.split(separator: "\n").count == wanted.sessions, "\(run.complaints)")
    }

    @Test func `tells what came to nothing at a server that nobody names`() throws {
        let run = try Pinhole.run([
            "audit", "captures/second-article-trap/second-article-trap.pcap",
        ])
        #expect(run.output.contains("to 203.0.113.12:21"))
        #expect(run.output.contains("came to nothing: unanswered"))
    }

    @Test(arguments: codes)
    func `ends with the code that is promised`(
        _ wanted: (arguments: [String], code: Int32)
    ) throws {
        let run = try Pinhole.run(wanted.arguments)
        #expect(run.code == wanted.code, "\(run.complaints)")
        if wanted.code == 2 { #expect(!run.complaints.isEmpty) }
    }

    @Test func `reads a folder as the one server that its files make`() throws {
        let folder = FileManager.default.temporaryDirectory.appending(
            path: "pinhole-folder-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        try FileManager.default.createDirectory(
            at: folder.appending(path: "conf.d"), withIntermediateDirectories: true)
        let files = [
            "proftpd.conf": "ServerType standalone\nDefaultRoot ~\nInclude /etc/proftpd/conf.d/\n",
            "conf.d/passive.conf": "PassivePorts 50000 50100\n",
        ]
        for (name, text) in files {
            try Data(text.utf8).write(to: folder.appending(path: name))
        }
        let run = try Pinhole.run(["read", folder.path])
        #expect(run.code == 0, "\(run.complaints)")
        #expect(run.output.contains("50000-50100"))
    }

    @Test func `reads a configuration from standard input`() throws {
        let edge = "captures/second-article/edge.cfg"
        let run = try Pinhole.run(["read", "-"], input: edge)
        let named = try Pinhole.run(["read", edge])
        #expect(run.code == 0, "\(run.complaints)")
        #expect(run.output == named.output.replacing(edge, with: "-"))
    }

    @Test func `audits what precedes a cut, and says where it is`() throws {
        let whole = try Data(contentsOf: Pinhole.root.appending(path: Self.first))
        let file = FileManager.default.temporaryDirectory.appending(
            path: "pinhole-cut-\(UUID().uuidString).pcap")
        defer { try? FileManager.default.removeItem(at: file) }
        try whole.prefix(whole.count - 7).write(to: file)
        let run = try Pinhole.run(["sessions", "--format", "ndjson", file.path])
        #expect(run.code == 3)
        #expect(run.complaints.contains("byte"))
        #expect(run.output.split(separator: "\n").count == 5)
    }

    @Test func `an unknown key of the site is named, and the rest is audited`() throws {
        let site = """
            pinhole: 1
            servers:
              - name: files
                adress: 203.0.113.10
                address: 203.0.113.10
                passive: 5001-5201
            """
        let run = try Pinhole.run(["audit", Self.first], site: site)
        #expect(run.code == 3)
        #expect(run.complaints.contains(":4:5: server: unknown key 'adress'"), "\(run.complaints)")
        #expect(run.output.contains("1063"))
    }

    @Test func `says the same without a site`() throws {
        let run = try Pinhole.run([
            "audit", Self.first, "--passive-range", "5001-5201", "--firewall",
            "captures/first-article/portopening.txt",
        ])
        #expect(run.code == 0)
        #expect(run.output.contains("FOR /L %I IN (5101,1,5201)"), "\(run.output)")
    }

    @Test func `reach names the line`() throws {
        let run = try Pinhole.run([
            "reach", "--firewall", "captures/second-article/edge.cfg", "--from", "198.51.100.7",
            "--to", "203.0.113.11", "--ports", "5500-5525", "--format", "json",
        ])
        #expect(run.code == 0)
        #expect(run.output.contains(/"line" ?: ?54/), "\(run.output)")
        #expect(run.output.contains("10.1.1.11"))
    }

    @Test func `reach along a site's path says what doesn't end at the server`() throws {
        let run = try Pinhole.run(
            Self.onSite + [
                "--to", "203.0.113.11", "--ports", "5490-5525", "--format", "json",
            ])
        #expect(run.code == 0)
        #expect(run.output.contains(/"delivered" ?: ?false/) == false, "\(run.output)")
        let site = """
            pinhole: 1
            servers:
              - {name: orders, address: 203.0.113.11, inside: 10.1.1.99, passive: 5500-5520}
            path:
              - {name: edge, config: \(Pinhole.root.path)/captures/second-article/edge.cfg}
            """
        let other = try Pinhole.run(
            [
                "reach", "--from", "any", "--to", "203.0.113.11", "--ports", "5500", "--format",
                "json",
            ], site: site)
        #expect(other.code == 0, "\(other.complaints)")
        #expect(other.output.contains(/"delivered" ?: ?false/), "\(other.output)")
        // Of IPv6 the server has no inside address: it ends where it is asked for.
        let six = try Pinhole.run(
            [
                "reach", "--from", "any", "--to", "2001:db8::11", "--ports", "5500", "--format",
                "json",
            ],
            site: site.replacing(
                "address: 203.0.113.11,", with: "address: [203.0.113.11, \"2001:db8::11\"],"))
        #expect(six.output.contains(/"verdict" ?: ?"permitted"/), "\(six.output)")
        #expect(!six.output.contains(/"delivered" ?: ?false/), "\(six.output)")
    }

    @Test func `a format without a folder goes to standard output`() throws {
        let run = try Pinhole.run(["audit", Self.first, "--format", "json"])
        let report = try JSONSerialization.jsonObject(with: Data(run.output.utf8))
        #expect((report as? [String: Any])?["schema"] as? String == "pinhole.report/1")
    }

    @Test func `takes the host to which the control port is translated for the server`() throws {
        let run = try Pinhole.run([
            "audit", "captures/second-article/second-article.pcap", "--passive-range", "5500-5700",
            "--firewall", Self.edge,
        ])
        #expect(!run.output.contains("PH209"), "\(run.output)")
        #expect(run.output.contains("access-list 101 permit tcp any host 203.0.113.11"))
    }

    @Test func `a router's rules are judged, and mended, where packets pass through`() throws {
        let run = try Pinhole.run([
            "audit", "captures/prohibited/prohibited.pcap", "--passive-range", "50110-50119",
            "--firewall", "captures/prohibited/iptables-save.txt",
        ])
        #expect(run.output.contains("iptables -I FORWARD -d 203.0.113.31"), "\(run.output)")
        #expect(!run.output.contains("PH307"))
    }

    @Test func `an interface that the file hasn't is named`() throws {
        let site = """
            pinhole: 1
            servers:
              - {name: orders, address: 203.0.113.11, inside: 10.1.1.11, passive: 5500-5520}
            path:
              - name: edge
                config: \(Pinhole.root.path)/\(Self.edge)
                outside: GigabitEthernet0/0
            """
        let run = try Pinhole.run(["check"], site: site)
        #expect(run.code == 3)
        #expect(run.complaints.contains(":7:14: hop 'edge': outside: "), "\(run.complaints)")
        #expect(!run.output.contains("no ip nat"), "\(run.output)")
    }

    @Test func `a list of exceptions is one row`() throws {
        let run = try Pinhole.run([
            "reach", "--firewall", "captures/first-article/portopening.txt", "--from", "any",
            "--to", "203.0.113.10", "--ports", "5001-5201",
        ])
        #expect(run.output.contains("98 more lines"), "\(run.output)")
        #expect(run.output.split(separator: "\n").count < 10)
    }

    @Test(arguments: [
        ("adit", "did you mean `pinhole audit`?"), ("session", "did you mean `pinhole sessions`?"),
        (first, "did you mean `pinhole audit \(first)`?"), ("frobnicate", "there are audit, check"),
    ])
    func `an unknown command is named, with the one that was meant`(
        _ word: String, _ wanted: String
    ) throws {
        let run = try Pinhole.run([word, "x.pcap"])
        #expect(run.code == 2)
        #expect(run.complaints.contains(wanted), "\(run.complaints)")
    }

    /// Whoever writes to it is told that there is no room.
    private static let full = "/dev/full"

    static let printing: [[String]] = [
        ["audit", first], ["sessions", first, "--format", "ndjson"], ["read", edge],
        ["check", "--site", "captures/pinhole.yml"], onSite + ["--to", "orders", "--ports", "21"],
        ["rules"], ["explain", "PH301"], ["distill", first, "-o", "-"],
    ]

    @Test(
        .enabled(if: FileManager.default.fileExists(atPath: full), "there is no \(full)"),
        arguments: printing)
    func `results that cannot be written end with 2 and the cause`(
        _ arguments: [String]
    ) throws {
        let run = try Pinhole.run(
            ["-c", "exec \"$0\" \"$@\" >\(Self.full)", Pinhole.binary.path] + arguments,
            program: URL(filePath: "/bin/sh"))
        #expect(run.code == 2)
        #expect(run.complaints.contains("No space left on device"), "\(run.complaints)")
    }

    @Test func `a folder that cannot be made is named with the cause`() throws {
        let run = try Pinhole.run(["audit", Self.first, "-o", "README.md/reports"])
        #expect(run.code == 2)
        #expect(run.complaints.contains("Not a directory"), "\(run.complaints)")
    }

    @Test(arguments: ["html", "markdown"])
    func `a report says what it was limited to`(_ format: String) throws {
        let run = try Pinhole.run([
            "audit", Self.first, "--client", "198.51.100.7/32", "--since", "2026-01-01", "--format",
            format,
        ])
        #expect(run.code == 0)
        #expect(
            run.output.contains(
                "Limited to sessions of clients in 198.51.100.7/32, that end at or after 2026-01-01"
            ))
    }

    @Test func `a filter that selects nothing is told apart from a capture without FTP`() throws {
        let arguments = ["audit", Self.first, "--client", "192.0.2.0/24"]
        let run = try Pinhole.run(arguments)
        #expect(run.output.contains("5 FTP sessions were seen, none selected."), "\(run.output)")
        let json = try Pinhole.run(arguments + ["--format", "json"]).output
        let report = try #require(
            try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any])
        let selection = try #require(report["selection"] as? [String: Any])
        #expect(selection["client"] as? String == "192.0.2.0/24")
        #expect(selection["sessions_seen"] as? Int == 5)
        #expect(selection["sessions_selected"] as? Int == 0)
    }

    @Test func `a capture without a word of FTP for its snap length says so`() throws {
        let whole = [UInt8](try Data(contentsOf: Pinhole.root.appending(path: Self.first)))
        // Of each record what a snap length of 54 leaves: headers alone.
        var cut = Data(whole.prefix(24))
        var at = 24
        while at + 16 <= whole.count {
            let length = Int(whole[at + 8]) | Int(whole[at + 9]) << 8
            let kept = min(length, 54)
            cut += whole[at..<at + 8] + [UInt8(kept), 0, 0, 0] + whole[at + 12..<at + 16 + kept]
            at += 16 + length
        }
        let file = FileManager.default.temporaryDirectory.appending(
            path: "pinhole-snap-\(UUID().uuidString).pcap")
        defer { try? FileManager.default.removeItem(at: file) }
        try cut.write(to: file)
        let run = try Pinhole.run(["audit", file.path])
        #expect(run.output.contains("cut at 54 bytes by the snap length"), "\(run.output)")
        #expect(run.output.contains("tcpdump -s 0"))
    }

    /// Wireless frames are not looked into; where there are others, these are.
    @Test(arguments: [[], [first]])
    func `a link type that is not read is named`(_ others: [String]) throws {
        var bytes = try Data(contentsOf: Pinhole.root.appending(path: Self.first))
        bytes[20] = 127
        let file = FileManager.default.temporaryDirectory.appending(
            path: "pinhole-wireless-\(UUID().uuidString).pcap")
        defer { try? FileManager.default.removeItem(at: file) }
        try bytes.write(to: file)
        for command in ["audit", "sessions"] {
            let run = try Pinhole.run([command, file.path] + others)
            #expect(run.code == (others.isEmpty ? 2 : 3))
            #expect(
                run.complaints.contains("are of link type 127 (IEEE 802.11), which is not read"),
                "\(run.complaints)")
        }
    }

    @Test func `what is cut inside a record is not called whole`() throws {
        let whole = try Data(contentsOf: Pinhole.root.appending(path: Self.first))
        let file = FileManager.default.temporaryDirectory.appending(
            path: "pinhole-cut-\(UUID().uuidString).pcap")
        defer { try? FileManager.default.removeItem(at: file) }
        try whole.prefix(whole.count - 7).write(to: file)
        let run = try Pinhole.run(["audit", file.path])
        #expect(run.code == 3)
        #expect(!run.output.contains("all whole and readable"), "\(run.output)")
        #expect(run.output.contains("Not audited to its end"))
    }

    static let useless = [
        "pinhole: 1", "pinhole: 1\nserver:\n  - {name: files, address: 203.0.113.10}",
    ]

    @Test(arguments: useless)
    func `a site without a server cannot be checked`(_ site: String) throws {
        let run = try Pinhole.run(["check"], site: site)
        #expect(run.code == 2)
        #expect(run.complaints.contains("it names no server"), "\(run.complaints)")
        #expect(run.output.isEmpty)
    }

    static let unreadable = """
        pinhole: 1
        servers:
          - {name: files, address: 203.0.113.10, passive: 5001-5201}
        path:
          - {name: edge, config: no-such.cfg}
        """

    @Test func `reach says that a hop could not be read, and ends with 3`() throws {
        let run = try Pinhole.run(
            ["reach", "--from", "any", "--to", "files", "--ports", "5001"], site: Self.unreadable)
        #expect(run.code == 3)
        #expect(
            run.output.contains("hop 'edge' could not be read: no-such.cfg: no such file"),
            "\(run.output)")
    }

    @Test func `check tells of a file once, and nothing of traffic`() throws {
        let run = try Pinhole.run(["check"], site: Self.unreadable)
        #expect(run.code == 3)
        #expect(run.output.split(separator: "\n").count { $0.contains("no-such.cfg") } == 1)
        #expect(!run.output.contains("No FTP session"), "\(run.output)")
    }

    @Test func `an interface on the other side of the translation is named`() throws {
        let site = """
            pinhole: 1
            servers:
              - {name: orders, address: 203.0.113.11, inside: 10.1.1.11, passive: 5500-5520}
            path:
              - name: edge
                config: \(Pinhole.root.path)/\(Self.edge)
                outside: FastEthernet0/1
                inside: FastEthernet0/0
            """
        let run = try Pinhole.run(["check"], site: site)
        #expect(run.code == 3)
        for words in [":7:14: hop 'edge': outside:", ":8:13: hop 'edge': inside:", "swapped?"] {
            #expect(run.complaints.contains(words), "\(run.complaints)")
        }
    }

    @Test func `leads with what hurts most, and calls no argument a line to change`() throws {
        let run = try Pinhole.run(["audit", Self.first, "--passive-range", "5001-5201"])
        #expect(run.output.hasPrefix("203.0.113.10: data connection silently dropped."))
        #expect(!run.output.contains("command line"), "\(run.output)")
        #expect(run.output.contains("`pinhole explain PH101`"))
    }

    @Test func `explain says how severe findings may be, and what decides`() throws {
        let run = try Pinhole.run(["explain", "PH203"])
        #expect(run.output.contains("(medium to high)"))
        #expect(run.output.contains("more than 10,000 ports"))
    }
}
