import Net
import Policy
import Testing

@testable import PolicyFormats

@Suite struct NetshFirewallShowTests {
    static let rule = "-------------------------------------------------------------------"
    static let standard = """
        Port configuration for Standard profile:
        Port   Protocol  Mode     Name
        \(rule)
        21     TCP       Enable   FTP
        5001   TCP       Enable   Passive FTP 5001
        5002   TCP       Disable  Passive FTP 5002
        69     UDP       Enable   TFTP
        """
    static let vista = """
        Domain profile configuration:
        \(rule)
        Operational mode                  = Disable
        Exception mode                    = Enable

        Port configuration for Domain profile:
        Port   Protocol  Mode    Traffic direction     Name
        \(rule)
        8500   TCP       Enable  Inbound               Other

        Standard profile configuration (current):
        \(rule)
        Operational mode                  = Enable
        Exception mode                    = Enable
        Multicast/broadcast response mode = Enable

        Service configuration for Standard profile:
        Mode     Customized  Name
        \(rule)
        Enable   No          Remote Desktop
        Disable  No          File and Printer Sharing

        Port configuration for Standard profile:
        Port   Protocol  Mode    Traffic direction     Name
        \(rule)
        21     TCP       Enable  Inbound               FTP
        22     TCP       Enable  Outbound              Out

        ICMP configuration for Standard profile:
        Mode     Type  Description
        \(rule)
        Enable   2     Allow outbound packet too big
        """
    static let german = """
        Standardprofilkonfiguration (aktuell):
        \(rule)
        Betriebsmodus                     = Aktivieren
        Ausnahmemodus                     = Aktivieren

        Portkonfiguration f\u{fc}r Profil "Dom\u{e4}ne":
        Port   Protokoll  Modus         Name
        \(rule)
        80     TCP        Aktivieren    Web

        Portkonfiguration f\u{fc}r Profil "Standard":
        Port   Protokoll  Modus         Name
        \(rule)
        21     TCP        Aktivieren    FTP
        5001   TCP        Deaktivieren  Passiv
        """

    @Test func `reads a listing`() throws {
        let read = try Formats.read(file: "ports.txt", bytes: Array(Self.standard.utf8))
        #expect(read.format == "netsh-firewall-show")
        #expect(read.device?.assumptions.isEmpty == false)
        #expect(WindowsVerdicts(Self.standard).permitted == "21,5001")
    }

    @Test func `counts the profile that is in force`() {
        let it = WindowsVerdicts(Self.vista)
        #expect(it.permitted == "21")
        #expect(it.unknown == "3389")
    }

    @Test func `other settings are of no profile`() {
        let it = WindowsVerdicts(
            Self.standard.replacing("Standard", with: "Domain")
                + "\n\nLog configuration:\n\(Self.rule)\nFile location   = C:\\x.log\n")
        #expect(it.permitted == "21,5001")
        #expect(it.configuration.device?.assumptions.count == 1)
    }

    @Test func `profiles that differ are unknown where none is marked`() {
        let it = WindowsVerdicts(Self.vista.replacing(" (current)", with: ""))
        #expect(it.unknown == "1-65535")
        let alike =
            Self.standard + "\n" + Self.standard.replacing("Standard", with: "Domain")
            + "\n990    TCP       Enable   FTPS\n"
        #expect(WindowsVerdicts(alike).permitted == "21,5001")
        #expect(WindowsVerdicts(alike).unknown == "990")
    }

    @Test func `a program that is allowed may open any port`() {
        let it = WindowsVerdicts(
            """
            Allowed programs configuration for Standard profile:
            Mode     Traffic direction    Name / Program
            \(Self.rule)
            Enable   Inbound              FTP server / C:\\ftp\\ftpd.exe
            Disable  Inbound              other / C:\\x.exe

            \(Self.standard)
            """)
        #expect(it.permitted == "21,5001")
        #expect(it.unknown == "1-20,22-5000,5002-65535")
        #expect(it.states[3...4] == [.notModelled, .irrelevant])
        #expect(it.why(4) == "for the program C:\\ftp\\ftpd.exe only")
    }

