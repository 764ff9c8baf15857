import Net
import Policy
import Testing

@testable import PolicyFormats

@Suite struct WindowsDynamicPortTests {
    private func read(_ text: String) throws -> Configuration {
        try Formats.read(file: "dynamicport.txt", bytes: Array(text.utf8))
    }

    @Test(
        arguments: [
            (
                "\nProtocol tcp Dynamic Port Range\n-----\nStart Port      : 49152\nNumber of Ports : 16384\n",
                49152...65535, .default
            ),
            (
                "C:\\>netsh int ipv4 show dynamicport tcp\nProtocol tcp Dynamic Port Range\n-----\nStart Port : 5000\nNumber of Ports : 1000\n",
                5000...5999, .set
            ),
            (
                "Protokoll tcp dynamischer Portbereich\n-----\nStartport          : 1025\nAnzahl von Ports : 3976\n",
                1025...5000, .set
            ),
            (
                "Plage de ports dynamique du protocole tcp\n-----\nPort de démarrage : 10000\nNombre de ports : 1000",
                10000...10999, .set
            ),
            (
                "DynamicPortRangeStartPort       : 49152\nDynamicPortRangeNumberOfPorts   : 16384\n",
                49152...65535, .default
            ),
        ] as [(String, ClosedRange<UInt16>, ServerSettings.Origin)])
    func `the range ends a port before start plus number`(
        text: String, range: ClosedRange<UInt16>, origin: ServerSettings.Origin
    ) throws {
        let read = try read(text)
        #expect(read.format == "windows-dynamicport")
        #expect(read.server?.passive == .ports(range))
        #expect(read.server?.passiveFrom == origin)
    }

    @Test func `a range beyond the last port is invalid`() throws {
        let read = try read(
            "Protocol tcp Dynamic Port Range\n---\nStart Port : 60000\nNumber of Ports : 9999\n")
        #expect(read.server?.passiveFrom == .invalid)
    }

    @Test func `UDP's table is none`() {
        let udp =
            "Protocol udp Dynamic Port Range\n---\nStart Port : 49152\nNumber of Ports : 16384\n"
        #expect(WindowsDynamicPort.recognise(ConfigText(file: "f", udp)) == .no)
    }

    @Test func `writes the service's own range, and gives the system's back`() throws {
        let service = WindowsDynamicPort.fix(.setPassiveRange(50000...50999), nil)
        #expect(service?.commands.last?.contains("/lowDataChannelPort:\"50000\"") == true)
        let shrunk = try read("netsh int ipv4 set dynamicport tcp start=50000 num=1000\n")
        let mended = WindowsDynamicPort.fix(.setPassiveRange(50000...50999), shrunk)
        #expect(
            mended?.commands.last == "netsh int ipv4 set dynamicport tcp start=49152 num=16384")
        #expect(mended?.undo.last == "netsh int ipv4 set dynamicport tcp start=50000 num=1000")
        let system = WindowsDynamicPort.fix(.setPassiveRange(49152...65535), nil)
        #expect(system?.commands == ["netsh int ipv4 set dynamicport tcp start=49152 num=16384"])
    }

    @Test(
        arguments: [
            ("netsh int ipv4 set dynamicport tcp start=50000 num=1000", 50000...50999),
            ("netsh int ipv4 set dynamicport tcp 50000 1000", 50000...50999),
            (
                "C:\\>netsh interface ipv4 set dynamicportrange protocol=tcp startport=5000 numberofports=255",
                5000...5254
            ),
            (
                "Set-NetTCPSetting -DynamicPortRangeStartPort 50000 -DynamicPortRangeNumberOfPorts 300",
                50000...50299
            ),
            ("netsh int ipv4 set dynamicport udp start=50000 num=1000", nil),
            ("rem netsh int ipv4 set dynamicport tcp start=50000 num=1000", nil),
            ("netsh int ipv4 set dynamicport tcp start=65000 num=1000", nil),
        ] as [(String, ClosedRange<UInt16>?)])
    func `reads the commands that set it`(_ line: String, _ range: ClosedRange<UInt16>?) throws {
        guard let range else {
            #expect(WindowsDynamicPort.recognise(ConfigText(file: "f", line)) == .no)
            return
        }
        let read = try read(line + "\n")
        #expect(read.format == "windows-dynamicport")
        #expect(read.server?.dynamicPorts?.value == range)
    }

    @Test func `no broken text makes it stumble`() {
        WindowsVerdicts.batter(
            WindowsDynamicPort.self,
            "Protocol tcp Dynamic Port Range\n-----\nStart Port : 5000\nNumber of Ports : 1000\n",
            file: "x.txt")
    }
}

@Suite struct WuFTPdTests {
    private func read(_ text: String) -> Configuration {
        WuFTPd.read(ConfigText(file: "ftpaccess", text))
    }

