import Net
import Policy
import Testing

@testable import PolicyFormats

/// Settings of devices beside their lists: read, and changed.
@Suite struct DeviceSettingTests {
    static func read(_ lines: [String]) throws -> Configuration {
        try Formats.read(
            file: "device.cfg", bytes: Array((lines.joined(separator: "\n") + "\n").utf8), as: nil)
    }

    static let asa = [
        "ASA Version 9.1(7)", "interface GigabitEthernet0/0", " nameif outside",
        " security-level 0", " ip address 203.0.113.2 255.255.255.0",
        "access-list in extended permit tcp any any eq ftp", "access-group in in interface outside",
        "class-map inspection_default", " match default-inspection-traffic",
        "policy-map global_policy", " class inspection_default", "  inspect ftp",
        "service-policy global_policy global",
    ]
    static let ios = [
        "version 12.4", "interface FastEthernet0/0", " ip address 198.51.100.2 255.255.255.0",
        " ip nat outside", "interface FastEthernet0/1", " ip address 10.1.1.1 255.255.255.0",
        " ip nat inside", "ip nat inside source static 10.1.1.10 203.0.113.10",
        "access-list 10 permit 192.0.2.1",
    ]
    static let inspecting = [
        "version 12.4", "ip inspect name fw ftp", "ip inspect name fw tcp",
        "interface FastEthernet0/0", " ip address 198.51.100.2 255.255.255.0",
        " ip access-group 100 in", " ip inspect fw in",
        "access-list 100 permit tcp any host 203.0.113.10 eq 21",
    ]

    /// A configuration's idle timeout in seconds; nil where none is known.
    static let timeouts: [(lines: [String], seconds: Int?, line: Int?)] = [
        (asa, nil, nil),
        (asa + ["timeout conn 1:00:00 half-closed 0:10:00 udp 0:02:00"], 3600, 14),
        (asa + ["timeout conn 0"], 0, 14), (asa + ["timeout conn soon"], nil, nil),
        (asa + ["timeout conn 99999:00:00"], nil, nil), (asa + ["timeout xlate 3:00:00"], nil, nil),
        (
            asa + [
                "timeout conn 0:30:00", "policy-map other", " class c",
                "  set connection timeout idle 2:00:00",
            ], nil, nil
        ),
        (ios, 86400, nil), (ios + ["ip nat translation tcp-timeout 300"], 300, 10),
        (ios + ["ip nat translation tcp-timeout never"], 0, 10),
        (ios + ["ip nat translation udp-timeout 300"], 86400, nil),
        (inspecting, 3600, nil), (inspecting + ["ip inspect tcp idle-time 600"], 600, 9),
    ]

    @Test(arguments: timeouts)
    func `knows after how long a connection is forgotten`(
        _ row: (lines: [String], seconds: Int?, line: Int?)
    ) throws {
        let device = try Self.read(row.lines).device
        #expect(device?.idleTimeout?.value == row.seconds)
        #expect(device?.idleTimeout?.source.line == row.line)
    }

    static let rule =
        "netsh advfirewall firewall add rule name=\"FTP\" dir=in action=allow protocol=TCP localport=21"

    /// Whether StatefulFTP is on: `on`, `off`, `?`, or `none` for a firewall without.
    static let stateful: [(lines: [String], value: String)] = [
        ([rule], "?"), ([rule, "netsh advfirewall set global statefulftp enable"], "on"),
        ([rule, "netsh advfirewall set global StatefulFTP Disable"], "off"),
        ([rule, "netsh advfirewall set global statefulftp notconfigured"], "?"),
        (
            [rule, "netsh advfirewall set global statefulftp enable", "netsh advfirewall reset"],
            "?"
        ),
        ([rule, "netsh advfirewall set global statefulpptp enable"], "?"),
        (["netsh firewall add portopening TCP 21 \"FTP\""], "none"),
    ]

    @Test(arguments: stateful)
    func `knows whether the firewall follows FTP`(_ row: (lines: [String], value: String)) throws {
        let setting = try #require(try Self.read(row.lines).device).followsFTP
        let value = setting.map { $0.value.map { $0 ? "on" : "off" } ?? "?" } ?? "none"
        #expect(value == row.value)
    }

    static let server = IPAddress(v4: 0x0a01_010a)