    @Test func `a section of an interface counts there only`() {
        let text =
            Self.standard + "\n\n"
                + """
                Port configuration for Local Area Connection:
                Port   Protocol  Mode     Name
                \(Self.rule)
                990    TCP       Enable   FTPS
                """
        let it = WindowsVerdicts(text)
        #expect(it.permitted == "21,5001")
        #expect(it.unknown == "990")
        #expect(it.ports(.permitted, entering: "Local Area Connection") == "21,990,5001")
        #expect(it.ports(.permitted, entering: "Wireless") == "21,5001")
        let both = text + "\n\nPort configuration for Wireless:\n990    TCP       Enable   FTPS\n"
        #expect(WindowsVerdicts(both).permitted == "21,990,5001")
    }

    @Test func `a firewall that is off on one interface is unknown`() {
        let text =
            Self.standard + "\n\n"
                + """
                Local Area Connection firewall configuration:
                \(Self.rule)
                Operational mode                  = Disable
                """
        let it = WindowsVerdicts(text)
        #expect(it.permitted == "21,5001")
        #expect(it.unknown == "1-20,22-5000,5002-65535")
        #expect(it.ports(.permitted, entering: "Local Area Connection") == "1-65535")
    }

    @Test(arguments: [
        ("Enable", "Enable", "21"), ("Disable", "Enable", "1-65535"), ("Enable", "Disable", ""),
    ])
    func `reads the state and its open ports`(_ mode: String, _ exceptions: String, _ open: String)
    {
        let it = WindowsVerdicts(
            """
            Firewall status:
            \(Self.rule)
            Profile                           = Standard
            Operational mode                  = \(mode)
            Exception mode                    = \(exceptions)
            Remote admin mode                 = Disable

            Ports currently open on all network interfaces:
            Port   Protocol  Version  Program
            \(Self.rule)
            21     TCP       Any      (null)
            990    TCP       IPv6     (null)
            """)
        #expect(it.permitted == open)
        #expect(it.unknown == "")
        #expect(it.configuration.device?.assumptions == [])
    }

    @Test func `a port that is open for a program is unknown`() {
        let it = WindowsVerdicts(
            """
            Ports currently open on all network interfaces:
            Port   Protocol  Version  Program
            \(Self.rule)
            21     TCP       Any      C:\\WINDOWS\\system32\\inetsrv\\inetinfo.exe
            """)
        #expect(it.unknown == "21")
    }

    @Test(arguments: [
        ("Scope: *", "21", ""), ("Scope: LocalSubNet", "", "21"), ("Scope: what", "", "21"),
        ("Scope: 198.51.100.0/255.255.255.0", "21", ""), ("Scope: 192.0.2.0/24", "", ""),
        ("Interface: Wireless", "", "21"), ("Interface: All", "21", ""),
    ])
    func `a verbose row says for whom`(_ detail: String, _ open: String, _ unknown: String) {
        let it = WindowsVerdicts(
            "Port configuration for Standard profile:\n21 TCP Enable FTP\n    \(detail)\n")
        #expect(it.permitted == open)
        #expect(it.unknown == unknown)
    }

    @Test func `reads a German listing, in any code page`() throws {
        #expect(WindowsVerdicts(Self.german).permitted == "21")
        let console = Self.german.unicodeScalars.map {
            $0 == "\u{fc}" ? 0x81 : $0 == "\u{e4}" ? 0x84 : UInt8($0.value)
        }
        let read = try Formats.read(file: "ports.txt", bytes: console)
        let rules = read.device?.chains["inbound"]?.rules ?? []
        #expect(rules.map(\.match.destinationPorts) == [PortSet("21")])
        #expect(!read.notes.contains { $0.state == .notRecognised })
    }

    @Test(arguments: [
        "Portkonfiguration f\u{fc}r Dom\u{e4}nenprofil:",
        "Portkonfiguration f\u{fc}r LAN-Verbindung:",
        "Momentan auf allen Netzwerkschnittstellen ge\u{f6}ffnete Ports:",
        "Ports currently open on all network interfaces:",
    ])
    func `recognises its own`(_ line: String) {
        #expect(NetshFirewallShow.recognise(ConfigText(file: "a", line)) == .certain)
        #expect(
            NetshFirewallShow.recognise(ConfigText(file: "a", "interface configuration")) == .no)
    }

    @Test(arguments: [standard, vista, german])
    func `no broken text makes it stumble`(_ text: String) {
        WindowsVerdicts.batter(NetshFirewallShow.self, text, step: 2, broken: 100)
    }
}
