import Foundation
import Testing

/// The sample captures against the sample site: what each has to raise, and the reports byte for byte.
@Suite struct SampleTests {
    struct Report: Decodable {
        struct Finding: Decodable {
            struct Evidence: Decodable {
                struct Packet: Decodable {
                    var capture: String
                    var frame: Int
                }
                struct Line: Decodable {
                    var file: String
                    var line: Int?
                }
                var packets: [Packet]
                var config: [Line]
            }
            struct Fix: Decodable { var commands: [String] }
            var rule: String
            var status: String
            var server: String
            var message: String
            var severity: String
            var evidence: Evidence
            var fix: [Fix]
        }
        var findings: [Finding]
    }

    static let report: Report? = {
        let folder = FileManager.default.temporaryDirectory.appending(
            path: "pinhole-samples-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        _ = try? Pinhole.run([
            "audit", "captures", "--site", "captures/pinhole.yml", "-o", folder.path, "--format",
            "json",
        ])
        return (try? Data(contentsOf: folder.appending(path: "pinhole-report.json"))).flatMap {
            try? JSONDecoder().decode(Report.self, from: $0)
        }
    }()

    static func failed(_ server: String) throws -> [Report.Finding] {
        try #require(report).findings.filter { $0.server == server && $0.status == "failed" }
    }

    @Test func `the reports are what the program renders`() throws {
        let folder = FileManager.default.temporaryDirectory.appending(
            path: "pinhole-reports-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        let script = Pinhole.root.appending(path: "scripts/render-reports")
        let run = try Pinhole.run([Pinhole.binary.path, folder.path], program: script)
        #expect(run.code == 0, "\(run.complaints)")
        let manager = FileManager.default
        let names = (manager.enumerator(atPath: folder.path)?.allObjects ?? [])
            .compactMap { $0 as? String }.filter { $0.contains("pinhole-report.") }.sorted()
        #expect(names.count == 11)
        for name in names {
            let made = try Data(contentsOf: folder.appending(path: name))
            let held = try Data(contentsOf: Pinhole.root.appending(path: "reports/\(name)"))
            #expect(made == held, "reports/\(name) differs; `make reports`, and read the diff")
        }
    }

    /// What each sample was made or recorded to show.
    static let wanted: [(server: String, rules: [String])] = [
        ("files", ["PH202", "PH301", "PH304", "PH305", "PH116"]),
        ("orders", ["PH202", "PH304", "PH305", "PH116"]),
        ("pricelists", ["PH202", "PH208", "PH304", "PH116"]),
        ("archive", ["PH204", "PH304", "PH116"]),
        ("imaging", ["PH127", "PH206", "PH123", "PH108"]),
        ("dropbox", ["PH113", "PH111", "PH116"]),
        ("mirror", ["PH106", "PH105", "PH107", "PH210", "PH116"]),
        ("203.0.113.99:21", ["PH309", "PH116"]),
        ("vsftpd-range-blocked", ["PH202", "PH304", "PH305"]),
        ("vsftpd-one-port", ["PH206", "PH116"]),
        ("proftpd-2121", ["PH127", "PH116"]),
        ("pureftpd-private-227", ["PH104", "PH107", "PH210"]),
        ("vsftpd-ftps-helper", ["PH122", "PH215"]),
        ("pyftpdlib-active", ["PH111", "PH116"]),
        ("proftpd-range-runs-out", ["PH301", "PH303"]),
        ("vsftpd-range-exhausted", ["PH123", "PH206"]),
        ("prohibited", ["PH202", "PH304", "PH305"]),
        ("vsftpd-bounce", ["PH113", "PH111"]),
    ]

    @Test(arguments: wanted)
    func `raises what it was made for`(_ sample: (server: String, rules: [String])) throws {
        let (server, rules) = sample
        let found = Set(try Self.failed(server).map(\.rule))
        #expect(Set(rules).isSubset(of: found), "missing \(Set(rules).subtracting(found))")
    }

    /// What would be wrong to say of each.
    static let unwanted: [(server: String, rules: [String])] = [
        ("files", ["PH101", "PH203", "PH208"]),
        ("orders", ["PH104", "PH208", "PH209", "PH210", "PH211"]),
        ("archive", ["PH202", "PH301"]),
        ("pureftpd-good", ["PH101", "PH102", "PH104", "PH106", "PH301", "PH304"]),
        ("vsftpd-ftps-good", ["PH116", "PH122", "PH101", "PH102"]),
    ]

    @Test(arguments: unwanted)
    func `claims nothing that does not hold`(
        _ sample: (server: String, rules: [String])
    ) throws {
        let (server, rules) = sample
        let found = Set(try Self.failed(server).map(\.rule))
        #expect(found.isDisjoint(with: rules), "\(found.intersection(rules))")
    }

    @Test func `raises at least fifteen rules in all`() throws {
        let rules = Set(
            try #require(Self.report).findings.filter { $0.status == "failed" }.map(\.rule))
        #expect(rules.count >= 15, "\(rules.sorted())")
    }

    @Test func `the first article names the line and the netsh commands`() throws {
        let blocked = try #require(try Self.failed("files").first { $0.rule == "PH304" })
        #expect(blocked.message.contains("5101, 5150, 5201"))
        #expect(blocked.evidence.config.contains { $0.file == "first-article/portopening.txt" })
        #expect(blocked.evidence.packets.map(\.frame).contains(75))
        let commands = blocked.fix.flatMap(\.commands).joined(separator: "\n")
        #expect(
            commands.contains("FOR /L %I IN (5101,1,5201) DO netsh firewall add portopening TCP %I")
        )
        let outside = try #require(try Self.failed("files").first { $0.rule == "PH301" })
        #expect(outside.message.contains("1063"))
    }

    @Test func `the second article names the line and the IOS commands`() throws {
        let blocked = try #require(try Self.failed("orders").first { $0.rule == "PH304" })
        #expect(
            blocked.evidence.config.contains {
                $0.file == "second-article/edge.cfg" && $0.line == 54
            })
        #expect(
            blocked.fix.flatMap(\.commands)
                .contains { $0.contains("permit tcp any host 203.0.113.11 range 5521 5525") })
        let trap = try #require(try Self.failed("pricelists").first { $0.rule == "PH208" })
        #expect(
            trap.fix.flatMap(\.commands)
                .contains { $0.hasPrefix("ip nat inside source static tcp 10.1.1.12 21") })
        #expect(trap.message.contains("also the filter"))
    }

    @Test func `under a fault stand the commands for that fault alone`() throws {
        let run = try Pinhole.run([
            "audit", "captures/vsftpd-range-blocked", "--site", "captures/pinhole.yml",
        ])
        let answer = run.output.prefix(
            upTo: run.output.firstRange(of: "Findings")?.lowerBound ?? run.output.endIndex)
        #expect(answer.contains("PH304, PH202, PH305"), "\(answer)")
        #expect(answer.contains("iptables -I INPUT"))
        #expect(!answer.contains("ssl_enable"))
    }

    @Test func `a server whose control port is shut to clients stands before those nobody tried`()
        throws
    {
        let run = try Pinhole.run([
            "audit", "captures/second-article-trap", "--site", "captures/pinhole.yml",
        ])
        #expect(run.output.hasPrefix("pricelists: "), "\(run.output.prefix(200))")
    }

    @Test func `commands carry their rules, and those for TLS come after a word of caution`()
        throws
    {
        let page = try String(
            contentsOf: Pinhole.root.appending(path: "reports/samples/pinhole-report.md"),
            encoding: .utf8)
        let section = try #require(
            page.components(separatedBy: "\n## ").first {
                $0.hasPrefix("Server vsftpd-range-blocked\n")
            })
        let order = [
            "**PH304, PH202, PH305: Announced port blocked", "iptables -I INPUT",
            "**PH116, PH220: Cleartext login**", "First: a certificate.", "shut out.",
            "ssl_enable=YES",
        ]
        let places = order.map { section.firstRange(of: $0)?.lowerBound }
        #expect(places.allSatisfy { $0 != nil }, "\(section)")
        let found = places.compactMap(\.self)
        #expect(found == found.sorted(), "\(section)")
    }

    @Test func `each bar of the port ruler has its label in its own row`() throws {
        let page = try String(
            contentsOf: Pinhole.root.appending(path: "reports/first-article/pinhole-report.html"),
            encoding: .utf8)
        for label in ["configured", "permitted", "established", "unanswered"] {
            #expect(
                page.contains("<div class=\"row\"><div class=\"lane\">\(label) <small>"), "\(label)"
            )
        }
    }

    @Test func `severities are those that the rules are said to have`() throws {
        let lines = try Pinhole.run(["rules"]).output.split(separator: "\n")
        let order = ["info", "low", "medium", "high", "critical"]
        for finding in try #require(Self.report).findings {
            let line = try #require(lines.first { $0.hasPrefix(finding.rule) })
            let words = line.split(separator: " ").dropFirst().map(String.init)
            let lowest = try #require(order.firstIndex(of: words[0]))
            let highest = words[1] == "to" ? order.firstIndex(of: words[2]) : lowest
            let own = try #require(order.firstIndex(of: finding.severity))
            #expect(
                own >= lowest && own <= highest ?? lowest, "\(finding.rule) \(finding.severity)")
        }
    }

    @Test func `no password is in any report`() throws {
        let manager = FileManager.default
        let reports = Pinhole.root.appending(path: "reports")
        for name in (manager.enumerator(atPath: reports.path)?.allObjects ?? []).compactMap({
            $0 as? String
        })
        where name.contains("pinhole-report.") {
            let text = try String(contentsOf: reports.appending(path: name), encoding: .utf8)
            #expect(!text.contains("hunter-sample"), "reports/\(name)")
        }
    }
}
