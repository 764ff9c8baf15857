import Net
import Policy
import Testing

@testable import PolicyFormats

@Suite struct NetshAdvancedFirewallShowTests {
    private typealias Listing = AdvancedListing

    private static func verdicts(_ lines: [String], ok: Bool = true) -> FirewallVerdicts {
        FirewallVerdicts(
            NetshAdvancedFirewallShow.self,
            (lines + (ok ? ["Ok.", ""] : [])).joined(separator: "\r\n"))
    }

    /// Ports that are open, and those of which it isn't known.
    private static func ports(_ lines: [String], ok: Bool = true) throws -> [String] {
        let it = verdicts(lines, ok: ok)
        return [
            try it.ports(.permitted, "203.0.113.5"), try it.ports(.unknown, "203.0.113.5"),
        ]
    }

    static let rules: [([String: String], String, String)] = [
        ([:], "21", ""),
        (["LocalPort": "21,5001-5201"], "21,5001-5201", ""),
        (["LocalPort": "Any"], "1-65535", ""),
        (["Protocol": "Any", "LocalPort": "-", "RemotePort": "-"], "1-65535", ""),
        (["Protocol": "6"], "21", ""),
        (["Protocol": "UDP"], "", ""),
        (["Protocol": "ICMPv4", "LocalPort": "-", "RemotePort": "-"], "", ""),
        (["Protocol": "Something"], "", "21"),
        (["Enabled": "No"], "", ""),
        (["Enabled": "Perhaps"], "", "21"),
        (["Direction": "Out"], "", ""),
        (["Direction": "Sideways"], "", "21"),
        (["Action": "Block"], "", ""),
        (["Action": "Bypass"], "", "21"),
        (["Action": "All"], "", "21"),
        (["Profiles": "Domain"], "", "21"),
        (["Profiles": "Moon"], "", "21"),
        (["RemoteIP": "198.51.100.0/24"], "21", ""),
        (["RemoteIP": "192.0.2.1-192.0.2.9,10.0.0.0/8"], "", ""),
        (["RemoteIP": "198.51.100.0/255.255.255.0,fe80::/64"], "21", ""),
        (["RemoteIP": "LocalSubnet"], "", "21"),
        (["RemoteIP": "LocalSubnet,DefaultGateway"], "", "21"),
        (["RemoteIP": "everyone"], "", "21"),
        (["LocalIP": "203.0.113.6/32"], "", ""),
        (["LocalIP": "203.0.113.5/32"], "21", ""),
        (["LocalPort": "RPC"], "", "1-65535"),
        (["LocalPort": "RPC-EPMap"], "135", ""),
        (["LocalPort": "IPHTTPS"], "", "1-65535"),
        (["LocalPort": "2121,Ply2Disc"], "", "1-65535"),
        (["LocalPort": "99999"], "", "1-65535"),
        (["RemotePort": "20"], "", ""),
        (["RemotePort": "1024-65535"], "21", ""),
        (["Program": "C:\\Program Files\\FileZilla Server\\server.exe"], "", "21"),
        (["Program": "%SystemRoot%\\system32\\svchost.exe", "Service": "ftpsvc"], "", "21"),
        (["Program": "%SystemRoot%\\system32\\svchost.exe", "Service": "EventLog"], "", "21"),
        (
            [
                "Program": "%SystemRoot%\\system32\\svchost.exe", "Service": "EventLog",
                "LocalPort": "RPC",
            ], "", ""
        ),
        (
            [
                "Program": "C:\\Tools\\svchost.exe", "Service": "EventLog", "LocalPort": "RPC",
            ], "", "1-65535"
        ),
        (["Program": "%windir%\\system32\\wininit.exe", "LocalPort": "Any"], "", ""),
        (["Program": "%windir%\\system32\\other.exe", "LocalPort": "Any"], "", "1-65535"),
        (["Program": "System", "LocalPort": "IPHTTPS"], "", ""),
        (["Program": "Any", "Service": "Any"], "21", ""),
        (["Service": "ftpsvc"], "", "21"),
        (["InterfaceTypes": "LAN"], "", "21"),
        (["Security": "Authenticate"], "", "21"),
        (["Grouping": "Cortana"], "", "21"),
        (["Grouping": "", "Edge traversal": "Defer to user"], "21", ""),
    ]

