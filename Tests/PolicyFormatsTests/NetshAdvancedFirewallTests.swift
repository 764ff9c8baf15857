import Net
import Policy
import Testing

@testable import PolicyFormats

@Suite struct NetshAdvancedFirewallTests {
    private static func add(_ arguments: String, name: String = "FTP") -> String {
        "netsh advfirewall firewall add rule name=\"\(name)\" \(arguments)"
    }

    @Test(arguments: [
        ("dir=in action=allow protocol=TCP localport=21", "21", ""),
        ("dir=in action=allow protocol=tcp localport=21,5001-5201", "21,5001-5201", ""),
        ("action=allow localport=21 protocol=6 dir=IN", "21", ""),
        ("dir=in action=allow protocol=TCP", "1-65535", ""),
        ("dir=in action=allow", "1-65535", ""),
        ("dir=in action=allow protocol=TCP localport=any", "1-65535", ""),
        ("dir=in action=allow protocol=UDP localport=21", "", ""),
        ("dir=out action=allow protocol=TCP localport=21", "", ""),
        ("dir=in action=block protocol=TCP localport=21", "", ""),
        ("dir=in action=allow protocol=TCP localport=21 enable=no", "", ""),
        ("dir=in action=allow protocol=TCP localport=21 remoteip=198.51.100.0/24", "21", ""),
        ("dir=in action=allow protocol=TCP localport=21 remoteip=192.0.2.1-192.0.2.9", "", ""),
        (
            "dir=in action=allow protocol=TCP localport=21 remoteip=198.51.100.1-198.51.100.99",
            "21", ""
        ),
        ("dir=in action=allow protocol=TCP localport=21 remoteip=LocalSubnet", "", "21"),
        (
            "dir=in action=allow protocol=TCP localport=21 remoteip=198.51.100.0/24,LocalSubnet",
            "21", ""
        ),
        ("dir=in action=allow protocol=TCP localport=21 remoteip=192.0.2.0/24,DNS", "", "21"),
        (
            "dir=in action=allow protocol=TCP localport=21 program=a.exe remoteip=198.51.100.0/24,DNS",
            "", "21"
        ),
        ("dir=in action=block protocol=TCP localport=21 remoteip=198.51.100.0/24,DNS", "", ""),
        ("dir=in action=allow protocol=TCP localport=21 localip=203.0.113.5", "21", ""),
        ("dir=in action=allow protocol=TCP localport=21 localip=203.0.113.6", "", ""),
        ("dir=in action=allow protocol=TCP localport=21 profile=domain", "", "21"),
        ("dir=in action=allow protocol=TCP localport=21 profile=any", "21", ""),
        ("dir=in action=allow protocol=TCP localport=21 profile=domain,private,public", "21", ""),
        ("dir=in action=allow protocol=TCP localport=21 program=\"C:\\x y\\f.exe\"", "", "21"),
        ("dir=in action=allow service=ftpsvc protocol=TCP localport=21", "", "21"),
        ("dir=in action=allow protocol=TCP localport=21 program=any service=any", "21", ""),
        ("dir=in action=allow protocol=TCP localport=RPC", "", "1-65535"),
        ("dir=in action=allow protocol=TCP localport=RPC-EPMap", "135", ""),
        ("dir=in action=allow protocol=TCP localport=21,IPHTTPS", "", "1-65535"),
        ("dir=in action=allow protocol=TCP localport=21 remoteport=20", "", ""),
        ("dir=in action=allow protocol=TCP localport=21 interfacetype=lan", "", "21"),
        ("dir=in action=bypass protocol=TCP localport=21 security=authenticate", "", "21"),
        ("dir=in action=allow protocol=TCP localport=%1", "", "1-65535"),
        ("dir=in action=allow protocol=TCP localport=21 remoteip=%1", "", "21"),
        ("dir=in action=allow protocol=TCP localport=21 program=%windir%\\f.exe", "", "21"),
    ])
    func `a rule opens what it says`(_ arguments: String, _ open: String, _ unknown: String) {
        let it = WindowsVerdicts([Self.add(arguments)])
        #expect(it.permitted == open)
        #expect(it.unknown == unknown)
    }

