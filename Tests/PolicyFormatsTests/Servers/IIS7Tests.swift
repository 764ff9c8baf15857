import Net
import Policy
import Testing

@testable import PolicyFormats

@Suite struct IIS7ApplicationHostTests {
    static func document(range: String, sites: String = "", defaults: String = "") -> String {
        """
        <?xml version="1.0" encoding="UTF-8"?>
        <configuration>
          <configSections>
            <section name="firewallSupport" allowDefinition="AppHostOnly" />
          </configSections>
          <system.applicationHost>
            <sites>
              \(sites)
              <siteDefaults>\(defaults)</siteDefaults>
            </sites>
          </system.applicationHost>
          <system.ftpServer>
            \(range)
          </system.ftpServer>
        </configuration>
        """
    }

    static func site(_ name: String, port: Int, address: String? = nil, ssl: String = "") -> String
    {
        let support = address.map { "<firewallSupport externalIp4Address=\"\($0)\" />" } ?? ""
        return """
            <site name="\(name)" id="2">
              <bindings>
                <binding protocol="ftp" bindingInformation="*:\(port):" />
                <binding protocol="http" bindingInformation="*:80:" />
              </bindings>
              <ftpServer>\(support)<security>\(ssl)</security></ftpServer>
            </site>
            """
    }

    private func read(_ text: String) throws -> Configuration {
        try Formats.read(file: "applicationHost.config", bytes: Array(text.utf8))
    }

    @Test(
        arguments: [
            (
                "<firewallSupport lowDataChannelPort=\"5000\" highDataChannelPort=\"6000\" />",
                .ports(5000...6000), .set
            ),
            (
                "<firewallSupport lowDataChannelPort=\"1025\" highDataChannelPort=\"1026\" />",
                .ports(1025...1026), .set
            ),
            (
                "<firewallSupport lowDataChannelPort=\"0\" highDataChannelPort=\"0\" />",
                .osDynamic(usual: 49152...65535), .set
            ),
            ("", .osDynamic(usual: 49152...65535), .default),
            ("<firewallSupport lowDataChannelPort=\"5000\" />", nil, .invalid),
            (
                "<firewallSupport lowDataChannelPort=\"6000\" highDataChannelPort=\"5000\" />", nil,
                .invalid
            ),
            (
                "<firewallSupport lowDataChannelPort=\"1024\" highDataChannelPort=\"5000\" />", nil,
                .invalid
            ),
            (
                "<firewallSupport lowDataChannelPort=\"x\" highDataChannelPort=\"5000\" />", nil,
                .invalid
            ),
        ] as [(String, ServerSettings.Passive?, ServerSettings.Origin)])
    func `takes the range that the service takes`(
        range: String, passive: ServerSettings.Passive?, origin: ServerSettings.Origin
    ) throws {
        let server = try read(Self.document(range: range)).server
        #expect(server?.passive == passive)
        #expect(server?.passiveFrom == origin)
    }

    @Test func `the address is the site's, else that of the defaults`() throws {
        let defaults = "<ftpServer><firewallSupport externalIp4Address=\"192.0.2.1\" /></ftpServer>"
        let inherited = try read(
            Self.document(range: "", sites: Self.site("a", port: 2121), defaults: defaults)
        ).server
        #expect(inherited?.advertisedAddress?.value == IPAddress("192.0.2.1"))
        #expect(inherited?.control.map(\.value) == [2121])
        let own = try read(
            Self.document(
                range: "", sites: Self.site("a", port: 21, address: "192.0.2.2"), defaults: defaults
            )
        ).server
        #expect(own?.advertisedAddress?.value == IPAddress("192.0.2.2"))
    }

    @Test func `a site that announces another address is a server of its own`() throws {
        let sites =
            Self.site("a", port: 21, address: "192.0.2.1") + "\n"
            + Self.site("b", port: 2121, address: "192.0.2.2") + "\n"
            + Self.site("c", port: 2122, address: "192.0.2.1")
        let read = try read(Self.document(range: "", sites: sites))
        #expect(read.server?.control.map(\.value) == [21, 2122])
        let head = read.notes.first { $0.text.contains("name=\"b\"") }
        #expect(read.notes.contains { $0.state == .notModelled && $0.line >= head?.line ?? 0 })
    }

