import Net
import Policy
import Testing

@testable import PolicyFormats

@Suite struct NetshFirewallScriptTests {
    static let script = """
        cscript.exe adsutil.vbs set /MSFTPSVC/PassivePortRange "5001-5201"
        net start msftpsvc
        FOR /L %I IN (5001,1,5201) DO netsh firewall add portopening TCP %I "Passive FTP"%I
        netsh firewall add portopening protocol = TCP port = 21 name = "FTP"
        """

    @Test func `reads a batch file that sets the range and opens it`() throws {
        let read = try Formats.read(file: "open.cmd", bytes: Array(Self.script.utf8))
        #expect(read.format == "netsh-firewall-script")
        #expect(read.server?.passive == .ports(5001...5201))
        #expect(read.notes.map(\.state) == [.used, .irrelevant, .invalid, .used])
        #expect(read.device?.chains["inbound"]?.rules.map(\.source.line) == [3, 4])
        #expect(WindowsVerdicts(Self.script).permitted == "21,5001-5201")
    }

    @Test func `a range that is set under a condition isn't known`() {
        let it = WindowsVerdicts([
            "if exist x cscript adsutil.vbs set /MSFTPSVC/PassivePortRange \"5001-5201\"",
            "netsh firewall set opmode ENABLE",
        ])
        #expect(it.configuration.server?.passiveFrom == .unknown)
        #expect(it.configuration.server?.passive == nil)
    }

    @Test func `a range made of variables is put together, if they are known`() {
        let set = "cscript adsutil.vbs set /MSFTPSVC/PassivePortRange \"%LOW%-%HIGH%\""
        let known = WindowsVerdicts(["set LOW=5001", "set HIGH=5201", set])
        #expect(known.configuration.server?.passive == .ports(5001...5201))
        let unknown = WindowsVerdicts(["set LOW=5001", set])
        #expect(unknown.configuration.server?.passiveFrom == .unknown)
        #expect(unknown.why(2) == "it depends on %HIGH%, which isn't known")
    }

    @Test(arguments: [
        ("TCP 21 FTP", "21", ""), ("ALL 21 FTP", "21", ""), ("UDP 21 FTP", "", ""),
        ("protocol=TCP port=21 name=FTP mode=ENABLE", "21", ""),
        ("TCP 21 FTP DISABLE", "", ""), ("TCP 5001-5201 FTP", "", ""), ("TCP 21", "", ""),
        ("TCP 99999 FTP", "", ""), ("TCP 21 FTP ENABLE SUBNET", "", "21"),
        ("TCP 21 FTP ENABLE CUSTOM 198.51.100.0/255.255.255.0", "21", ""),
        ("TCP 21 FTP ENABLE CUSTOM 192.0.2.0/24,LocalSubnet", "", "21"),
        ("TCP 21 FTP ENABLE CUSTOM LocalSubnet,198.51.100.0/255.255.255.0", "21", ""),
        ("TCP 21 FTP ENABLE ALL profile=DOMAIN", "", "21"),
        ("TCP 21 FTP ENABLE ALL profile=ALL", "21", ""),
        ("TCP 21 FTP interface=\"Local Area Connection\"", "", "21"),
    ])
    func `opens what one command says`(_ arguments: String, _ open: String, _ unknown: String) {
        let it = WindowsVerdicts(["netsh firewall add portopening \(arguments)"])
        #expect(it.permitted == open)
        #expect(it.unknown == unknown)
    }

    @Test func `an exception for a program may open any port`() {
        let it = WindowsVerdicts([
            "netsh firewall add portopening TCP 21 FTP",
            "netsh firewall add allowedprogram C:\\ftp\\ftpd.exe \"FTP server\" ENABLE",
        ])
        #expect(it.permitted == "21")
        #expect(it.unknown == "1-20,22-65535")
        #expect(it.state(2) == .notModelled)
        #expect(it.why(2).contains("ftpd.exe"))
    }

    @Test(arguments: [
        ("C:\\WINDOWS\\system32\\sessmgr.exe", ""), ("\"C:\\WINNT\\explorer.exe\"", ""),
        ("C:\\explorer.exe.exe", "1-20,22-65535"), ("C:\\sessmgr.exe\\f.exe", "1-20,22-65535"),
        ("C:\\temp\\explorer.exe", "1-20,22-65535"), ("explorer.exe", "1-20,22-65535"),
    ])
    func `one for a program of Windows that serves no FTP opens none of its ports`(
        _ program: String, _ unknown: String
    ) {
        let it = WindowsVerdicts([
            "netsh firewall add portopening TCP 21 FTP",
            "netsh firewall add allowedprogram \(program) x ENABLE",
        ])
        #expect(it.unknown == unknown)
        #expect(it.state(2) == (unknown.isEmpty ? .irrelevant : .notModelled))
    }

    @Test(arguments: [
        "set allowedprogram C:\\ftp\\ftpd.exe x DISABLE", "delete allowedprogram c:\\FTP\\ftpd.exe",
        "set opmode ENABLE DISABLE", "reset",
    ])
    func `an exception for a program can be taken back`(_ command: String) {
        let it = WindowsVerdicts([
            "netsh firewall add allowedprogram C:\\ftp\\ftpd.exe x", "netsh firewall \(command)",
        ])
        #expect(it.unknown == "")
    }

