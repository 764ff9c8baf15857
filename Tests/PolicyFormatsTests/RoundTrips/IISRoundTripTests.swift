import Net
import Policy
import Testing

@testable import PolicyFormats

/// A script of IIS: commands are run behind it. Its reader runs both.
@Suite struct IISRoundTripTests {
    static func script(_ format: any ConfigFormat.Type, _ file: String) -> ServerTrip {
        ServerTrip(format: format, file: file) { commands, text, _ in
            text + commands.joined(separator: "\n") + "\n"
        }
    }

    static let adsutil = #"cscript.exe %SystemDrive%\Inetpub\AdminScripts\adsutil.vbs"#
    static let range: [Change] = [.setPassiveRange(50000...50100), .setPassiveRange(5001...5001)]

    @Test(arguments: [
        "\(adsutil) set /MSFTPSVC/PassivePortRange \"5500-5520\"\n",
        "\(adsutil) set /MSFTPSVC/PassivePortRange \"7000\"\n",
    ])
    func `adsutil sets the range of IIS 6`(_ text: String) throws {
        for change in Self.range {
            try Self.script(IIS6Adsutil.self, "x.cmd").check(change, on: text)
        }
    }

    static let appcmd = #"%windir%\system32\inetsrv\appcmd.exe set config"#

    @Test(arguments: [
        "\(appcmd) -section:system.ftpServer/firewallSupport /lowDataChannelPort:\"40000\" /highDataChannelPort:\"40010\" /commit:apphost\n",
        "\(appcmd) -section:system.applicationHost/sites \"/siteDefaults.ftpServer.firewallSupport.externalIp4Address:192.0.2.1\" /commit:apphost\n",
        "\(appcmd) -section:system.applicationHost/sites \"/siteDefaults.ftpServer.security.ssl.controlChannelPolicy:SslAllow\" /commit:apphost\n\(appcmd) -section:system.applicationHost/sites \"/siteDefaults.ftpServer.security.ssl.dataChannelPolicy:SslAllow\" /commit:apphost\n",
    ])
    func `appcmd sets what IIS 7 does`(_ text: String) throws {
        for change in ServerTrip.changes.prefix(3) {
            try Self.script(IIS7Appcmd.self, "x.cmd").check(change, on: text)
        }
    }

    @Test(arguments: [
        "Set-WebConfigurationProperty -PSPath 'MACHINE/WEBROOT/APPHOST' -Filter 'system.ftpServer/firewallSupport' -Name 'lowDataChannelPort' -Value 40000\nSet-WebConfigurationProperty -PSPath 'MACHINE/WEBROOT/APPHOST' -Filter 'system.ftpServer/firewallSupport' -Name 'highDataChannelPort' -Value 40010\n"
    ])
    func `PowerShell sets what IIS 7 does`(_ text: String) throws {
        for change in ServerTrip.changes.prefix(3) {
            try Self.script(IIS7PowerShell.self, "x.ps1").check(change, on: text)
        }
    }

    // MARK: files

    /// `adsutil.vbs` on `MetaBase.xml`: the attribute of the service.
    static let metabase = ServerTrip(format: IIS6Metabase.self, file: "MetaBase.xml") {
        commands, text, _ in
        var text = text
        for command in commands {
            text = text.replacing(/\s*PassivePortRange="[^"]*"/, with: "")
            let head = "\(adsutil) set /MSFTPSVC/PassivePortRange "
            if command.hasPrefix(head) {
                let value = command.dropFirst(head.count)
                text = text.replacing(
                    "Location =\"/LM/MSFTPSVC\"",
                    with: "Location =\"/LM/MSFTPSVC\" PassivePortRange=\(value)")
            } else if command != "\(adsutil) delete /MSFTPSVC/PassivePortRange" {
                throw Refused(command)
            }
        }
        return text
    }

    @Test(arguments: [" PassivePortRange=\"5500-5520\"", "", " PassivePortRange=\"4000-4100\""])
    func `adsutil changes the metabase`(_ attribute: String) throws {
        let text = """
            <?xml version ="1.0"?>
            <configuration xmlns="urn:microsoft-catalog:XML_Metabase_V54_0"><MBProperty>
            <IIsFtpService Location ="/LM/MSFTPSVC"\(attribute)></IIsFtpService>
            <IIsFtpServer Location ="/LM/MSFTPSVC/1" ServerBindings=":2121:"></IIsFtpServer>
            </MBProperty></configuration>

            """
        let isBroken = attribute.contains("4000")
        for change in Self.range {
            try Self.metabase.check(change, on: text, isTakenBack: !isBroken)
        }
    }

    /// `reg add` and `reg delete` on an export of the key.
    static let registry = ServerTrip(format: IIS5Registry.self, file: "ftp.reg") {
        commands, text, _ in
        var lines = text.trippedLines
        let key = #"HKLM\SYSTEM\CurrentControlSet\Services\Msftpsvc\Parameters"#
        for command in commands {
            let line: String?
            let name: String
            if let match = command.wholeMatch(
                of: /reg add (\S+) \/v (\w+) \/t REG_SZ \/d (\S+) \/f/), match.1 == key
            {
                (name, line) = (String(match.2), "\"\(match.2)\"=\"\(match.3)\"")
            } else if let match = command.wholeMatch(
                of: /reg add (\S+) \/v (\w+) \/t REG_DWORD \/d (\d) \/f/), match.1 == key
            {
                (name, line) = (String(match.2), "\"\(match.2)\"=dword:0000000\(match.3)")
            } else if let match = command.wholeMatch(of: /reg delete (\S+) \/v (\w+) \/f/),
                match.1 == key, lines.contains(where: { $0.hasPrefix("\"\(match.2)\"=") })
            {
                (name, line) = (String(match.2), nil)
            } else {
                throw Refused(command)
            }
            lines.removeAll { $0.hasPrefix("\"\(name)\"=") }
            if let line { lines.append(line) }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    @Test(arguments: [
        "", "\"PassivePortRange\"=\"5500-5520\"\n", "\"EnablePasvTheft\"=dword:00000001\n",
        "\"EnablePasvTheft\"=dword:00000000\n",
    ])
    func `reg changes the parameters of IIS 5`(_ values: String) throws {
        let text =
            "Windows Registry Editor Version 5.00\n\n[HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Services\\Msftpsvc\\Parameters]\n\(values)"
        for change in Self.range { try Self.registry.check(change, on: text) }
        try Self.registry.check(.refuseForeignPeers, on: text, wanted: ["foreignPassive": "false"])
    }
}