    @Test(
        arguments: [
            ("<ssl controlChannelPolicy=\"SslRequire\" dataChannelPolicy=\"SslRequire\" />", .none),
            ("<ssl serverCertHash=\"00\" />", .required),
            ("<ssl serverCertHash=\"00\" controlChannelPolicy=\"SslAllow\" />", .optional),
            (
                "<ssl serverCertHash=\"00\" controlChannelPolicy=\"SslDeny\" dataChannelPolicy=\"SslDeny\" />",
                .none
            ),
        ] as [(String, ServerSettings.TLS)])
    func `TLS wants a certificate`(ssl: String, tls: ServerSettings.TLS) throws {
        let text = Self.document(range: "", sites: Self.site("a", port: 21, ssl: ssl))
        #expect(try read(text).server?.tls.value == tls)
    }

    @Test func `port 990 is implicit TLS`() throws {
        let site = Self.site("a", port: 990, ssl: "<ssl serverCertHash=\"00\" />")
        #expect(try read(Self.document(range: "", sites: site)).server?.tls.value == .implicit)
    }

    @Test func `a range in a location is without effect, and a part leaves it open`() throws {
        let location = """
            <configuration><location path="a"><system.ftpServer>
            <firewallSupport lowDataChannelPort="5000" highDataChannelPort="6000" />
            </system.ftpServer></location></configuration>
            """
        let read = try read(location)
        #expect(read.server?.passiveFrom == .unknown)
        #expect(read.notes[1].state == .invalid)
        for path in ["", "."] {
            let whole = location.replacing("path=\"a\"", with: "path=\"\(path)\"")
            #expect(try self.read(whole).server?.passive == .ports(5000...6000))
        }
        #expect(try self.read(Self.site("a", port: 21)).server?.passiveFrom == .unknown)
    }

    @Test func `no broken text makes it stumble`() {
        let text = Self.document(
            range: "<firewallSupport lowDataChannelPort=\"5000\" highDataChannelPort=\"6000\" />",
            sites: Self.site("a", port: 21, address: "192.0.2.1"))
        WindowsVerdicts.batter(
            IIS7ApplicationHost.self, text, file: "a.config", step: 5, broken: 100)
    }
}

@Suite struct IIS7AppcmdTests {
    private func read(_ lines: String...) throws -> Configuration {
        let text = lines.joined(separator: "\r\n")
        return try Formats.read(file: "ftp.cmd", bytes: Array(text.utf8))
    }

    @Test func `reads the range through variables, and the site`() throws {
        let read = try read(
            "@echo off", "set LOW=5000",
            "%windir%\\system32\\inetsrv\\appcmd.exe set config -section:system.ftpServer/firewallSupport /lowDataChannelPort:\"%LOW%\" /highDataChannelPort:6000 /commit:apphost",
            "appcmd add site /name:\"FTP\" /bindings:ftp://*:2121 /physicalPath:\"c:\\x\"",
            "appcmd set config -section:system.applicationHost/sites /[name='FTP'].ftpServer.firewallSupport.externalIp4Address:\"192.0.2.1\" /commit:apphost"
        )
        #expect(read.format == "iis7-appcmd")
        #expect(read.server?.passive == .ports(5000...6000))
        #expect(read.server?.control.map(\.value) == [2121])
        #expect(read.server?.advertisedAddress?.value == IPAddress("192.0.2.1"))
    }

    @Test func `what the caller gives leaves the range open`() throws {
        let read = try read(
            "appcmd set config -section:system.ftpServer/firewallSupport /lowDataChannelPort:%1 /highDataChannelPort:6000"
        )
        #expect(read.server?.passiveFrom == .unknown)
    }

    @Test func `a branch leaves the range open`() throws {
        let read = try read(
            "if exist c:\\x appcmd set config -section:system.ftpServer/firewallSupport /lowDataChannelPort:5000 /highDataChannelPort:6000"
        )
        #expect(read.server?.passiveFrom == .unknown)
    }