    @Test(arguments: rules)
    func `a rule opens what it says`(
        _ fields: [String: String], _ open: String, _ unknown: String
    ) throws {
        let lines = Listing.profiles() + Listing.rule(fields)
        #expect(try Self.ports(lines) == [open, unknown])
        let it = Self.verdicts(lines)
        let place = it.configuration.notes.first { $0.text.hasPrefix("Rule Name") }
        if open.isEmpty, unknown.isEmpty, fields["Action"] != "Block" {
            #expect([.irrelevant, .used].contains(place?.state))
        } else {
            #expect(place?.state == (unknown.isEmpty ? .used : .notModelled))
        }
    }

    @Test func `reads German in any code page`() throws {
        let text = (Listing.german() + Listing.german(["Regelname": "x"]) + ["OK."])
            .joined(separator: "\r\n")
        let oem: [Character: UInt8] = ["ä": 0x84, "Ö": 0x99]
        let bytes = text.flatMap { oem[$0].map { [$0] } ?? Array($0.utf8) }
        for bytes in [Array(text.utf8), bytes] {
            let read = try Formats.read(file: "regeln.txt", bytes: bytes)
            #expect(read.format == NetshAdvancedFirewallShow.name)
            #expect(read.device?.chains["inbound"]?.rules.map(\.match.notModelled) == [[], []])
        }
    }

    static let germanRules: [([String: String], String, String)] = [
        ([:], "21", ""), (["Direction": "Aus"], "", ""), (["Direction": "Ausgehend"], "", ""),
        (["Action": "Blockieren"], "", ""), (["Enabled": "Nein"], "", ""),
        (["Profiles": "Domäne,Privat"], "", "21"), (["LocalPort": "Beliebig"], "1-65535", ""),
        (["Protocol": "Beliebig", "LocalPort": "-", "RemotePort": "-"], "1-65535", ""),
        (["RemoteIP": "LocalSubnet"], "", "21"), (["Action": "Umgehen"], "", "21"),
        (["Security": "Nicht erforderlich"], "21", ""), (["Action": "Vielleicht"], "", "21"),
    ]

    @Test(arguments: germanRules)
    func `a German rule opens what it says`(
        _ fields: [String: String], _ open: String, _ unknown: String
    ) throws {
        #expect(try Self.ports(Listing.german(fields)) == [open, unknown])
    }

    @Test func `another language is refused as a whole`() throws {
        let french = [
            "Nom de la règle :                     FTP", Listing.dashes,
            "Activé :                              Oui",
            "Direction :                           Actif",
            "Profils :                             Domaine,Privé,Public",
            "Groupement :                          ", "LocalIP :                             Tout",
            "RemoteIP :                            Tout",
            "Protocole :                           TCP", "LocalPort :                           21",
            "RemotePort :                          Tout",
            "Action :                              Autoriser", "",
        ]
        let alone = french.joined(separator: "\n")
        let read = try Formats.read(file: "regles.txt", bytes: Array(alone.utf8))
        #expect(read.format == NetshAdvancedFirewallShow.name)
        #expect(try Self.ports(french) == ["", "1-65535"])
        #expect(try Self.ports(Listing.rule() + french) == ["", "1-65535"])
        #expect(read.notes[0].why.contains("language"))
    }

    @Test func `a block beats a permission, whatever the order`() throws {
        let rules = [
            Listing.rule(["LocalPort": "21,5001-5201"]),
            Listing.rule(["LocalPort": "5100-5150", "Action": "Block"]),
        ]
        #expect(try Self.ports(rules[0] + rules[1]) == ["21,5001-5099,5151-5201", ""])
        #expect(try Self.ports(rules[1] + rules[0]) == ["21,5001-5099,5151-5201", ""])
        let program = Listing.rule(["Program": "C:\\x.exe", "Action": "Block"])
        #expect(try Self.ports(rules[0] + program) == ["5001-5201", "21"])
    }

    @Test func `rules that say the same for one profile each make one for all`() throws {
        let rules = ["Domain", "Private", "Public"].map { Listing.rule(["Profiles": $0]) }
        #expect(try Self.ports(rules[0] + rules[1]) == ["", "21"])
        #expect(try Self.ports(rules.flatMap { $0 }) == ["21", ""])
        let states = Self.verdicts(rules.flatMap { $0 }).configuration.notes.map(\.state)
        #expect(!states.contains(.notModelled))
        let off = Listing.rule(["Profiles": "Public", "Enabled": "No"])
        #expect(try Self.ports(rules[0] + rules[1] + off) == ["", "21"])
        let other = Listing.rule(["Profiles": "Public", "RemoteIP": "10.0.0.0/8"])
        #expect(try Self.ports(rules[0] + rules[1] + other) == ["", "21"])
    }