    @Test func `a range for everybody is the range`() {
        let read = read(
            "class all real,guest *\npassive ports 0.0.0.0/0 32768 36863\npassive address 192.0.2.1 0.0.0.0/0\n"
        )
        #expect(read.server?.passive == .ports(32768...36863))
        #expect(read.server?.advertisedAddress?.value == IPAddress("192.0.2.1"))
        #expect(read.notes.map(\.state) == [.irrelevant, .used, .used])
    }

    @Test(arguments: [
        "passive ports 10.0.0.0/8 90 100",
        "passive ports 0.0.0.0/0 32768 36863\npassive ports 10.0.0.0/8 90 100",
    ])
    func `ranges for several networks can't be told as one`(text: String) {
        #expect(read(text).server?.passiveFrom == .unknown)
        #expect(read(text).server?.passive == nil)
    }

    @Test func `addresses for several networks can't be told as one`() {
        let server = read(
            "passive address 10.0.1.15 10.0.0.0/8\npassive address 192.0.2.1 0.0.0.0/0"
        ).server
        #expect(server?.advertisedAddress == nil)
        #expect(server?.advertisedName != nil)
        #expect(read("passive address 0.0.0.0 0.0.0.0/0").server?.advertisedAddress == nil)
    }

    @Test(arguments: [
        "passive ports 0.0.0.0/0 200 100", "passive ports all 1 2", "passive ports",
        "passive address x 0.0.0.0/0",
    ])
    func `a broken line is invalid`(line: String) {
        #expect(read(line).notes.map(\.state) == [.invalid])
        #expect(read(line).server?.passiveFrom == .default)
    }

    @Test func `peers that are let in aren't known`() {
        let server = read("pasv-allow all 192.0.2.*\nloginfails 5").server
        #expect(server?.foreignPassivePeers == nil)
        #expect(server?.foreignActivePeers?.value == false)
    }

    @Test func `what it writes is read as meant`() throws {
        let address = try #require(IPAddress("198.51.100.7"))
        let lines = [Change.setPassiveRange(50000...50100), .advertise(address)]
            .compactMap { WuFTPd.fix($0, nil)?.commands }.flatMap(\.self)
        let server = read(lines.joined(separator: "\n")).server
        #expect(server?.passive == .ports(50000...50100))
        #expect(server?.advertisedAddress?.value == address)
    }

    @Test func `no broken text makes it stumble`() {
        WindowsVerdicts.batter(
            WuFTPd.self,
            "loginfails 5\npassive ports 0.0.0.0/0 32768 36863\npassive address 192.0.2.1 10.0.0.0/8\n",
            file: "ftpaccess")
    }
}

@Suite struct GlFTPdTests {
    private func read(_ text: String) -> Configuration {
        GlFTPd.read(ConfigText(file: "glftpd.conf", text))
    }

    @Test(
        arguments: [
            ("pasv_ports 6000-7000", 6000...7000),
            ("pasv_ports 6000-6500 6501-7000 # two", 6000...7000),
            ("pasv_ports 6000", 6000...6000),
        ] as [(String, ClosedRange<UInt16>)])
    func `takes ranges that follow on one another as one`(text: String, range: ClosedRange<UInt16>)
    {
        #expect(read(text).server?.passive == .ports(range))
    }

    @Test func `gaps can't be told as a range, and junk is invalid`() {
        #expect(read("pasv_ports 6000-6100 7000-7100").server?.passiveFrom == .unknown)
        #expect(read("pasv_ports x-y").server?.passiveFrom == .invalid)
        #expect(read("rootpath /").server?.passiveFrom == .default)
    }

    @Test func `recognises its own`() {
        let own =
            "sitename_long X\nmin_homedir /site\npasv_addr 192.0.2.1 1\npasv_ports 6000-7000\n"
        #expect(GlFTPd.recognise(ConfigText(file: "f", own)) == .certain)
        #expect(GlFTPd.recognise(ConfigText(file: "f", "pasv_address=1\nlisten=YES\n")) == .no)
    }

    @Test func `what it writes is read as meant`() throws {
        let address = try #require(IPAddress("198.51.100.7"))
        let lines = [Change.setPassiveRange(50000...50100), .advertise(address)]
            .compactMap { GlFTPd.fix($0, nil)?.commands }.flatMap(\.self)
        let server = read(lines.joined(separator: "\n")).server
        #expect(server?.passive == .ports(50000...50100))
        #expect(server?.advertisedAddress?.value == address)
    }

    @Test func `no broken text makes it stumble`() {
        WindowsVerdicts.batter(
            GlFTPd.self,
            "sitename_long X\nmin_homedir /\npasv_addr 1.2.3.4 1\npasv_ports 6000-7000 7001\n",
            file: "glftpd.conf")
    }
}