    @Test func `stands beside netsh in one script`() throws {
        let read = try read(
            "appcmd set config -section:system.ftpServer/firewallSupport /lowDataChannelPort:5000 /highDataChannelPort:5001",
            "netsh advfirewall firewall add rule name=x dir=in action=allow protocol=TCP localport=5000-5001"
        )
        #expect(read.kinds == [.server, .firewall])
        #expect(read.server?.passive == .ports(5000...5001))
        #expect(read.device != nil)
    }

    @Test func `what it writes is read as meant`() throws {
        let address = try #require(IPAddress("198.51.100.7"))
        let commands = [
            Change.setPassiveRange(5000...6000), .advertise(address), .refuseForeignPeers,
        ]
        .compactMap { IIS7Appcmd.fix($0, nil)?.commands }.flatMap(\.self)
        let settings = try Formats.read(
            file: "f.cmd", bytes: Array(commands.joined(separator: "\r\n").utf8)
        ).server
        #expect(settings?.passive == .ports(5000...6000))
        #expect(settings?.advertisedAddress?.value == address)
        #expect(IIS7Appcmd.fix(.setPassiveRange(1024...2000), nil) == nil)
    }
}

@Suite struct IIS7PowerShellTests {
    private func read(_ text: String) throws -> Configuration {
        try Formats.read(file: "ftp.ps1", bytes: Array(text.utf8))
    }

    @Test(arguments: [
        """
        $low = 5000
        Set-WebConfigurationProperty -PSPath 'IIS:\\' `
            -Filter "system.ftpServer/firewallSupport" `
            -Name lowDataChannelPort -Value $low
        Set-WebConfigurationProperty -Filter /system.ftpServer/firewallSupport -Name "highDataChannelPort" -Value 6000
        """,
        "Set-WebConfiguration \"/system.ftpServer/firewallSupport\" -PSPath \"IIS:\\\" -Value @{lowDataChannelPort=\"5000\";highDataChannelPort=\"6000\";}",
        "try {\n& $env:windir\\system32\\inetsrv\\appcmd.exe set config -section:system.ftpServer/firewallSupport /lowDataChannelPort:5000 /highDataChannelPort:6000\n} catch { }",
    ])
    func `takes the range in each of its forms`(text: String) throws {
        let read = try read(text)
        #expect(read.format == "iis7-powershell")
        #expect(read.server?.passive == .ports(5000...6000))
    }

    @Test func `reads sites`() throws {
        let settings = try read(
            """
            $name = "Demo"
            New-WebFtpSite -Name:$name -Port:2121 -PhysicalPath C:\\ftp -É:ß
            Set-ItemProperty "IIS:\\Sites\\$name" -Name ftpServer.firewallSupport.externalIp4Address -Value "192.0.2.1"
            """
        ).server
        #expect(settings?.control.map(\.value) == [2121])
        #expect(settings?.advertisedAddress?.value == IPAddress("192.0.2.1"))
    }

    @Test(arguments: [
        "if ($x) {\nSet-WebConfigurationProperty -Filter system.ftpServer/firewallSupport -Name lowDataChannelPort -Value 5000\n}",
        "Set-WebConfigurationProperty -Filter system.ftpServer/firewallSupport -Name lowDataChannelPort -Value $low",
        "Import-Module IISAdministration # system.ftpServer\n$section[\"lowDataChannelPort\"] = $low",
    ])
    func `what isn't known leaves the range open`(text: String) throws {
        #expect(try read(text).server?.passiveFrom == .unknown)
    }

    @Test func `what it writes is read as meant`() throws {
        let address = try #require(IPAddress("198.51.100.7"))
        let commands = [Change.setPassiveRange(5000...6000), .advertise(address)]
            .compactMap { IIS7PowerShell.fix($0, nil)?.commands }.flatMap(\.self)
        let settings = try read(commands.joined(separator: "\n")).server
        #expect(settings?.passive == .ports(5000...6000))
        #expect(settings?.advertisedAddress?.value == address)
    }

    @Test func `no broken text makes it stumble`() {
        WindowsVerdicts.batter(
            IIS7PowerShell.self,
            "$a = 1\nif ($a) {\nSet-WebConfiguration '/system.ftpServer/firewallSupport' -Value @{lowDataChannelPort=\"5000\";highDataChannelPort=$a}\n}\nNew-WebFtpSite -Name x -Port:21",
            file: "x.ps1")
    }
}
