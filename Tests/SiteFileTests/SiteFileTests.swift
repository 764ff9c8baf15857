import Net
import Policy
import SiteFile
import Testing

@Suite struct SiteFileTests {
    static func read(_ text: String) throws -> SiteFile {
        try SiteFile(
            file: "pinhole.yml", text: text,
            vocabulary: SiteFile.Vocabulary(
                rules: ["PH116"], standards: ["pci-dss-4.0.1", "cis-8.1"],
                limits: ["flows", "sessions"])
        ) {
            (path, _) throws(SiteFile.LoadFailure) in
            guard path.hasSuffix(".cfg") else { throw SiteFile.LoadFailure("no such file") }
            return Configuration(
                file: path, format: "made-up", kinds: [.firewall],
                device: Device(usualPlace: .through), notes: [])
        }
    }

    @Test func `reads every key`() throws {
        let read = try Self.read(
            """
            pinhole: 1
            servers:
              - name: files
                address: [203.0.113.10, "2001:db8::10"]
                inside: 10.1.1.10
                control: [21, 2121]
                passive: 5001-5201
                changed: 2026-11-01
                clients: [198.51.100.0/24]
                sessions: 50
            path:
              - name: edge
                config: edge.cfg
                outside: Gi0/0
                inside: Gi0/1
                on: files
            capture:
              seen-from: outside
              limits: {flows: 1000, sessions: 50}
            accept:
              - rule: ph116
                server: files
                reason: one legacy client
                owner: netops
                until: 2027-03-31
            report:
              title: Quarterly
              standards: [cis-8.1]
            """)
        #expect(read.problems == [])
        let server = try #require(read.site.servers.first)
        #expect(server.addresses.map(\.description) == ["203.0.113.10", "2001:db8::10"])
        #expect(server.inside.map(\.description) == ["10.1.1.10"])
        #expect(server.control == [21, 2121])
        #expect(server.statedPassive?.value.description == "5001-5201")
        #expect(server.statedPassive?.source.line == 7)
        #expect(server.sessions == 50)
        #expect(server.clients.description == "198.51.100.0/24")
        let hop = try #require(read.site.hops.first)
        #expect(hop.place == .through)
        #expect(hop.on == ["files"])
        #expect(read.site.tap == .outside)
        #expect(read.site.limits == ["flows": 1000, "sessions": 50])
        #expect(read.site.waivers.first?.rule == "PH116")
        #expect(read.site.waivers.first?.until == Timestamp("2027-03-31"))
        #expect(read.site.title == "Quarterly")
    }

    @Test(arguments: [
        ("pinhole: 1\nserver: []", "2:1: site: unknown key 'server'"),
        ("servers: []", "1:1: site: expected `pinhole: 1`"),
        (
            "pinhole: 1\naccept:\n  - rule: PH999\n    reason: r",
            "3:11: accept: rule: no rule is named 'PH999'"
        ),
        (
            "pinhole: 1\nreport:\n  standards: [pci]",
            "3:15: standards: 'pci' is not what was expected: pci-dss-4.0.1, cis-8.1"
        ),
        (
            "pinhole: 1\nservers:\n  - name: a\n    address: 1.2.3\n",
            "4:14: server 'a': address: '1.2.3' is not what was expected"
        ),
        (
            "pinhole: 1\nservers:\n  - name: a\n    address: 192.0.2.1\n    passive: 9-5",
            "5:14: server 'a': passive: '9-5' is not"
        ),
        (
            "pinhole: 1\nservers:\n  - name: a\n    address: 192.0.2.1\n    clients: 2001:db8::/32",
            "5:14: server 'a': clients: expected some of the family"
        ),
        (
            "pinhole: 1\nservers:\n  - name: a\n    address: 192.0.2.1\n    config: gone.xml",
            "5:13: server 'a': config: no such file"
        ),
        (
            "pinhole: 1\npath:\n  - name: e\n    config: e.cfg\n    on: b",
            "5:9: hop 'e': on: no server is named 'b'"
        ),
        (
            "pinhole: 1\naccept:\n  - rule: PH116\n    reason: r\n    until: someday",
            "5:12: accept: until: 'someday'"
        ),
    ])
    func `names line, column and what was expected`(_ text: String, _ start: String) throws {
        let problems = try Self.read(text).problems.map(\.description)
        #expect(problems.contains { $0.hasPrefix("pinhole.yml:" + start) }, "\(problems)")
    }

