import Net
import Policy
import Testing

@testable import PolicyFormats

@Suite struct WindowsFirewallRegistryTests {
    static let root =
        #"HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Services\SharedAccess\Parameters\FirewallPolicy"#
    static let group = #"HKEY_LOCAL_MACHINE\SOFTWARE\Policies\Microsoft\WindowsFirewall"#
    static let head = "Windows Registry Editor Version 5.00\n\n"

    /// An export with these rules, and what else stands behind them.
    static func export(_ rules: [String], _ rest: [String] = [], key: String = root) -> String {
        let values = rules.enumerated().map { "\"{\($0.offset)}\"=\"\($0.element)\"" }
        return head + (["[\(key)\\FirewallRules]"] + values + rest).joined(separator: "\n") + "\n"
    }

    static func rule(_ fields: String, version: String = "v2.30") -> String {
        "\(version)|Action=Allow|Active=TRUE|Dir=In|\(fields)|"
    }

    static func profile(_ name: String, _ values: String..., key: String = root) -> [String] {
        ["", "[\(key)\\\(name)]"] + values
    }

    private static func ports(_ text: String) throws -> [String] {
        let it = FirewallVerdicts(WindowsFirewallRegistry.self, text)
        return [
            try it.ports(.permitted, "203.0.113.5"), try it.ports(.unknown, "203.0.113.5"),
        ]
    }

