import Net
import Policy
import Testing

@testable import PolicyFormats

@Suite struct NetFirewallRuleTests {
    private typealias Fields = [(String, String)]

    /// A rule with its filters, as `Select-Object` puts them together.
    static let usual: [(String, String)] = [
        ("Name", "{1}"), ("DisplayName", "FTP"), ("Group", ""), ("Enabled", "True"),
        ("Direction", "Inbound"), ("Action", "Allow"), ("Profile", "Any"), ("Protocol", "TCP"),
        ("LocalPort", "21"), ("RemotePort", "Any"), ("LocalAddress", "Any"),
        ("RemoteAddress", "Any"), ("Program", "Any"), ("Service", "Any"),
        ("InterfaceType", "Any"), ("Authentication", "NotRequired"),
    ]

    /// The usual rule with other values; `-` leaves a property out, a new one comes last.
    static func fields(_ changes: [String: String]) -> [(String, String)] {
        let more = changes.filter { change in !usual.contains { $0.0 == change.key } }
        return usual.map { ($0.0, changes[$0.0] ?? $0.1) }.filter { $0.1 != "-" }
            + more.sorted { $0.key < $1.key }
    }

    static func csv(_ rules: [[String: String]], mark: String = ",") -> String {
        let all = rules.map(fields)
        let head = (all.first ?? []).map { "\"\($0.0)\"" }.joined(separator: mark)
        let rows = all.map { $0.map { "\"\($0.1)\"" }.joined(separator: mark) }
        return ([head] + rows).joined(separator: "\r\n") + "\r\n"
    }

