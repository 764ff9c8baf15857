import Net
import Policy
import PolicyFormats
import Testing

/// Configurations as people paste them: from terminals, by hand, in part.
@Suite struct CiscoIOSPastedTests {
    private static let edge = """
        hostname edge
        object-group network SERVERS
         host 10.1.1.10
        interface GigabitEthernet0/0
         ip address 203.0.113.2 255.255.255.0
         ip access-group IN in
        interface GigabitEthernet0/1
         ip address 10.1.1.1 255.255.255.0
        ip access-list extended IN
         10 permit tcp any object-group SERVERS eq ftp
         20 permit tcp any host 10.1.1.11 range 5001 5201
        """
    private let server = IPAddress(v4: 0x0a01_010a)
    private let other = IPAddress(v4: 0x0a01_010b)

    private func reach(_ text: String, _ to: IPAddress, _ port: UInt16) -> Reach.Verdict? {
        let text = ConfigText(file: "edge.cfg", text)
        #expect(CiscoIOS.recognise(text) == .certain)
        let hop = Hop(
            name: "", configuration: CiscoIOS.read(text), place: .through,
            source: SourceLine(file: "", line: nil, text: ""))
        return PathEvaluator([hop]).reach(
            ReachQuestion(from: .allV4, to: to, ports: PortSet(port...port))
        ).segments.first?.verdict
    }

    private func expectSame(_ text: String) {
        #expect(reach(text, server, 21) == .permitted)
        #expect(reach(text, server, 22) == .denied)
        #expect(reach(text, other, 5100) == .permitted)
        #expect(reach(text, other, 21) == .denied)
    }

    private func lines(_ change: (String) -> String) -> String {
        Self.edge.split(separator: "\n").map { change(String($0)) }.joined(separator: "\n")
    }

    @Test func `reads what stands there in full`() { expectSame(Self.edge) }

    @Test func `takes off a margin`() { expectSame(lines { "    \($0)" }) }

    @Test func `reads the members of groups without indentation`() {
        expectSame(lines { String($0.drop { $0 == " " }) })
    }

    @Test func `reads what was typed in a session`() {
        var mode = ""
        let text = lines { line in
            if line.first != " " { mode = "" }
            defer { if line.hasPrefix("int") || line.hasPrefix("ip acc") { mode = "-if" } }
            return "edge(config\(mode))#\(line)"
        }
        expectSame("edge#conf t\n\(text)\nedge(config-if)#end\nedge#")
    }

    @Test(arguments: [
        " --More-- \n", " --More-- \u{8}\u{8}\u{8}        \u{8}\u{8}\u{8}", " --More--         ",
        "<--- More --->\r              \r",
    ])
    func `takes off what the pager printed`(_ mark: String) { expectSame(lines { mark + $0 }) }

    @Test func `reads keywords cut short`() {
        let words = [
            ("interface ", "int "), ("ip access-group", "ip access-g"),
            ("ip access-list extended", "ip acc ext"), ("permit", "perm"), ("host", "ho"),
            ("range", "ran"), ("ip address", "ip add"), ("any object-group", "any object-g"),
        ]
        expectSame(words.reduce(Self.edge) { $0.replacing($1.0, with: $1.1) })
    }

    @Test(arguments: [
        "ip access-list extended IN", " 10 permit", " host 10.1.1.10", " ip access-group",
    ])
    func `what stands below a line that isn't understood passes for nothing`(_ line: String) {
        let text = Self.edge.replacing("\n\(line)", with: "\n-range WORK\n\(line)")
        let broken = line.hasPrefix("ip") ? text.replacing("\nip access-list", with: "\nfoo") : text
        #expect(reach(broken, server, 22) == .unknown)
    }

    @Test func `a filter cut short or typed below a lost head passes for nothing`() {
        for typed in [" ip access-g IN in", "edge(config-if)#ip access-group IN in"] {
            let text = Self.edge.replacing(" ip access-group IN in", with: "-range WORK\n\(typed)")
            #expect(reach(text, server, 22) == .unknown)
            #expect(reach("\(typed)\n\(Self.edge)", server, 21) == .unknown)
        }
    }

    @Test func `a listing of another system is no configuration`() {
        for head in ["IP access list", "IP Access List"] {
            let text = "\(head) WEB\n        10 permit tcp any any eq www\n\(head) FTP\n"
            #expect(CiscoIOS.recognise(ConfigText(file: "", text)) == .no)
        }
    }

    @Test func `takes an entry and a member back however they are written`() {
        let open = Self.edge + "\n 5 permit tcp any any eq www log\n"
        #expect(reach(open, server, 80) == .permitted)
        #expect(reach(open + " NO permit TCP any any EQ 80", server, 80) == .denied)
        let more = Self.edge.replacing("host 10.1.1.10", with: "host 10.1.1.10\n host 10.1.1.11")
        #expect(reach(more, other, 21) == .permitted)
        let less = "\nobject-group network SERVERS\n no host 10.1.1.11"
        #expect(reach(more + less, other, 21) == .denied)
        #expect(reach(more + "\nno object-group network SERVERS", other, 21) == .unknown)
    }

    @Test func `reads the lists of a listing beside the interfaces that use them`() {
        let lists = """
            Extended IP access list IN
                10 permit tcp any object-group SERVERS eq ftp (3 matches)
                20 permit tcp any host 10.1.1.11 range 5001 5201
            Standard IP access list 7
                10 permit 10.1.0.0, wildcard bits 0.0.255.255
            """
        let head = Self.edge.split(separator: "\nip access-list")[0]
        expectSame("\(head)\nedge#show access-lists\n\(lists)\nedge#")
        expectSame("\(Self.edge)\nedge#show access-lists\n\(lists)\nedge#")
        #expect(CiscoIOSShow.recognise(ConfigText(file: "", lists)) == .certain)
    }

    @Test func `a list that is missing from what was cut short passes nothing`() {
        let cut = Self.edge.split(separator: "\nip access-list")[0]
        #expect(reach("\(cut)\nend", server, 22) == .permitted)
        let head = "Current configuration : 3821 bytes\n"
        #expect(reach("\(head)\(cut)", server, 22) == .unknown)
        #expect(reach("\(head)\(cut)\nend", server, 22) == .permitted)
    }

    @Test func `taking one entry of a numbered list may take the whole list`() {
        let text =
            Self.edge.replacing("access-group IN", with: "access-group 101")
            + "\naccess-list 101 permit tcp any any eq ftp\naccess-list 101 deny ip any any"
        #expect(reach(text, server, 22) == .denied)
        #expect(reach(text + "\nno access-list 101 deny ip any any", server, 22) == .unknown)
    }

    @Test func `a list of whose address is translated filters nothing`() {
        let text = """
            ip nat inside source list 7 interface GigabitEthernet0/0 overload
            access-list 7 permit 10.0.0.0 0.0.255.255
            """
        #expect(reach(text, server, 21) == .unknown)
    }
}