    static let rules: [(String, String, String)] = [
        (rule("Protocol=6|LPort=21|Name=FTP"), "21", ""),
        (rule("Protocol=6|LPort=50000-50100|Name=FTP"), "50000-50100", ""),
        (rule("Protocol=6|LPort=21|LPort2_10=5001-5201|Name=FTP"), "21,5001-5201", ""),
        (rule("Protocol=6|LPort2_10=5001-5201|LPort2_10=6000-6001"), "5001-5201,6000-6001", ""),
        (rule("Protocol=6|LPort=21|Name=FTP", version: "v2.0"), "21", ""),
        (rule("Protocol=6|Name=all"), "1-65535", ""),
        (rule("Name=all"), "1-65535", ""),
        (rule("Protocol=17|LPort=21"), "", ""),
        (rule("Protocol=1|ICMP4=8:*"), "", ""),
        (rule("Protocol=600|LPort=21"), "", "21"),
        (rule("LPort=21"), "", "1-65535"),
        (rule("Protocol=6|LPort=99999"), "", "1-65535"),
        (rule("Protocol=6|LPort=RPC"), "", "1-65535"),
        (rule("Protocol=6|LPort=RPC-EPMap"), "135", ""),
        (rule("Protocol=6|LPort2_10=IPHTTPSIn"), "", "1-65535"),
        (rule("Protocol=6|LPort2_20=Ply2Disc"), "", "1-65535"),
        (rule("Protocol=6|LPort=21|RPort=20"), "", ""),
        (rule("Protocol=6|LPort=21|RA4=198.51.100.0/255.255.255.0"), "21", ""),
        (rule("Protocol=6|LPort=21|RA4=192.0.2.1-192.0.2.9|RA4=198.51.100.10"), "21", ""),
        (rule("Protocol=6|LPort=21|RA4=192.0.2.1|RA6=2001:db8::/32"), "", ""),
        (rule("Protocol=6|LPort=21|RA4=LocalSubnet|RA6=LocalSubnet"), "", "21"),
        (rule("Protocol=6|LPort=21|RA42=IntErnet|RA62=IntErnet"), "", "21"),
        (rule("Protocol=6|LPort=21|LA4=203.0.113.6"), "", ""),
        (rule("Protocol=6|LPort=21|Profile=Domain|Profile=Private"), "", "21"),
        (rule("Protocol=6|LPort=21|Profile=Domain|Profile=Private|Profile=Public"), "21", ""),
        (rule(#"Protocol=6|LPort=21|App=C:\\FTP\\server.exe"#), "", "21"),
        (
            rule(#"Protocol=6|LPort=21|App=%SystemRoot%\\system32\\svchost.exe|Svc=ftpsvc"#), "",
            "21"
        ),
        (rule(#"Protocol=6|App=%SystemRoot%\\system32\\svchost.exe|Svc=EventLog"#), "", ""),
        (rule("Protocol=6|LPort=21|Svc=*"), "", "21"),
        (rule("Protocol=6|LPort=21|IFType=Lan"), "", "21"),
        (rule("Protocol=6|LPort=21|IF={2D3D6D05-0000-0000-0000-000000000000}"), "", "21"),
        (rule("Protocol=6|LPort=21|Security=Authenticate"), "", "21"),
        (rule("Protocol=6|LPort=21|RMauth=O:LSD:(A;;CC;;;S-1-5-21)"), "", "21"),
        (rule("Protocol=6|LPort=21|LUOwn=S-1-5-21-1"), "", "21"),
        (rule("Name=App|LUOwn=S-1-5-21-1|AppPkgId=S-1-15-2-1"), "", "1-65535"),
        (
            rule(
                "Name=x|LUOwn=S-1-5-21-1|AppPkgId=S-1-15-2-1|EmbedCtxt=@{Microsoft.Windows.Cortana_1.0_neutral_cw5n1h2txyewy?ms-resource://x}"
            ), "", ""
        ),
        (rule("Protocol=6|LPort=21|Platform=2:6:2|Platform2=GTEQ"), "21", ""),
        (rule("Protocol=6|LPort=21|Platform=2:11:0|Platform2=GTEQ"), "", "21"),
        (rule("Protocol=6|LPort=21|Platform=2:6:2"), "", "21"),
        (rule("Protocol=6|LPort=21|EmbedCtxt=@FirewallAPI.dll,-1|Edge=TRUE|Defer=User"), "21", ""),
        (rule("Protocol=6|LPort=21|Moon=Full"), "", "21"),
        (rule("Protocol=6|LPort=21|LOM=TRUE"), "", "21"),
        ("v2.30|Action=Allow|Active=FALSE|Dir=In|Protocol=6|LPort=21|", "", ""),
        ("v2.30|Action=Allow|Dir=In|Protocol=6|LPort=21|", "", "21"),
        ("v2.30|Action=Allow|Active=TRUE|Dir=Out|Protocol=6|LPort=21|", "", ""),
        ("v2.30|Action=Block|Active=TRUE|Dir=In|Protocol=6|LPort=21|", "", ""),
        ("v2.30|Action=ByPass|Active=TRUE|Dir=In|Protocol=6|LPort=21|", "", "21"),
        ("v2.30|Action=Maybe|Active=TRUE|Dir=In|Protocol=6|LPort=21|", "", "21"),
        ("v2.30|Action=Allow|Active=TRUE|Dir=In|Protocol=6|LPort=21", "", "21"),
        ("Mine|Action=Allow|Active=TRUE|Dir=In|Protocol=6|LPort=21|", "", "21"),
        ("", "", "1-65535"),
    ]

    @Test(arguments: rules)
    func `a rule opens what it says`(_ rule: String, _ open: String, _ unknown: String) throws {
        #expect(try Self.ports(Self.export([rule])) == [open, unknown])
    }

    @Test(arguments: [[0, 1], [1, 0]])
    func `a block beats a permission, whatever the order`(_ order: [Int]) throws {
        let rules = [
            Self.rule("Protocol=6|LPort=21|LPort2_10=5001-5201"),
            "v2.30|Action=Block|Active=TRUE|Dir=In|Protocol=6|LPort2_10=5100-5150|",
        ]
        #expect(
            try Self.ports(Self.export(order.map { rules[$0] })) == ["21,5001-5099,5151-5201", ""])
    }

    @Test func `reads UTF-16 as regedit writes it`() throws {
        let text = Self.export([Self.rule("Protocol=6|LPort=21|Name=Überall")])
            .replacing("\n", with: "\r\n")
        let bytes = Array(text.utf16).reduce(into: [0xff, 0xfe] as [UInt8]) {
            $0 += [UInt8($1 & 0xff), UInt8($1 >> 8)]
        }
        let read = try Formats.read(file: "fw.reg", bytes: bytes)
        #expect(read.format == WindowsFirewallRegistry.name)
        #expect(read.notes.map(\.state) == [.irrelevant, .irrelevant, .used, .used])
        #expect(read.device?.chains["inbound"]?.rules.count == 1)
    }

    @Test func `the last assignment counts, and a dash takes away`() throws {
        let rule = Self.rule("Protocol=6|LPort=21")
        let again = "\"{0}\"=\"\(Self.rule("Protocol=6|LPort=22"))\""
        #expect(try Self.ports(Self.export([rule], [again])) == ["22", ""])
        #expect(try Self.ports(Self.export([rule], ["\"{0}\"=-"])) == ["", ""])
        let key = ["[-\(Self.root)\\FirewallRules]"]
        #expect(try Self.ports(Self.export([rule], key)) == ["", ""])
    }

    static let switches: [([String], String, String)] = [
        (
            ["DomainProfile", "StandardProfile", "PublicProfile"].flatMap {
                profile($0, "\"EnableFirewall\"=dword:00000000")
            }, "1-65535", ""
        ),
        (profile("PublicProfile", "\"EnableFirewall\"=dword:00000000"), "21", "1-20,22-65535"),
        (profile("PublicProfile", "\"EnableFirewall\"=dword:00000001"), "21", ""),
        (profile("PublicProfile", "\"EnableFirewall\"=\"no\""), "21", "1-20,22-65535"),
        (
            profile("StandardProfile", "\"DefaultInboundAction\"=dword:00000000"), "21",
            "1-20,22-65535"
        ),
        (profile("StandardProfile", "\"DefaultInboundAction\"=dword:00000001"), "21", ""),
        (profile("PublicProfile", "\"DoNotAllowExceptions\"=dword:00000001"), "", "21"),
        (profile("PublicProfile", "\"DisableNotifications\"=dword:00000001"), "21", ""),
        (
            profile("DomainProfile", "\"EnableFirewall\"=dword:00000000")
                + profile(
                    "DomainProfile", "\"EnableFirewall\"=dword:00000001", key: group), "21", ""
        ),
        (
            ["DomainProfile", "PrivateProfile", "PublicProfile"].flatMap {
                profile($0, "\"AllowLocalPolicyMerge\"=dword:00000000", key: group)
            }, "", ""
        ),
        (profile("PublicProfile", "\"AllowLocalPolicyMerge\"=dword:0", key: group), "", "21"),
    ]

    @Test(arguments: switches)
    func `the switches of profiles`(
        _ lines: [String], _ open: String, _ unknown: String
    ) throws {
        let text = Self.export([Self.rule("Protocol=6|LPort=21")], lines)
        #expect(try Self.ports(text) == [open, unknown])
    }

    @Test func `rules of a group policy count beside the host's`() throws {
        let policy = Self.export([Self.rule("Protocol=6|LPort=22")], key: Self.group)
        #expect(try Self.ports(policy) == ["22", ""])
        let both = Self.export(
            [Self.rule("Protocol=6|LPort=21")],
            ["[\(Self.group)\\FirewallRules]", "\"x\"=\"\(Self.rule("Protocol=6|LPort=22"))\""])
        #expect(try Self.ports(both) == ["21-22", ""])
    }

    @Test func `the current control set counts, else the lowest`() throws {
        func key(_ set: String) -> String {
            Self.root.replacing("CurrentControlSet", with: set) + "\\FirewallRules"
        }
        let other = [
            "[\(key("ControlSet002"))]", "\"x\"=\"\(Self.rule("Protocol=6|LPort=22"))\"",
        ]
        #expect(
            try Self.ports(Self.export([Self.rule("Protocol=6|LPort=21")], other)) == ["21", ""])
        #expect(try Self.ports(Self.head + other.joined(separator: "\n")) == ["22", ""])
    }

    @Test func `opens what a cleartext control connection announces, where it says so`() throws {
        let text = Self.export(
            [Self.rule("Protocol=6|LPort=21")],
            ["[\(Self.root)]", "\"DisableStatefulFTP\"=dword:00000000"])
        let it = FirewallVerdicts(WindowsFirewallRegistry.self, text)
        #expect(
            try it.ports(.permittedByInspection, "203.0.113.5", control: 21) == "1-20,22-65535")
    }

    @Test func `rules of device management count beside the host's`() throws {
        let managed = [
            "[\(Self.root)\\Mdm\\FirewallRules]",
            "\"a\"=\"v2.30|Action=Block|Active=TRUE|Dir=In|Protocol=6|LPort=21|\"",
            "\"b\"=\"\(Self.rule("Protocol=6|LPort2_10=5001-5201"))\"",
        ]
        let text = Self.export([Self.rule("Protocol=6|LPort=21")], managed)
        #expect(try Self.ports(text) == ["5001-5201", ""])
        let alone = Self.profile(
            "PublicProfile", "\"AllowLocalPolicyMerge\"=dword:00000000", key: Self.root + "\\Mdm")
        let left = Self.export([Self.rule("Protocol=6|LPort=21|Profile=Public")], alone)
        #expect(try Self.ports(left) == ["", ""])
    }

    @Test func `where device management contradicts the host, it is unknown`() throws {
        let host = Self.profile("PublicProfile", "\"EnableFirewall\"=dword:00000001")
        let off = "\"EnableFirewall\"=dword:00000000"
        let managed = Self.profile("PublicProfile", off, key: Self.root + "\\Mdm")
        let rules = [Self.rule("Protocol=6|LPort=21")]
        for rest in [host + managed, managed + host] {
            #expect(try Self.ports(Self.export(rules, rest)) == ["21", "1-20,22-65535"])
        }
        let same = Self.profile(
            "PublicProfile", "\"EnableFirewall\"=dword:00000001", key: Self.root + "\\Mdm")
        #expect(try Self.ports(Self.export(rules, host + same)) == ["21", ""])
    }

    @Test func `a key that is taken away goes with those below`() throws {
        let above = String(Self.root.dropLast("\\Parameters\\FirewallPolicy".count))
        let rules = [Self.rule("Protocol=6|LPort=21")]
        for key in [Self.root + "\\FirewallRules", Self.root, above] {
            #expect(try Self.ports(Self.export(rules, ["[-\(key)]"])) == ["", ""])
        }
    }

    @Test func `exceptions of Windows XP are unknown`() throws {
        let list = ["[\(Self.root)\\StandardProfile\\GloballyOpenPorts\\List]"]
        let open = list + ["\"5001:TCP\"=\"5001:TCP:*:Enabled:FTP\""]
        #expect(try Self.ports(Self.export([], open)) == ["", "5001"])
        let shut = list + ["\"5001:TCP\"=\"5001:TCP:*:Disabled:FTP\""]
        #expect(try Self.ports(Self.export([], shut)) == ["", ""])
    }

    @Test func `a rule that is cut short is unknown`() throws {
        let text = Self.export([
            Self.rule("Protocol=6|LPort=21"),
            "v2.30|Action=Block|Active=TRUE|Dir=In|Protocol=6|LPort=21|",
        ])
        let bytes = Array(text.utf8)
        let first = try #require(text.ranges(of: "\"{1}").first).lowerBound
        let start = text.utf8.distance(from: text.startIndex, to: first)
        for length in start + 1..<bytes.count - 1 {
            let cut = String(decoding: bytes[..<length], as: UTF8.self)
            #expect(try Self.ports(cut)[0] == "", "cut at \(length)")
        }
    }

    @Test func `other keys of a larger export are passed over`() throws {
        let rest = [
            "[HKEY_LOCAL_MACHINE\\SOFTWARE\\Else]", "\"EnableFirewall\"=dword:00000000",
            "[\(Self.root)\\RestrictedServices\\Static\\System]",
            "\"x\"=\"v2.30|Action=Block|Active=TRUE|Dir=In|App=x|\"",
        ]
        let text = Self.export([Self.rule("Protocol=6|LPort=21")], rest)
        #expect(try Self.ports(text) == ["21", ""])
        let notes = WindowsFirewallRegistry.read(ConfigText(file: "f.reg", text)).notes
        #expect(notes.suffix(4).map(\.state) == [.irrelevant, .irrelevant, .used, .irrelevant])
    }

    @Test func `no broken text makes it stumble`() {
        let text = Self.export(
            [
                Self.rule("Protocol=6|LPort=21|LPort2_10=5001-5201|RA4=LocalSubnet"),
                Self.rule("Platform=2:6:2|Platform2=GTEQ|AppPkgId=S-1|EmbedCtxt=@{x"),
            ], Self.profile("PublicProfile", "\"EnableFirewall\"=dword:00000000"))
        FirewallVerdicts.batter(WindowsFirewallRegistry.self, text, step: 3)
    }
}