    /// Values that begin as JSON does, and numbers, stand as they are.
    static func json(_ fields: [(String, String)]) -> String {
        let members = fields.map { name, value -> String in
            let isPlain =
                value.hasPrefix("[") || value.hasPrefix("{\"") || ["null", "true"].contains(value)
            let escaped = value.replacing("\\", with: "\\\\")
            return "    \"\(name)\": \(isPlain ? value : "\"\(escaped)\"")"
        }
        return "  {\n\(members.joined(separator: ",\n"))\n  }"
    }

    static func json(_ rules: [[String: String]]) -> String {
        "[\n" + rules.map { json(fields($0)) }.joined(separator: ",\n") + "\n]\n"
    }

    private static func ports(_ text: String) throws -> [String] {
        let it = FirewallVerdicts(NetFirewallRule.self, text)
        return [
            try it.ports(.permitted, "203.0.113.5"), try it.ports(.unknown, "203.0.113.5"),
        ]
    }

    static let rules: [([String: String], String, String)] = [
        ([:], "21", ""),
        (["LocalPort": "21, 5001-5201"], "21,5001-5201", ""),
        (["LocalPort": "21 22"], "21-22", ""),
        (["LocalPort": "Any"], "1-65535", ""),
        (["LocalPort": "{21, 22, 23...}"], "", "1-65535"),
        (["LocalPort": "System.String[]"], "", "1-65535"),
        (["LocalPort": "System.Object[]"], "", "1-65535"),
        (["LocalPort": "RPC"], "", "1-65535"), (["LocalPort": "RPCEPMap"], "135", ""),
        (["LocalPort": "IPHTTPSIn"], "", "1-65535"),
        (["LocalPort": "PlayToDiscovery"], "", "1-65535"), (["LocalPort": "99999"], "", "1-65535"),
        (["LocalPort": ""], "", "1-65535"), (["LocalPort": "-"], "", "1-65535"),
        (["Protocol": "6"], "21", ""), (["Protocol": "UDP"], "", ""), (["Protocol": "17"], "", ""),
        (["Protocol": "ICMPv4", "LocalPort": "RPC"], "", ""),
        (["Protocol": "Any", "LocalPort": "Any"], "1-65535", ""),
        (["Protocol": "256", "LocalPort": "Any"], "1-65535", ""),
        (["Protocol": "-"], "", "1-65535"), (["Protocol": "Odd"], "", "21"),
        (["Enabled": "False"], "", ""), (["Enabled": "2"], "", ""), (["Enabled": "1"], "21", ""),
        (["Enabled": "Wahr"], "", "21"), (["Enabled": "-"], "", "21"),
        (["Direction": "Outbound"], "", ""), (["Direction": "2"], "", ""),
        (["Direction": "1"], "21", ""), (["Direction": "Up"], "", "21"),
        (["Action": "Block"], "", ""), (["Action": "4"], "", ""), (["Action": "2"], "21", ""),
        (["Action": "AllowBypass"], "", "21"), (["Action": "NotConfigured"], "", "21"),
        (["Profile": "Domain, Private"], "", "21"), (["Profile": "0"], "21", ""),
        (["Profile": "7"], "21", ""), (["Profile": "4"], "", "21"), (["Profile": "9"], "", "21"),
        (["Profile": "Domain, Private, Public"], "21", ""), (["Profile": "-"], "", "21"),
        (["RemoteAddress": "198.51.100.0/255.255.255.0"], "21", ""),
        (["RemoteAddress": "192.0.2.1-192.0.2.9, 10.0.0.0/8"], "", ""),
        (["RemoteAddress": "LocalSubnet"], "", "21"), (["RemoteAddress": "LocalSubnet4"], "", "21"),
        (["RemoteAddress": "PlayToDevice"], "", "21"), (["RemoteAddress": "DNS"], "", "21"),
        (["RemoteAddress": "all of them"], "", "21"), (["LocalPort": "any odd"], "", "1-65535"),
        (["RemoteAddress": "-"], "", "21"),
        (["LocalAddress": "203.0.113.6"], "", ""), (["LocalAddress": "-"], "21", ""),
        (["RemotePort": "20"], "", ""),
        (["Program": "C:\\FTP\\server.exe"], "", "21"), (["Program": "-"], "21", ""),
        (["Program": "-", "LocalPort": "Any"], "", "1-65535"),
        (["Program": "-", "Group": "FTP Server"], "", "21"),
        (["Program": "System", "LocalPort": "IPHTTPSIn"], "", ""),
        (
            [
                "Program": "%SystemRoot%\\system32\\svchost.exe", "Service": "EventLog",
                "LocalPort": "RPC",
            ], "", ""
        ),
        (["Program": "%SystemRoot%\\system32\\svchost.exe", "Service": "ftpsvc"], "", "21"),
        (["Program": "%SystemRoot%\\system32\\svchost.exe", "Service": "-"], "", "21"),
        (["Service": "ftpsvc"], "", "21"), (["InterfaceType": "Wireless"], "", "21"),
        (["InterfaceAlias": "Ethernet"], "", "21"), (["InterfaceAlias": "Any"], "21", ""),
        (["Authentication": "Required"], "", "21"), (["Encryption": "Required"], "", "21"),
        (["Owner": "S-1-5-21-1"], "", "21"), (["Package": "S-1-15-2-1"], "", "21"),
        (
            [
                "Package": "S-1-15-2-1", "LocalPort": "Any",
                "Group": "@{Microsoft.Windows.Cortana_1.0_neutral_cw5n1h2txyewy?ms-resource://x}",
            ], "", ""
        ),
        (["Package": "Any"], "21", ""), (["Platform": "6.2+"], "21", ""),
        (["Platform": "11.0+"], "", "21"), (["Moon": "Full"], "", "21"), (["Moon": ""], "21", ""),
        (["Description": "Anything, even this"], "21", ""),
    ]

    @Test(arguments: rules)
    func `a rule opens what it says`(
        _ changes: [String: String], _ open: String, _ unknown: String
    ) throws {
        #expect(try Self.ports(Self.csv([changes])) == [open, unknown])
        #expect(try Self.ports(Self.csv([changes], mark: ";")) == [open, unknown])
        #expect(try Self.ports(Self.json([changes])) == [open, unknown])
    }

    @Test func `reads lists and numbers of JSON`() throws {
        #expect(
            try Self.ports(Self.json([["LocalPort": "[\"21\", \"5001-5201\"]"]]))[0]
                == "21,5001-5201")
        let wrapped = "{\"value\": [\"21\", \"22\"], \"Count\": 2}"
        #expect(try Self.ports(Self.json([["LocalPort": wrapped]]))[0] == "21-22")
        #expect(try Self.ports(Self.json([["LocalPort": "null"]])) == ["", "1-65535"])
        #expect(try Self.ports(Self.json([["LocalPort": "[{\"x\": 1}]"]])) == ["", "1-65535"])
        let one = Self.json(Self.fields(["Enabled": "true"]))
        #expect(try Self.ports(one) == ["21", ""])
    }

    @Test func `a block beats a permission, whatever the order`() throws {
        let rules = [["LocalPort": "21,5001-5201"], ["LocalPort": "5100-5150", "Action": "Block"]]
        for rules in [rules, rules.reversed()] {
            #expect(try Self.ports(Self.csv(rules)) == ["21,5001-5099,5151-5201", ""])
            #expect(try Self.ports(Self.json(rules)) == ["21,5001-5099,5151-5201", ""])
        }
    }

    /// A rule and its filters apart, with the noise of the real ones.
    static let apart: [String] = [
        """
        {"Name": "{1}", "DisplayName": "FTP", "InstanceID": "{1}", "Enabled": 1, "Profile": 0,
         "Profiles": 0, "Platform": [], "Direction": 1, "Action": 2, "EdgeTraversalPolicy": 0,
         "Owner": null, "PrimaryStatus": 1, "Group": null, "CimClass": {"CimClassName": "x"}}
        """,
        """
        {"InstanceID": "{1}", "Name": null, "Protocol": "TCP", "LocalPort": ["21", "5001-5201"],
         "RemotePort": "Any", "IcmpType": "Any", "DynamicTarget": 0}
        """,
        #"{"InstanceID": "{1}", "LocalAddress": "Any", "RemoteAddress": "Any"}"#,
        #"{"InstanceID": "{1}", "AppPath": null, "Program": "Any", "Package": null}"#,
    ]

    @Test func `joins rules and filters by their identity`() throws {
        let all = "[" + Self.apart.joined(separator: ",\n") + "]"
        #expect(try Self.ports(all) == ["21,5001-5201", ""])
        let wrapped =
            "{\"Made\": \"today\", \"Rules\": \(Self.apart[0]), \"Filters\": [\(Self.apart[1...].joined(separator: ","))]}"
        #expect(try Self.ports(wrapped) == ["21,5001-5201", ""])
        let files = Self.apart.map { (file: "f.json", bytes: Array($0.utf8)) }
        let read = try Formats.read(together: files)
        #expect(read.device?.chains["inbound"]?.rules.map(\.match.notModelled) == [[]])
        let nested =
            Self.apart[0].dropLast() + ", \"PortFilter\": \(Self.apart[1]), "
            + "\"AddressFilter\": \(Self.apart[2]), \"ApplicationFilter\": \(Self.apart[3])}"
        #expect(try Self.ports(String(nested)) == ["21,5001-5201", ""])
    }

    @Test func `without its filters a rule is unknown`() throws {
        #expect(try Self.ports(Self.apart[0]) == ["", "1-65535"])
        let other = Self.apart[1].replacing("{1}", with: "{2}")
        let all = "[\(Self.apart[0]), \(other), \(Self.apart[2]), \(Self.apart[3])]"
        #expect(try Self.ports(all) == ["", "1-65535"])
        let twice = Self.apart[1].replacing("5201", with: "5301")
        let both = "[\((Self.apart + [twice]).joined(separator: ","))]"
        #expect(try Self.ports(both)[0] == "")
    }

    @Test func `tables below one another are joined`() throws {
        let text = [
            "#TYPE Selected.Microsoft.Management.Infrastructure.CimInstance",
            #""InstanceID","DisplayName","Enabled","Direction","Action","Profile""#,
            #""{1}","FTP, ""plain""","True","Inbound","Allow","Any""#, "",
            #""InstanceID","Protocol","LocalPort","RemotePort""#, #""{1}","TCP","21","Any""#,
            #""InstanceID","LocalAddress","RemoteAddress""#, #""{1}","Any","Any""#,
            "InstanceID,Program", "{1},Any",
        ].joined(separator: "\n")
        #expect(try Self.ports(text) == ["21", ""])
        let read = try Formats.read(file: "rules.csv", bytes: Array(text.utf8))
        #expect(read.format == NetFirewallRule.name)
        #expect(!read.notes.contains { $0.state == .notRecognised })
    }

    @Test func `descriptions may go over lines`() throws {
        let rules = [["Description": "one\ntwo, \"\"three\"\"\n"], ["LocalPort": "22"]]
        #expect(
            try Self.ports(Self.csv([rules[0], rules[1].merging(rules[0]) { $1 }])) == [
                "21-22", "",
            ])
    }

    @Test func `a row that is cut short is unknown`() throws {
        let text = Self.csv([[:], ["Action": "Block"]])
        let bytes = Array(text.utf8)
        let rows = text.split(separator: "\r\n")
        let start = rows[0].utf8.count + rows[1].utf8.count + 4
        for length in start + 1..<bytes.count - 2 {
            let cut = String(decoding: bytes[..<length], as: UTF8.self)
            #expect(try Self.ports(cut)[0] == "", "cut at \(length)")
        }
        #expect(try Self.ports(String(Self.json([[:]]).dropLast(4))) == ["", "1-65535"])
    }

    static func profile(_ name: String, _ enabled: String, _ action: String) -> String {
        "{\"Name\": \"\(name)\", \"Enabled\": \(enabled), \"DefaultInboundAction\": \(action)}"
    }

    static let switches: [([String], String, String)] = [
        (["Domain", "Private", "Public"].map { profile($0, "0", "4") }, "1-65535", ""),
        (["Domain", "Private", "Public"].map { profile($0, "1", "0") }, "21", ""),
        (
            ["Domain", "Private", "Public"].map { profile($0, "\"True\"", "\"Allow\"") }, "1-65535",
            ""
        ),
        ([profile("Public", "\"False\"", "\"Block\"")], "21", "1-20,22-65535"),
        ([profile("Public", "7", "0")], "21", "1-20,22-65535"),
        ([profile("Moon", "1", "0")], "", "1-65535"),
        (
            [profile("Public", "0", "4"), "{\"InterfaceAlias\": \"x\", \"NetworkCategory\": 0}"],
            "1-65535", ""
        ),
        (
            [profile("Public", "0", "4"), "{\"InterfaceAlias\": \"x\", \"NetworkCategory\": 1}"],
            "21", ""
        ),
    ]

    @Test(arguments: switches)
    func `the switches of profiles`(
        _ objects: [String], _ open: String, _ unknown: String
    ) throws {
        let text = "[" + (objects + [Self.json(Self.fields([:]))]).joined(separator: ",") + "]"
        #expect(try Self.ports(text) == [open, unknown])
    }

    @Test func `opens what a cleartext control connection announces, where it says so`() throws {
        let text = "[{\"EnableStatefulFtp\": \"True\"}, \(Self.json(Self.fields([:])))]"
        let it = FirewallVerdicts(NetFirewallRule.self, text)
        #expect(
            try it.ports(.permittedByInspection, "203.0.113.5", control: 21) == "1-20,22-65535")
    }

    @Test func `notes say what became of each row`() throws {
        let text = Self.csv([[:], ["Direction": "Outbound"], ["Profile": "Domain"]])
        let it = FirewallVerdicts(NetFirewallRule.self, text)
        #expect((1...4).map { it.state($0) } == [.irrelevant, .used, .irrelevant, .notModelled])
        let more = FirewallVerdicts(NetFirewallRule.self, Self.json([["Moon": "Full"]]))
        #expect(more.configuration.notes.contains { $0.state == .notRecognised })
    }

    @Test func `writes commands that mend it`() {
        let fix = NetFirewallRule.fix(.forbid(PortSet(5001...5201), to: IPAddress(v4: 1)), nil)
        #expect(
            fix?.commands == [
                "New-NetFirewallRule -DisplayName \"Not for FTP 5001-5201\" -Direction Inbound -Action Block -Protocol TCP -LocalPort 5001-5201"
            ])
        #expect(fix?.undo == ["Remove-NetFirewallRule -DisplayName \"Not for FTP 5001-5201\""])
    }

    @Test func `no broken text makes it stumble`() {
        FirewallVerdicts.batter(
            NetFirewallRule.self, Self.csv([[:], ["Description": "a\nb"]]), step: 5)
        let all = "[" + Self.apart.joined(separator: ",\n") + "]"
        FirewallVerdicts.batter(NetFirewallRule.self, all, step: 5)
    }

    private typealias Script = (text: String, permitted: String, unknown: String)
    private static let allow = "New-NetFirewallRule -DisplayName FTP -Protocol TCP -LocalPort "
    private static let scripts: [Script] = [
        ("\(allow)21,50000-50100 -Direction Inbound -Action Allow", "21,50000-50100", ""),
        ("PS C:\\> \(allow)@(21, 990) -Enabled True | Out-Null", "21,990", ""),
        ("\(allow)21 `\n  -RemoteAddress 192.0.2.0/24", "", ""),
        ("$p = '21'\n\(allow)$p", "21", ""),
        ("\(allow)$p", "", "1-65535"),
        ("\(allow)21 -Program C:\\ftp.exe", "", "21"),
        ("\(allow)21 -Dir Outbound", "", ""),
        ("\(allow)21 -Odd x", "", "21"),
        ("\(allow)21\n\(allow)21 -Action Block", "", ""),
        ("\(allow)21\nRemove-NetFirewallRule -DisplayName FTP", "", ""),
        ("Remove-NetFirewallRule -DisplayName FTP -EA SilentlyContinue\n\(allow)21", "21", ""),
        ("\(allow)21\nRemove-NetFirewallRule -DisplayName F*", "", "1-65535"),
        ("\(allow)21\nGet-NetFirewallRule -Name x | Disable-NetFirewallRule", "", "1-65535"),
        ("if (!(Get-NetFirewallRule -DisplayName FTP)) {\n\(allow)21\n}", "", "21"),
        ("try {\n\(allow)21\n} catch { Write-Host $_ }", "21", ""),
        ("\(allow)21; \(allow)22", "21-22", ""),
        ("\(allow)21\nnetsh firewall reset", "", "1-65535"),
        ("\(allow)21\nNew-NetFirewallRule @more", "", "1-65535"),
        ("\(allow)21\nSet-NetFirewallProfile -All -Enabled False", "1-65535", ""),
        (
            "\(allow)21\nSet-NetFirewallProfile -Profile Domain,Private,Public -Enabled True "
                + "-DefaultInboundAction Block -LogBlocked True", "21", ""
        ),
        ("\(allow)21\nWrite-Host 'firewall opened'\nRestart-Service ftpsvc", "21", ""),
        ("\(allow)21 -CimSession other", "", ""),
        ("\(allow)21 # -Action Block", "21", ""),
        ("\(allow)21\nexit 0\n\(allow)22", "21", "22"),
        ("$text = @\"\n\(allow)22\n\"@\n\(allow)21", "", "1-65535"),
        ("function f {\n$text = @'\n}\n'@\n\(allow)21\n}", "", "21"),
    ]

    @Test(arguments: scripts.indices)
    func `a script is judged as run on the default state`(_ index: Int) throws {
        let (text, permitted, unknown) = Self.scripts[index]
        let it = FirewallVerdicts(NetFirewallRule.self, text)
        #expect(try it.ports(.permitted, "203.0.113.5") == permitted)
        #expect(try it.ports(.unknown, "203.0.113.5") == unknown)
        #expect(
            it.configuration.device?.assumptions == [
                "judged as run on the default state: firewall on, no exceptions"
            ])
    }

    private static let shut = "New-NetFirewallRule -Action Block -Protocol TCP -LocalPort 21"
    private static let odd: [Script] = [
        ("\(allow)21; \(allow)22; \(shut)", "22", ""),
        ("\(allow)21\nif ($all) { \(allow)22; \(shut) }", "", "1-65535"),
        ("\(allow)21\nexit; \(allow)22", "21", "22"),
        ("\(allow)21\n<# shut #> \(shut)", "", ""),
        ("\(allow)21\n<# shut\n#> \(shut)", "", ""),
        ("\(allow)22\nWrite-Host x <# not:\n\(allow)21\n#>", "22", ""),
        ("\(allow)21\nWrite-Host 'to me@'\n\(shut)", "", ""),
        ("\(allow)21\nWrite-Host x # to me@'\n\(shut)", "", ""),
        ("\(allow)21\n\(shut) -WhatIf:$false", "", "1-65535"),
        ("\(allow)21\n\(shut) -WhatIf", "21", ""),
        ("New-NetFirewallRule -DisplayName x @more", "", "1-65535"),
        ("\(allow)21 -Group '@FirewallAPI.dll,-28502'", "21", ""),
        ("\(allow)21\nSet-NetFirewallProfile -All -Enabled False -PolicyStore a\\b", "", "1-65535"),
        (
            "\(allow)21\nSet-NetFirewallProfile -All -Enabled True -DisabledInterfaceAliases lan",
            "", "1-65535"
        ),
        (
            "New-NetFirewallRule -Name $n -Protocol TCP -LocalPort 21\nRemove-NetFirewallRule -Name x",
            "", "1-65535"
        ),
        ("\(allow)21\n$null = Stop-Service mpssvc", "", "1-65535"),
        ("\(allow)21\n$o = netsh advfirewall reset", "", "1-65535"),
        ("\(allow)21\necho y | netsh advfirewall reset", "", "1-65535"),
        ("\(allow)21\n$f = New-Object -ComObject HNetCfg.FwPolicy2", "", "1-65535"),
        ("\(allow)21\n$p.CurrentProfile.FirewallEnabled = $false", "", "1-65535"),
        ("\(allow)21\n$text = 'the firewall', 'of x'\n$s = Get-Service mpssvc", "21", ""),
    ]

    @Test(arguments: odd.indices)
    func `a script that does something by a side door`(_ index: Int) throws {
        let (text, permitted, unknown) = Self.odd[index]
        let it = FirewallVerdicts(NetFirewallRule.self, text)
        #expect(try it.ports(.permitted, "203.0.113.5") == permitted, "\(text)")
        #expect(try it.ports(.unknown, "203.0.113.5") == unknown, "\(text)")
    }

    @Test func `a script may take away rules of an export beside it`() throws {
        let export = ConfigText(file: "a.csv", Self.csv([[:]]))
        let script = ConfigText(file: "b.ps1", "Remove-NetFirewallRule -DisplayName FTP")
        let alone = FirewallVerdicts(NetFirewallRule.read(together: [export]))
        let both = FirewallVerdicts(NetFirewallRule.read(together: [export, script]))
        #expect(try alone.ports(.permitted, "203.0.113.5") != "")
        #expect(try both.ports(.unknown, "203.0.113.5") == "1-65535")
    }

    @Test func `a script is recognised, one of a server or of cmd isn't`() {
        func sure(_ text: String) -> [String] {
            let text = ConfigText(file: "a.ps1", text)
            return Formats.all.filter { $0.recognise(text) > .no }.map { $0.name }
        }
        #expect(sure("# open\n\(Self.allow)21\n") == ["netfirewallrule"])
        #expect(sure("\(Self.allow)21,990; \(Self.allow)22\n") == ["netfirewallrule"])
        #expect(sure("netsh advfirewall set allprofiles state on\n\(Self.allow)21\n").count == 1)
        #expect(sure("New-WebFtpSite -Name a -Port 21\n\(Self.allow)21\n") == ["iis7-powershell"])
        #expect(sure("Get-NetFirewallRule | Format-Table\n").isEmpty)
        FirewallVerdicts.batter(NetFirewallRule.self, "\(Self.allow)21 `\n -Action Allow", step: 3)
    }
}