    @Test(arguments: [
        "dir=in action=allow localport=21", "dir=in action=allow protocol=TCP localport=21-20",
        "dir=in action=allow protocol=TCP localport=99999", "action=allow protocol=TCP",
        "dir=in protocol=TCP localport=21", "dir=in action=perhaps", "dir=in action=allow what=1",
        "dir=in action=allow protocol=TCP remoteip=everyone",
    ])
    func `a rule that netsh refuses is invalid`(_ arguments: String) {
        let it = WindowsVerdicts([Self.add(arguments)])
        #expect(it.states == [.invalid])
        #expect(it.permitted == "")
    }

    @Test(arguments: [[0, 1], [1, 0]])
    func `a block beats a permission, whatever the order`(_ order: [Int]) {
        let rules = [
            Self.add("dir=in action=allow protocol=TCP localport=21,5001-5201"),
            Self.add("dir=in action=block protocol=TCP localport=5100-5150", name: "no"),
        ]
        let it = WindowsVerdicts(order.map { rules[$0] })
        #expect(it.permitted == "21,5001-5099,5151-5201")
        #expect(it.unknown == "")
    }

    @Test func `a block for a program makes unknown what is open, not what is shut`() {
        let it = WindowsVerdicts([
            Self.add("dir=in action=allow protocol=TCP localport=21"),
            Self.add("dir=in action=block program=C:\\x.exe", name: "no"),
        ])
        #expect(it.unknown == "21")
        #expect(it.ports(.denied) == "1-20,22-65535")
    }

    @Test func `rules are taken away by name, and by what else is said`() {
        let rules = [
            Self.add("dir=in action=allow protocol=TCP localport=21"),
            Self.add("dir=in action=allow protocol=TCP localport=22"),
            Self.add("dir=in action=allow protocol=TCP localport=80", name: "web"),
        ]
        let delete = "netsh advfirewall firewall delete rule name="
        #expect(WindowsVerdicts(rules + [delete + "ftp"]).permitted == "80")
        #expect(WindowsVerdicts(rules + [delete + "all"]).permitted == "")
        let one = delete + "FTP protocol=tcp localport=22"
        #expect(WindowsVerdicts(rules + [one]).permitted == "21,80")
        let perhaps = WindowsVerdicts(rules + ["if exist x \(delete)FTP"])
        #expect(perhaps.permitted == "80")
        #expect(perhaps.unknown == "21-22")
    }

    @Test(arguments: [
        ("private,public", "public", "", "21"), ("private", "private,domain", "", ""),
        ("any", "any", "", ""), ("any", "public", "", "21"),
        ("domain,private,public", "public", "", "21"),
    ])
    func `a rule is taken away in the profiles that are named`(
        _ own: String, _ taken: String, _ open: String, _ unknown: String
    ) {
        let it = WindowsVerdicts([
            Self.add("dir=in action=allow protocol=TCP localport=21 profile=\(own)"),
            "netsh advfirewall firewall delete rule name=FTP profile=\(taken)",
        ])
        #expect(it.permitted == open)
        #expect(it.unknown == unknown)
    }

    @Test func `a rule of other profiles isn't taken away`() {
        let it = WindowsVerdicts([
            Self.add("dir=in action=allow protocol=TCP localport=21 profile=domain,private"),
            "netsh advfirewall firewall delete rule name=FTP profile=public",
        ])
        #expect(it.unknown == "21")
    }

    @Test func `rules are changed in place`() {
        let it = WindowsVerdicts([
            Self.add("dir=in action=allow protocol=TCP localport=21"),
            "netsh advfirewall firewall set rule name=FTP new localport=2121",
        ])
        #expect(it.permitted == "2121")
        let group = WindowsVerdicts([
            "netsh advfirewall firewall set rule group=\"FTP Server\" new enable=yes"
        ])
        #expect(group.unknown == "1-65535")
        #expect(group.state(1) == .notModelled)
    }

    @Test(arguments: [
        ("allprofiles state off", "1-65535", ""), ("currentprofile state off", "1-65535", ""),
        ("publicprofile state off", "21", "1-20,22-65535"), ("allprofiles state on", "21", ""),
        ("allprofiles firewallpolicy blockinbound,allowoutbound", "21", ""),
        ("allprofiles firewallpolicy allowinbound,allowoutbound", "1-65535", ""),
        ("allprofiles firewallpolicy blockinboundalways,allowoutbound", "", ""),
        ("domainprofile firewallpolicy blockinboundalways,allowoutbound", "", "21"),
        ("allprofiles logging filename x", "21", ""), ("global statefulftp disable", "21", ""),
    ])
    func `the switches of profiles`(_ command: String, _ open: String, _ unknown: String) {
        let it = WindowsVerdicts([
            Self.add("dir=in action=allow protocol=TCP localport=21"),
            "netsh advfirewall set \(command)",
        ])
        #expect(it.permitted == open)
        #expect(it.unknown == unknown)
    }