    @Test func `without verbose only rules for ports are certain`() throws {
        #expect(try Self.ports(Listing.plain()) == ["21", ""])
        let said = Self.verdicts(Listing.plain()).configuration.device?.assumptions ?? []
        #expect(said.contains { $0.contains("verbose") })
        #expect(try Self.ports(Listing.plain(["LocalPort": "Any"])) == ["", "1-65535"])
        let any = ["Protocol": "Any", "LocalPort": "-", "RemotePort": "-"]
        #expect(try Self.ports(Listing.plain(any)) == ["", "1-65535"])
        #expect(try Self.ports(Listing.plain(["Grouping": "FTP Server"])) == ["", "21"])
    }

    static let switches: [([String], String, String)] = [
        (Listing.profiles("OFF"), "1-65535", ""),
        (Listing.profiles(policy: "AllowInbound,AllowOutbound"), "1-65535", ""),
        (Listing.profiles(policy: "BlockInboundAlways,AllowOutbound"), "", ""),
        (Listing.profiles(policy: "Nonsense,AllowOutbound"), "", "1-65535"),
        (Listing.profiles("Maybe"), "21", "1-20,22-65535"),
        (
            Listing.profile("Domain", state: "OFF") + Listing.profile("Private")
                + Listing.profile("Public"), "21", "1-20,22-65535"
        ),
        (
            ["C:\\> netsh advfirewall show currentprofile"]
                + Listing.profile("Public", state: "OFF") + ["Ok."], "1-65535", ""
        ),
        (["C:\\> netsh advfirewall show currentprofile"] + Listing.profile("Public"), "21", ""),
        (["", "Domain Profile Settings:", Listing.dashes], "21", "1-20,22-65535"),
        (
            Listing.profiles().map {
                $0.replacing("N/A (GPO-store only)", with: "Disable")
            }, "", "21"
        ),
        ([], "21", ""),
    ]

    @Test(arguments: switches)
    func `the switches of profiles`(
        _ lines: [String], _ open: String, _ unknown: String
    ) throws {
        #expect(try Self.ports(lines + Listing.rule()) == [open, unknown])
    }

    @Test func `a profile in force decides about its rules`() throws {
        let current =
            ["C:\\> netsh advfirewall show currentprofile"] + Listing.profile("Public")
            + ["Ok.", "", "C:\\> netsh advfirewall firewall show rule name=all verbose"]
        #expect(try Self.ports(current + Listing.rule(["Profiles": "Public"])) == ["21", ""])
        let others = Listing.rule(["Profiles": "Domain,Private"])
        #expect(try Self.ports(current + others) == ["", ""])
        let block = Listing.rule(["Profiles": "Domain", "Action": "Block"])
        #expect(try Self.ports(current + Listing.rule() + block) == ["21", ""])
    }