    static let fixes: [(lines: [String], setting: DeviceSetting, commands: [String])] = [
        (
            asa, .readControl(PortSet(2121...2121), server: server),
            [
                "configure terminal", "class-map pinhole-ftp-2121", " match port tcp eq 2121",
                "policy-map global_policy", " class pinhole-ftp-2121", "  inspect ftp", "end",
            ]
        ),
        (
            asa + ["timeout conn 0:05:00"], .keepIdle(7200),
            ["configure terminal", "timeout conn 2:00:00", "end"]
        ),
        (
            ios, .readControl(PortSet(2121...2121), server: server),
            [
                "configure terminal", "access-list 11 permit 10.1.1.10",
                "ip nat service list 11 ftp tcp port 21",
                "ip nat service list 11 ftp tcp port 2121", "end",
            ]
        ),
        (
            inspecting, .readControl(PortSet(2121...2121), server: server),
            ["configure terminal", "ip port-map ftp port 2121", "end"]
        ),
        (
            ios + ["ip nat translation tcp-timeout 300"], .keepIdle(3600),
            ["configure terminal", "ip nat translation tcp-timeout 3600", "end"]
        ),
        (
            [
                "*filter", ":INPUT DROP [0:0]",
                "-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT", "COMMIT",
            ], .readControl(PortSet(21...21), server: server),
            [
                "modprobe nf_conntrack_ftp",
                "iptables -t raw -I PREROUTING -p tcp --dport 21 -j CT --helper ftp",
            ]
        ),
        (
            [rule, "netsh advfirewall set global statefulftp enable"], .ignoreControl,
            ["netsh advfirewall set global statefulftp disable"]
        ),
    ]

    @Test(arguments: fixes)
    func `changes a setting`(
        _ row: (lines: [String], setting: DeviceSetting, commands: [String])
    ) throws {
        let fix = Formats.fixer(try Self.read(row.lines))(.set(row.setting))
        #expect(fix?.commands == row.commands)
        #expect(fix?.undo.isEmpty == false)
    }

    /// What IOS's own readers make of the commands for it.
    @Test func `an IOS that was told of a control port reads it, and 21 still`() throws {
        let configuration = try Self.read(Self.ios)
        let setting = DeviceSetting.readControl(PortSet(2121...2121), server: Self.server)
        let fix = try #require(Formats.fixer(configuration)(.set(setting)))
        let commands = fix.commands.filter { $0 != "configure terminal" && $0 != "end" }
        let after = try #require(try Self.read(Self.ios + commands).device)
        let own = after.inspections.filter { $0.servers?.contains(Self.server) ?? true }
        #expect(own.map(\.controlPorts) == [PortSet([21...21, 2121...2121])])
    }

    static let stateless = [
        "version 12.4", "interface FastEthernet0/0", " ip address 198.51.100.2 255.255.255.0",
        " ip access-group 100 in", "interface FastEthernet0/1",
        " ip address 203.0.113.1 255.255.255.0", " ip access-group 101 in",
        "access-list 100 permit tcp any host 203.0.113.10 range 21 22",
    ]

    /// Lists on the inside interface, and what becomes of the answers from ports 21 and 22.
    static let answers: [(lines: [String], back: [Reach.Verdict?])] = [
        // A list that is not there lets all pass.
        ([], [nil]),
        (["access-list 101 permit ip any any"], [.permitted]),
        (["access-list 101 permit tcp host 203.0.113.10 any established"], [.permitted]),
        (
            ["access-list 101 permit tcp host 203.0.113.10 eq 21 any established"],
            [.permitted, .denied]
        ),
        (["access-list 101 permit tcp any any eq 21"], [.denied]),
        (["access-list 101 permit tcp host 203.0.113.10 any gt 40000"], [.unknown]),
        (["access-list 101 permit udp any any"], [.denied]),
    ]

    @Test(arguments: answers)
    func `answers pass IOS's lists packet by packet`(
        _ row: (lines: [String], back: [Reach.Verdict?])
    ) throws {
        let configuration = try Self.read(Self.stateless + row.lines)
        var hop = Hop(
            name: "", configuration: configuration, place: .through,
            source: SourceLine(file: "", line: nil, text: ""))
        (hop.outside, hop.inside) = ("FastEthernet0/0", "FastEthernet0/1")
        let to = try #require(IPAddress("203.0.113.10"))
        let reach = PathEvaluator([hop]).reach(
            ReachQuestion(from: .all, to: to, ports: PortSet(21...22)))
        #expect(reach.segments.map(\.back) == row.back)
    }
}