    @Test(arguments: [
        ("FILEANDPRINT", "139,445"), ("REMOTEDESKTOP", "3389"), ("REMOTEADMIN", "1-65535"),
    ])
    func `a service opens its own ports, if any`(_ service: String, _ unknown: String) {
        let it = WindowsVerdicts(["netsh firewall set service type = \(service) mode = ENABLE"])
        #expect(it.unknown == unknown)
        #expect(it.permitted == "")
    }

    @Test(arguments: [
        "New-NetFirewallRule -DisplayName a -Direction Inbound -Protocol TCP -LocalPort 21 -Action Block",
        "Remove-NetFirewallRule -DisplayName FTP",
        "Get-NetFirewallRule -DisplayName FTP | Disable-NetFirewallRule",
        "Get-NetFirewallRule; netsh advfirewall set allprofiles state on",
        "powershell -Command \"Set-NetFirewallProfile -All -Enabled True\"",
        "netsh -f more.txt", "netsh advfirewall import policy.wfw",
        "reg add HKLM\\SYSTEM\\CurrentControlSet\\Services\\SharedAccess\\Parameters\\FirewallPolicy\\PublicProfile /v DoNotAllowExceptions /t REG_DWORD /d 1",
    ])
    func `a command that isn't read may shut what others open, before it and behind`(
        _ command: String
    ) {
        let open = "netsh firewall add portopening TCP 21 FTP"
        let rule =
            "netsh advfirewall firewall add rule name=a dir=in action=allow protocol=TCP localport=22"
        for lines in [[open, rule, command], [command, open, rule]] {
            let it = WindowsVerdicts(lines)
            #expect(it.permitted == "")
            #expect(it.unknown == "1-65535")
        }
        #expect(WindowsVerdicts([command, "netsh advfirewall reset", open]).permitted == "21")
    }

    @Test(arguments: [
        "Get-NetFirewallRule -DisplayName FTP", "powershell -Command \"Show-NetFirewallRule\"",
        "reg query HKLM\\SYSTEM\\CurrentControlSet\\Services\\SharedAccess\\Parameters\\FirewallPolicy",
    ])
    func `a command that shows the firewall changes nothing`(_ command: String) {
        let it = WindowsVerdicts(["netsh firewall add portopening TCP 21 FTP", command])
        #expect(it.permitted == "21")
        #expect(it.unknown == "")
        #expect(it.state(2) == .irrelevant)
    }

    @Test func `a rule of PowerShell's that permits takes nothing away`() {
        let it = WindowsVerdicts([
            "netsh firewall add portopening TCP 21 FTP",
            "New-NetFirewallRule -DisplayName a -Direction Inbound -Protocol TCP -LocalPort 22",
        ])
        #expect(it.permitted == "21")
        #expect(it.unknown == "1-20,22-65535")
    }

    @Test func `a firewall that is off lets everything in`() {
        let it = WindowsVerdicts(["netsh firewall set opmode mode=DISABLE"])
        #expect(it.permitted == "1-65535")
        let perhaps = WindowsVerdicts(["if exist x netsh firewall set opmode DISABLE"])
        #expect(perhaps.unknown == "1-65535")
        let domain = WindowsVerdicts([
            "netsh firewall add portopening TCP 21 FTP",
            "netsh firewall set opmode mode=DISABLE profile=DOMAIN",
        ])
        #expect(domain.permitted == "21")
        #expect(domain.unknown == "1-20,22-65535")
    }

    @Test func `a transcript with a banner and prompts is read`() {
        let it = WindowsVerdicts(
            [
                "Microsoft Windows [Version 5.2.3790]", "(C) Copyright 1985-2003 Microsoft Corp.",
                "", "C:\\Documents and Settings\\x>netsh firewall add portopening TCP 21 FTP",
                "Ok.",
            ], file: "log.txt")
        #expect(it.permitted == "21")
        #expect(it.states == [.irrelevant, .irrelevant, .irrelevant, .used, .irrelevant])
    }

    @Test(arguments: [
        "FOR /L %%I IN (5001,0,5201) DO netsh firewall add portopening TCP %%I x",
        "FOR /L %%I IN (5001,1) DO netsh firewall add portopening TCP %%I x",
        "FOR /L %%I IN 5001,1,5201 DO netsh firewall add portopening TCP %%I x",
        "FOR /L %%I IN (5001,1,5201) netsh firewall add portopening TCP %%I x",
    ])
    func `a loop that cmd doesn't understand is invalid`(_ line: String) {
        let it = WindowsVerdicts([line])
        #expect(it.states == [.invalid])
        #expect(it.permitted == "")
    }

    @Test func `writes commands that it reads back alike`() {
        let change = Change.permit(PortSet("21,5001-5201") ?? PortSet(), to: IPAddress(v4: 1))
        let commands = NetshFirewallScript.fix(change, nil)?.commands ?? []
        #expect(WindowsVerdicts(commands, file: "x.txt").permitted == "21,5001-5201")
    }

    @Test func `no broken text makes it stumble`() {
        let text = Self.script.replacing("5201", with: "5003")
        WindowsVerdicts.batter(NetshFirewallScript.self, text)
    }
}