@Suite struct CrushFTPTests {
    private static func item(_ values: [(String, String)]) -> String {
        let lines = values.map { "<\($0.0)>\($0.1)</\($0.0)>" }.joined(separator: "\n")
        return "<server_list_subitem type=\"properties\">\n\(lines)\n</server_list_subitem>"
    }

    private static func document(_ items: String...) -> String {
        "<server_prefs type=\"properties\">\n<server_list type=\"vector\">\n\(items.joined(separator: "\n"))\n</server_list>\n</server_prefs>\n"
    }

    private func read(_ text: String) throws -> Configuration {
        try Formats.read(file: "prefs.XML", bytes: Array(text.utf8))
    }

    @Test func `reads the FTP item and leaves the others alone`() throws {
        let read = try read(
            Self.document(
                Self.item([("serverType", "HTTP"), ("port", "8080")]),
                Self.item([
                    ("serverType", "FTP"), ("port", "2121"), ("pasv_ports", "2000-2010"),
                    ("server_ip", "192.0.2.1"), ("explicit_tls", "true"),
                ])))
        #expect(read.server?.passive == .ports(2000...2010))
        #expect(read.server?.control.map(\.value) == [2121])
        #expect(read.server?.advertisedAddress?.value == IPAddress("192.0.2.1"))
        #expect(read.server?.tls.value == .optional)
    }

    @Test func `an address that it finds out isn't known, nor a range that isn't there`() throws {
        let server = try read(
            Self.document(
                Self.item([("serverType", "FTP"), ("port", "21"), ("server_ip", "auto")]))
        ).server
        #expect(server?.advertisedName?.value == "auto")
        #expect(server?.passiveFrom == .unknown)
    }

    @Test func `what it writes is read as meant`() throws {
        let fix = try #require(CrushFTP.fix(.setPassiveRange(50000...50100), nil))
        let text = Self.document(
            Self.item([("serverType", "FTP"), ("port", "21")]).replacing(
                "<port>", with: fix.commands.joined(separator: "\n") + "<port>"))
        #expect(try read(text).server?.passive == .ports(50000...50100))
    }

    @Test func `no broken text makes it stumble`() {
        WindowsVerdicts.batter(
            CrushFTP.self,
            Self.document(
                Self.item([("serverType", "FTP"), ("port", "21"), ("pasv_ports", "1-2")])),
            file: "prefs.XML")
    }
}

@Suite struct AWSTransferTests {
    private static func document(_ protocols: [String], address: String) -> String {
        """
        {
          "Server": {
            "Arn": "arn:aws:transfer:us-east-1:123456789012:server/s-01234567890abcdef",
            "ProtocolDetails": {
              "PassiveIp": "\(address)",
              "TlsSessionResumptionMode": "ENFORCED"
            },
            "Protocols": [
              \(protocols.map { "\"\($0)\"" }.joined(separator: ",\n      "))
            ],
            "ServerId": "s-01234567890abcdef"
          }
        }
        """
    }

    private func server(_ protocols: [String], address: String = "AUTO") throws -> ServerSettings? {
        let text = Self.document(protocols, address: address)
        return try Formats.read(file: "server.json", bytes: Array(text.utf8)).server
    }

    @Test(
        arguments: [(["FTP"], .none), (["FTPS"], .required), (["SFTP", "FTP", "FTPS"], .optional)]
            as [([String], ServerSettings.TLS)])
    func `the range is the service's own`(protocols: [String], tls: ServerSettings.TLS) throws {
        let server = try server(protocols)
        #expect(server?.passive == .ports(8192...8200))
        #expect(server?.tls.value == tls)
        #expect(server?.active.value == false)
    }

    @Test func `AUTO and zeros stand for the address that clients know`() throws {
        #expect(try server(["FTPS"])?.advertisedAddress == nil)
        #expect(try server(["FTPS"], address: "0.0.0.0")?.advertisedAddress == nil)
        #expect(
            try server(["FTPS"], address: "192.0.2.1")?.advertisedAddress?.value
                == IPAddress("192.0.2.1"))
    }

    @Test func `a server without FTP has no settings`() throws {
        #expect(try server(["SFTP"]) == nil)
    }

    @Test func `writes for the server that it read`() throws {
        let text = ConfigText(file: "f", Self.document(["FTPS"], address: "AUTO"))
        let address = try #require(IPAddress("198.51.100.7"))
        let fix = AWSTransfer.fix(.advertise(address), AWSTransfer.read(text))
        #expect(
            fix?.commands == [
                "aws transfer update-server --server-id s-01234567890abcdef --protocol-details PassiveIp=198.51.100.7"
            ])
        #expect(AWSTransfer.fix(.setPassiveRange(50000...50100), nil) == nil)
    }

    @Test func `no broken text makes it stumble`() {
        WindowsVerdicts.batter(
            AWSTransfer.self, Self.document(["FTPS"], address: "192.0.2.1"), file: "server.json")
    }
}