    @Test func `German profiles`() throws {
        let names = ["Domänenprofil", "Privates Profil", "Öffentliches Profil"]
        let sections = names.flatMap {
            [
                "\($0)-Einstellungen:", Listing.dashes,
                "Status                                AUS",
                "Firewallrichtlinie                    BlockInbound,AllowOutbound", "",
            ]
        }
        let text = sections.joined(separator: "\n")
        #expect(
            try Formats.read(file: "p.txt", bytes: Array(text.utf8)).format
                == NetshAdvancedFirewallShow.name)
        #expect(try Self.ports(sections) == ["1-65535", ""])
        let on = sections.map { $0.replacing("AUS", with: "EIN") }
        #expect(try Self.ports(on) == ["", ""])
        let one = ["Einstellungen für Privates Profil:"] + Array(sections[1...4])
        #expect(try Self.ports(one) == ["", "1-65535"])
    }

    @Test func `opens what a cleartext control connection announces, where it says so`() throws {
        let global = [
            "Global Settings:", Listing.dashes, "IPsec:",
            "StrictCRLCheck                        0:Disabled",
            "StatefulFTP                           Enable",
            "StatefulPPTP                          Enable", "", "Ok.",
        ]
        let it = Self.verdicts(global + Listing.rule())
        let opened = try it.ports(.permittedByInspection, "203.0.113.5", control: 21)
        #expect(opened == "1-20,22-65535")
        let off = global.map { $0.replacing("Enable", with: "Disable") }
        let other = Self.verdicts(off + Listing.rule())
        #expect(try other.ports(.permittedByInspection, "203.0.113.5", control: 21) == "")
        // In one profile no exception counts, and which is in force isn't known.
        let shielded = [
            "Public Profile Settings:", Listing.dashes, "State                                 ON",
            "Firewall Policy                       BlockInboundAlways,AllowOutbound", "",
        ]
        let doubtful = Self.verdicts(global + Listing.rule() + shielded)
        #expect(try doubtful.ports(.permittedByInspection, "203.0.113.5", control: 21) == "")
        #expect(try doubtful.ports(.unknown, "203.0.113.5", control: 21) == "1-65535")
    }

    @Test func `several files are one firewall`() throws {
        let files = [Listing.rule() + ["Ok."], Listing.profiles("OFF") + ["Ok."]].map {
            (file: "f.txt", bytes: Array($0.joined(separator: "\n").utf8))
        }
        let read = try Formats.read(together: files)
        #expect(read.device?.chains["inbound"]?.rules.count == 1)
        #expect(read.notes.count == files[0].bytes.split(separator: 0x0a).count + 1)
    }

    @Test func `lists that are wrapped go on`() throws {
        let block = Listing.rule(["LocalPort": "21,5001-5201,60"])
        let place = try #require(block.firstIndex { $0.hasPrefix("LocalPort") })
        var wrapped = block
        wrapped.insert("00-6010", at: place + 1)
        #expect(try Self.ports(wrapped) == ["21,5001-5201,6000-6010", ""])
        wrapped = Listing.rule(["LocalPort": "21"])
        wrapped.insert("                                      5001-5201", at: place + 1)
        #expect(try Self.ports(wrapped) == ["21,5001-5201", ""])
    }

    @Test func `a table of ICMP types is passed over`() throws {
        var block = Listing.rule(["Protocol": "ICMPv4", "LocalPort": "-", "RemotePort": "-"])
        let place = try #require(block.firstIndex { $0.hasPrefix("Protocol") })
        let blank = String(repeating: " ", count: 38)
        block.insert(contentsOf: [blank + "Type    Code", blank + "8       Any"], at: place + 1)
        #expect(try Self.ports(block + Listing.rule()) == ["21", ""])
        let states = Set(Self.verdicts(block).configuration.notes.map(\.state))
        #expect(states == [.irrelevant])
    }

    @Test func `a description says nothing of the rule`() throws {
        let block = Listing.rule(["Description": "Opens FTP\r\nfor: all\r\nof us"])
        #expect(try Self.ports(block) == ["21", ""])
        let forged = Listing.rule(["Description": "x\r\nEnabled: Yes", "Enabled": "No"])
        #expect(try Self.ports(forged) == ["", "21"])
    }

    @Test func `a listing that is cut within a rule is unknown`() throws {
        let lines = Listing.rule() + Listing.rule(["Action": "Block"])
        let whole = lines.count
        for count in 2..<whole where count != whole / 2 && count != whole / 2 + 1 {
            let cut = Array(lines.prefix(count))
            guard cut.contains(where: { $0.hasPrefix("Enabled") }) else { continue }
            #expect(try Self.ports(cut, ok: false) == ["", "1-65535"], "\(count) lines")
        }
        let said = Self.verdicts(Listing.rule(), ok: false).configuration.device?.assumptions
        #expect(said?.contains { $0.contains("Ok.") } == true)
    }

    @Test func `a line that isn't known makes its rule unknown`() throws {
        var block = Listing.rule()
        block.insert("Only on Sundays:                      Yes", at: 6)
        #expect(try Self.ports(block) == ["", "21"])
        #expect(Self.verdicts(block).state(7) == .notRecognised)
    }

    @Test func `writes commands that mend it`() throws {
        let it = Self.verdicts(Listing.rule())
        let fix = NetshAdvancedFirewallShow.fix(
            .permit(PortSet(5001...5201), to: IPAddress(v4: 1)), it.configuration)
        #expect(
            fix?.commands == [
                "netsh advfirewall firewall add rule name=\"FTP 5001-5201\" dir=in action=allow protocol=TCP localport=5001-5201"
            ])
        let read = WindowsVerdicts(fix?.commands ?? [])
        #expect(read.permitted == "5001-5201")
    }

    @Test func `no broken text makes it stumble`() {
        let text =
            (Listing.profiles() + Listing.rule(["LocalPort": "21,RPC", "RemoteIP": "LocalSubnet"])
            + Listing.german() + ["OK."]).joined(separator: "\r\n")
        FirewallVerdicts.batter(NetshAdvancedFirewallShow.self, text, step: 7)
    }
}
