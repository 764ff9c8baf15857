import Dice
import Net
import Policy
import PolicyFormats
import Testing

@Suite struct CiscoIOSTests {
    static let edge = """
        version 12.4
        hostname edge
        !
        interface FastEthernet0/0
         ip address 203.0.113.2 255.255.255.0
         ip access-group 100 in
         ip nat outside
        !
        interface FastEthernet0/1
         ip address 10.1.1.1 255.255.255.0
         ip nat inside
        !
        ip nat pool ftp 10.1.1.10 10.1.1.10 netmask 255.255.255.0 type rotary
        ip nat inside source list 1 interface FastEthernet0/0 overload
        ip nat inside source static tcp 10.1.1.10 21 203.0.113.10 21 extendable
        ip nat inside destination list 101 pool ftp
        !
        access-list 1 permit 10.1.1.0 0.0.0.255
        access-list 100 remark from outside
        access-list 100 permit tcp any any established
        access-list 100 permit tcp any host 203.0.113.10 eq ftp
        access-list 100 deny ip any any log
        access-list 101 permit tcp any host 203.0.113.10 range 5500 5520
        end
        """
    private let server = IPAddress(v4: 0xcb00_710a)
    private let inside = IPAddress(v4: 0x0a01_010a)

    private func read(_ text: String) -> Configuration {
        CiscoIOS.read(ConfigText(file: "edge.cfg", text))
    }

    private func rules(_ entries: String...) -> [FilterRule] {
        let text = "ip access-list extended X\n" + entries.map { " \($0)\n" }.joined()
        return read(text).device?.chains["X"]?.rules ?? []
    }

    private func listState(_ text: String) -> (ending: Action?, rules: Int) {
        let device = read("interface Gi0/0\n ip access-group 10 in\n" + text).device
        return (device?.stages.first?.ending.value, device?.chains["10"]?.rules.count ?? 0)
    }

    @Test(arguments: [
        ("static 198.51.100.7 10.9.9.7", "198.51.100.7"),
        ("static tcp 198.51.100.7 1024 10.9.9.7 1024", "198.51.100.7"),
        ("static network 198.51.100.0 10.9.9.0 /24", "198.51.100.0/24"),
        ("list 7 pool others add-route", "198.51.100.16/28"),
    ])
    func `can't tell what becomes of a client whose address is translated`(
        _ line: String, _ translated: String
    ) throws {
        let text =
            Self.edge.replacing("\nend", with: "\naccess-list 7 permit 198.51.100.16 0.0.0.15")
            + "\nip nat outside source \(line)\n"
        let read = read(text)
        let hop = Hop(
            name: "", configuration: read, place: .through,
            source: SourceLine(file: "", line: nil, text: ""))
        let reach = PathEvaluator([hop]).reach(
            ReachQuestion(from: .allV4, to: server, ports: PortSet(21...21)))
        let unknown = reach.segments.filter { $0.verdict == .unknown }
        let clients = try #require(Prefix(translated).map { AddressSet($0) } ?? nil)
        #expect(unknown.map(\.from) == [clients])
        #expect(reach.segments.count == 2)
        #expect(read.notes.contains { $0.state == .notModelled && !$0.why.isEmpty })
    }

    @Test func `filters before it translates`() throws {
        let device = try #require(read(Self.edge).device)
        #expect(device.stages.map(\.work) == [.filter, .translate])
        #expect(device.stages.allSatisfy { $0.interface == "FastEthernet0/0" })
        #expect(device.usualEntering == "FastEthernet0/0")
        #expect(device.usualLeaving == "FastEthernet0/1")
        #expect(device.stages[0].ending.source.text == "implicit deny")
        #expect(device.interface(meant: "fa0/0") == "FastEthernet0/0")
        #expect(device.interface(towards: inside) == "FastEthernet0/1")
    }