    @Test(arguments: ["", "- a", "a: [", "\u{0}", "a: 1\na: 2", "plain", "pinhole: 2"])
    func `throws where nothing could be taken`(_ text: String) {
        #expect(throws: SiteProblem.self) { try Self.read(text) }
    }

    @Test func `keeps a hop whose file can't be read as unknown`() throws {
        let read = try Self.read("pinhole: 1\npath:\n  - name: e\n    config: gone\n")
        #expect(read.site.hops.count == 1)
        #expect(read.site.hops.first?.configuration.device == nil)
        #expect(read.problems.count == 1)
    }

    @Test func `a waiver whose end can't be read does not hold`() throws {
        let read = try Self.read(
            "pinhole: 1\naccept:\n  - rule: PH116\n    reason: r\n    until: soon")
        #expect(read.site.waivers.isEmpty)
    }

    /// What it was to be limited to may stand behind the key.
    @Test(arguments: ["servr: files", "untill: 2020-01-01"])
    func `a waiver with a key that isn't known does not hold`(_ key: String) throws {
        let read = try Self.read("pinhole: 1\naccept:\n  - rule: PH116\n    reason: r\n    \(key)")
        #expect(read.site.waivers.isEmpty)
        #expect(read.problems.count == 1)
    }

    @Test func `says which interfaces are on the other side of the translation`() throws {
        let text = """
            pinhole: 1
            servers: [{name: files, address: 203.0.113.10}]
            path:
              - {name: edge, config: edge.cfg, outside: lan, inside: wan}
              - {name: core, config: edge.cfg, outside: wan, inside: loop}
            """
        let read = try SiteFile(
            file: "pinhole.yml", text: text,
            vocabulary: SiteFile.Vocabulary(rules: [], standards: [], limits: [])
        ) { (path, _) throws(SiteFile.LoadFailure) in
            var device = Device(usualPlace: .through)
            device.interfaces = [
                DeviceInterface(name: "wan", side: .outside),
                DeviceInterface(name: "lan", side: .inside), DeviceInterface(name: "loop"),
            ]
            return Configuration(
                file: path, format: "made-up", kinds: [.firewall], device: device, notes: [])
        }
        #expect(read.problems.map(\.line) == [4, 4])
        #expect(read.problems.first?.message.contains("lan is on the inside") == true)
    }

    @Test func `a hop whose file cannot be read stays on the path with the reason`() throws {
        let read = try Self.read(
            """
            pinhole: 1
            servers: [{name: files, address: 203.0.113.10}]
            path: [{name: edge, config: edge.txt}]
            """)
        #expect(read.problems.count == 1)
        #expect(read.site.hops.first?.configuration.problem == "no such file")
    }

    @Test(arguments: [("192.0.2.1", 21), ("192.0.2.2", 2121)] as [(String, UInt16)])
    func `of virtual servers the one at the inside address counts`(
        _ inside: String, _ control: UInt16
    ) throws {
        let line = SourceLine(file: "a.cfg", line: 1, text: "")
        func settings(_ port: UInt16) -> ServerSettings {
            ServerSettings(
                passive: nil, passiveFrom: .unknown, passiveSources: [],
                control: [Setting(port, line)], tls: Setting(.none, line),
                active: Setting(true, line),
                behaviour: ServerBehaviour(
                    product: "made-up", acceptedPorts: 1...65535, onePortAccepted: true))
        }
        let text =
            "pinhole: 1\nservers: [{name: a, address: 203.0.113.1, inside: \(inside), config: a.cfg}]"
        let read = try SiteFile(
            file: "pinhole.yml", text: text,
            vocabulary: SiteFile.Vocabulary(rules: [], standards: [], limits: [])
        ) { (path, _) throws(SiteFile.LoadFailure) in
            var it = Configuration(
                file: path, format: "made-up", kinds: [.server], server: settings(21), notes: [])
            it.virtualServers = [
                VirtualServer(
                    addresses: [IPAddress(v4: 0xc000_0202)], settings: settings(2121), source: line)
            ]
            return it
        }
        #expect(read.problems == [])
        #expect(read.site.servers.first?.control == [control])
    }
}