    @Test func `what is switched off and on again is on`() {
        let it = WindowsVerdicts([
            "netsh advfirewall set allprofiles state off",
            "netsh advfirewall set allprofiles state on",
        ])
        #expect(it.permitted == "")
        #expect(it.unknown == "")
    }

    @Test func `switched off in every profile, one by one, is off`() {
        let lines = ["domain", "private", "public"].map {
            "netsh advfirewall set \($0)profile state off"
        }
        #expect(WindowsVerdicts(lines).permitted == "1-65535")
        #expect(WindowsVerdicts(Array(lines.dropLast())).unknown == "1-65535")
        let back = "netsh advfirewall set publicprofile state on"
        #expect(WindowsVerdicts(lines + [back]).unknown == "1-65535")
        #expect(WindowsVerdicts([lines[2], back]).ports(.denied) == "1-65535")
    }

    @Test func `rules of outgoing connections alone make a firewall that is shut`() throws {
        let text = ": out policy\n\(Self.add("dir=out remoteport=25 protocol=tcp action=allow"))\n"
        let read = try Formats.read(file: "out.txt", bytes: Array(text.utf8))
        #expect(read.kinds == [.firewall])
        #expect(read.notes.map(\.state) == [.irrelevant, .irrelevant])
        #expect(WindowsVerdicts(text).ports(.denied) == "1-65535")
    }

    @Test func `a lone loop opens a rule a port`() {
        let it = WindowsVerdicts([
            "for /l %%p in (5001,1,5003) do \(Self.add("dir=in action=allow protocol=TCP localport=%%p", name: "FTP %%p"))"
        ])
        #expect(it.permitted == "5001-5003")
    }

    @Test func `writes commands that it reads back alike`() {
        let text = Self.add("dir=in action=allow protocol=TCP localport=21,5001-5300")
        let read = WindowsVerdicts([text]).configuration
        let server = IPAddress(v4: 1)
        let more = NetshFirewallScript.fix(.permit(PortSet(6000...6010), to: server), read)
        let opened = [text] + (more?.commands ?? [])
        #expect(WindowsVerdicts(opened).permitted == "21,5001-5300,6000-6010")
        let less = NetshFirewallScript.fix(.forbid(PortSet(5202...5300), to: server), read)
        let shut = [text] + (less?.commands ?? [])
        #expect(WindowsVerdicts(shut).permitted == "21,5001-5201")
        let back = shut + (less?.undo ?? [])
        #expect(WindowsVerdicts(back).permitted == "21,5001-5300")
    }

    @Test func `says what blocks the ports that a rule is to open`() {
        let it = WindowsVerdicts([
            Self.add("dir=in action=block protocol=TCP localport=5050", name: "b"),
            Self.add(
                "dir=in action=block protocol=TCP localport=5060 program=c:\\x.exe", name: "c"),
            Self.add("dir=in action=block protocol=TCP localport=6000", name: "d"),
        ])
        let change = Change.permit(PortSet(5001...5201), to: IPAddress(v4: 0xcb00_7105))
        let commands = NetshFirewallScript.fix(change, it.configuration)?.commands ?? []
        #expect(
            commands.dropLast() == [
                "REM line 1 blocks 5050, and no rule opens that: change or delete it first",
                "REM line 2 may block 5060, and no rule opens that: change or delete it first",
            ])
        #expect(commands.last?.contains("action=allow protocol=TCP localport=5001-5201") == true)
    }

    @Test func `no broken text makes it stumble`() {
        let text = [
            Self.add("dir=in action=allow protocol=TCP localport=21,5001-5003 remoteip=10.0.0.0/8"),
            "netsh advfirewall firewall set rule name=FTP new enable=no",
            "netsh advfirewall set allprofiles firewallpolicy blockinbound,allowoutbound",
        ].joined(separator: "\n")
        WindowsVerdicts.batter(NetshFirewallScript.self, text)
    }
}