    @Test func `translates by the static line first, then by the rotary pool`() throws {
        let device = try #require(read(Self.edge).device)
        let rules = try #require(device.chains[device.stages[1].chain]?.rules)
        #expect(rules.count == 2)
        #expect(rules[0].match.destinationPorts == PortSet(21...21))
        #expect(rules[1].match.destinationPorts == PortSet(5500...5520))
        #expect(rules[1].action == .translate(Translation(address: .addresses([inside]))))
        #expect(rules[1].source.line == 23)
        #expect(rules[1].support.map(\.line) == [13, 16])
        #expect(device.inspections.map(\.rewritesAddress) == [true])
    }

    @Test func `reads the same without indentation`() {
        let flat = Self.edge.split(separator: "\n").map { $0.drop { $0 == " " } }
            .joined(separator: "\n")
        #expect(
            read(flat).device?.stages.map(\.chain) == read(Self.edge).device?.stages.map(\.chain))
    }

    @Test func `every line has a note, and all of the sample are understood`() {
        let notes = read(Self.edge).notes
        #expect(notes.map(\.line) == Array(1...24))
        #expect(notes.allSatisfy { $0.state == .used || $0.state == .irrelevant })
    }

    @Test(arguments: [
        ("eq ftp 2121", "21,2121"), ("range 5001 5201", "5001-5201"), ("gt 1023", "1024-65535"),
        ("lt 3", "0-2"), ("neq telnet", "0-22,24-65535"),
    ])
    func `reads operators on ports`(operation: String, ports: String) {
        #expect(
            rules("permit tcp any any \(operation)")[0].match.destinationPorts == PortSet(ports))
    }

    @Test(arguments: [
        "permit tcp any any established", "permit udp any any eq 21", "permit tcp any any ack",
        "permit tcp any any match-all +ack -fin", "permit tcp any any fragments",
        "permit icmp any any echo",
    ])
    func `knows what never matches a new connection`(entry: String) {
        #expect(rules(entry).first?.match.never != nil)
    }

    @Test func `tells a source port from a destination port, and a scattered wildcard`() {
        let match = rules("permit tcp 10.0.10.0 0.255.0.255 eq 80 any")[0].match
        #expect(match.sourcePorts == PortSet(80...80))
        #expect(match.destinationPorts == nil)
        #expect(match.sources?.contains(IPAddress(v4: 0x0a63_0a07)) == true)
        #expect(match.sources?.contains(IPAddress(v4: 0x0a63_0b07)) == false)
    }

    @Test func `lines of many scattered bits are kept as they are written`() throws {
        let match = rules("permit tcp 10.0.0.0 0.85.85.85 170.0.0.1 85.85.85.84 eq 21")[0].match
        #expect(match.sources?.ranges.count == 1)
        #expect(match.destinations?.ranges.count == 1)
        let text = """
            version 15.2
            interface GigabitEthernet0/0
             ip address 203.0.113.1 255.255.255.0
             ip access-group OUT in
            ip access-list extended OUT
             permit tcp 10.0.0.0 0.85.85.85 170.0.0.1 85.85.85.84 eq 21
             permit tcp 0.0.0.0 213.213.213.213 host 170.0.0.2 eq 22
            """
        let ask = FirewallVerdicts(CiscoIOS.self, text)
        #expect(try ask.ports(.permitted, "255.85.0.5", from: "10.1.0.4") == "21")
        #expect(try ask.ports(.permitted, "255.85.0.5", from: "10.2.0.4") == "")
        #expect(try ask.ports(.permitted, "255.85.0.4", from: "10.1.0.4") == "")
        #expect(try ask.ports(.permitted, "170.0.0.2", from: "129.0.0.0/32") == "22")
        #expect(try ask.ports(.denied, "170.0.0.2", from: "2.0.0.0/16") == "1-65535")
        // More ranges than are told apart.
        #expect(try ask.ports(.unknown, "170.0.0.2", from: "0.0.0.0/0") == "22")
    }

    @Test(arguments: ["common FIRST OUT in", "common FIRST in", "OUT in common"])
    func `two lists at one interface are unknown`(_ words: String) throws {
        let text = """
            version 15.2
            interface GigabitEthernet0/0
             ip address 203.0.113.1 255.255.255.0
             ip access-group \(words)
            ip access-list extended FIRST
             permit tcp any any eq 22
            ip access-list extended OUT
             permit tcp any any eq 21
            """
        var ask = FirewallVerdicts(CiscoIOS.self, text)
        ask.leaving = "GigabitEthernet0/0"
        #expect(try ask.ports(.permitted, "10.1.1.10") == "")
        #expect(try ask.ports(.unknown, "10.1.1.10") == "1-65535")
    }

    @Test func `sorts by sequence number and takes back`() {
        let lines = rules(
            "20 deny ip any any", "10 permit tcp any any eq 21", "30 permit ip any any", "no 30")
        #expect(lines.map(\.action) == [.permit, .deny(answered: true)])
    }

    @Test func `a time range whose state isn't shown is unknown`() {
        #expect(rules("permit ip any any time-range work")[0].match.notModelled.count == 1)
    }

    @Test func `what isn't understood is unknown, what no router takes is not in force`() {
        guard case .unknown = rules("permit tcp any 10.0.0.0/8 eq 21")[0].action else {
            Issue.record("taken for understood")
            return
        }
        #expect(rules("permit tcp any any eq 70000").isEmpty)
    }

    @Test func `groups stand for their members`() {
        let text = """
            object-group network HOSTS
             host 203.0.113.10
             203.0.113.64 255.255.255.192
            object-group service FTP
             tcp eq ftp
             tcp range 5001 5201
            ip access-list extended X
             permit object-group FTP any object-group HOSTS
            """
        let rules = read(text).device?.chains["X"]?.rules ?? []
        #expect(rules.compactMap { $0.match.destinationPorts?.description } == ["21", "5001-5201"])
        #expect(
            rules.first?.match.destinations?.description == "203.0.113.10/32,203.0.113.64/26"
                || rules.first?.match.destinations?.contains(IPAddress(v4: 0xcb00_7150)) == true)
    }

    @Test func `a list that is missing or empty passes everything`() {
        #expect(listState("").ending == .permit)
        #expect(listState("access-list 10 remark nothing").ending == .permit)
        #expect(listState("access-list 10 permit any").ending == .deny(answered: true))
    }

    @Test func `the last access group counts`() {
        let text = "interface Gi0/0\n ip access-group 100 in\n ip access-group 101 in\n"
        #expect(read(text).device?.stages.map(\.chain) == ["101"])
    }

    @Test func `nothing is translated without an inside and an outside`() {
        let text = Self.edge.replacing(" ip nat inside\n", with: "")
        let configuration = read(text)
        #expect(configuration.device?.stages.map(\.work) == [.filter])
        #expect(
            configuration.notes.contains { $0.state == .irrelevant && $0.text.contains("static") })
    }

    @Test func `a static line for an interface means its address`() throws {
        let text = Self.edge.replacing("203.0.113.10 21 ext", with: "interface fa0/0 2121 ext")
        let device = try #require(read(text).device)
        let rule = try #require(device.chains[device.stages[1].chain]?.rules.first)
        #expect(rule.match.destinations == AddressSet(IPAddress(v4: 0xcb00_7102)))
        #expect(rule.match.destinationPorts == PortSet(2121...2121))
        #expect(
            rule.action == .translate(Translation(address: .addresses([inside]), ports: 21...21)))
    }

    @Test func `inspection counts only towards the server`() {
        let base = "ip inspect name F ftp\ninterface Gi0/0\n ip nat outside\n ip inspect F "
        #expect(read(base + "in\n").device?.inspections.map(\.opensFilter) == [true])
        #expect(read(base + "out\n").device?.inspections.isEmpty == true)
    }

    @Test func `shows no secret`() {
        let notes = read("hostname a\nenable secret 5 $1$abc\nusername u password 7 0822455D\n")
            .notes
        #expect(notes.allSatisfy { !$0.text.contains("$1$") && !$0.text.contains("0822") })
    }

    @Test func `opens ports above the line that denies them`() {
        let fix = CiscoIOS.fix(.permit(PortSet(5500...5520), to: server), read(Self.edge))
        #expect(
            fix?.commands.suffix(3) == [
                "ip access-list extended 100",
                " 25 permit tcp any host 203.0.113.10 range 5500 5520", "end",
            ])
        #expect(
            fix?.undo == [
                "configure terminal", "ip access-list extended 100",
                " no permit tcp any host 203.0.113.10 range 5500 5520", "end",
            ])
    }

    @Test func `makes room where no number is free`() {
        let text = """
            interface Gi0/0
             ip access-group IN in
             ip nat outside
            ip access-list extended IN
             1 permit tcp any host 203.0.113.10 eq ftp
             2 deny ip any any
            """
        let fix = CiscoIOS.fix(.permit(PortSet(5500...5520), to: server), read(text))
        #expect(
            fix?.commands.dropFirst(2) == [
                "ip access-list resequence IN 20 20", "ip access-list extended IN",
                " 10 permit tcp any host 203.0.113.10 range 5500 5520", "end",
            ])
    }

    @Test func `extends the list that feeds the pool, and gives the control port its own line`() {
        let change = Change.translate(
            PortSet("21,5521-5525") ?? PortSet(), outside: server, inside: inside)
        let line = "ip nat inside source static tcp 10.1.1.10 21 203.0.113.10 21 extendable\n"
        let fix = CiscoIOS.fix(change, read(Self.edge.replacing(line, with: "")))
        #expect(
            fix?.commands.contains(
                "access-list 101 permit tcp any host 203.0.113.10 range 5521 5525") == true)
        #expect(
            fix?.commands.contains(
                "ip nat inside source static tcp 10.1.1.10 21 203.0.113.10 21 extendable") == true)
    }

    @Test func `takes away the line that opens the port`() {
        let fix = CiscoIOS.fix(.forbid(PortSet(21...21), to: server), read(Self.edge))
        #expect(
            fix?.commands.contains(" no permit tcp any host 203.0.113.10 eq ftp") == true)
        #expect(fix?.undo.contains(" 20 permit tcp any host 203.0.113.10 eq ftp") == true)
    }

    @Test(arguments: [
        "ASA Version 9.9\nhostname a\ninterface Gi0/0\n nameif outside\n ip access-group X in\n",
        "access-list 100 permit tcp any host 1.2.3.4 eq 21\naccess-group 100 in interface outside\n",
        "set firewall filter F term T then accept\n",
        "Extended IP access list 101\n 10 permit ip any any\n",
        "listen=YES\npasv_min_port=5001\n", "",
    ])
    func `leaves other products' files alone`(text: String) {
        #expect(CiscoIOS.recognise(ConfigText(file: "f", text)) == .no)
    }

    @Test func `no broken text makes it stumble, nor does one cut short`() {
        let seed = UInt64.random(in: 0 ... .max)
        print("seed \(seed)")
        var dice = Dice(seed: seed)
        let bytes = Array(Self.edge.utf8)
        let cuts = bytes.indices.map { Array(bytes[..<$0]) }
        let broken = (0..<1500).map { _ in dice.broken(Self.edge) }
        for bytes in cuts + broken {
            let text = ConfigText(file: "f", bytes: bytes)
            let configuration = CiscoIOS.read(text)
            #expect(configuration.notes.count == text.lines.count, "seed \(seed)")
            for change in [
                Change.permit(PortSet(1...65535), to: server),
                .forbid(PortSet(21...5510), to: server),
                .translate(PortSet(20...70), outside: server, inside: inside),
            ] { _ = CiscoIOS.fix(change, configuration) }
        }
    }
}
