import Net
import Policy
import Testing

@testable import PolicyFormats

@Suite struct FileZilla09Tests {
    private static func document(_ items: [String: String]) -> String {
        let lines = items.sorted { $0.key < $1.key }.map {
            "        <Item name=\"\($0.key)\" type=\"string\">\($0.value)</Item>"
        }
        return
            "<FileZillaServer>\n    <Settings>\n\(lines.joined(separator: "\n"))\n    </Settings>\n</FileZillaServer>\n"
    }

    private func server(_ items: [String: String]) throws -> ServerSettings? {
        try Formats.read(file: "FileZilla Server.xml", bytes: Array(Self.document(items).utf8))
            .server
    }

    @Test(
        arguments: [
            (
                [
                    "Use custom PASV ports": "1", "Custom PASV min port": "50000",
                    "Custom PASV max port": "50100",
                ], 50000...50100
            ),
            (
                [
                    "Use custom PASV ports": "1", "Custom PASV min port": "50100",
                    "Custom PASV max port": "50000",
                ], 50000...50100
            ),
            (
                [
                    "Use custom PASV ports": "1", "Custom PASV min port": "0",
                    "Custom PASV max port": "99999",
                ], 1...65535
            ),
        ] as [([String: String], ClosedRange<UInt16>)])
    func `takes the range that the server takes`(
        items: [String: String], range: ClosedRange<UInt16>
    ) throws {
        #expect(try server(items)?.passive == .ports(range))
    }

    @Test func `bounds without the switch count for nothing`() throws {
        let settings = try server([
            "Custom PASV min port": "50000", "Custom PASV max port": "50100",
        ])
        #expect(settings?.passive == .osDynamic(usual: 49152...65535))
        #expect(settings?.passiveFrom == .default)
    }

    @Test func `the address counts by its type`() throws {
        let address = [
            "Custom PASV IP": "192.0.2.1", "Custom PASV IP server": "http://ip.example/",
        ]
        #expect(try server(address)?.advertisedAddress == nil)
        let fixed = try server(address.merging(["Custom PASV IP type": "1"]) { $1 })
        #expect(fixed?.advertisedAddress?.value == IPAddress("192.0.2.1"))
        let asked = try server(address.merging(["Custom PASV IP type": "2"]) { $1 })
        #expect(asked?.advertisedName?.value == "http://ip.example/")
    }

    @Test func `without AUTH there is TLS on implicit ports alone`() throws {
        let tls = ["Serverports": "21", "Enable SSL": "1", "Allow explicit SSL": "0"]
        #expect(try server(tls)?.tls.value == ServerSettings.TLS.none)
        let both = tls.merging(["Implicit SSL ports": "990"]) { $1 }
        #expect(try server(both)?.tls.value == .optional)
        #expect(try server(both)?.control.map(\.value) == [21, 990])
    }

    @Test func `reads control ports and TLS`() throws {
        let tls = [
            "Serverports": "21 2121", "Enable SSL": "1", "Implicit SSL ports": "990",
            "Force explicit SSL": "1", "Force PROT P": "1", "Check data connection IP": "0",
        ]
        let settings = try server(tls)
        #expect(settings?.control.map(\.value) == [21, 2121, 990])
        #expect(settings?.tls.value == .required)
        #expect(settings?.foreignPassivePeers?.value == true)
        #expect(try server(["Implicit SSL ports": "990"])?.control.map(\.value) == [21])
    }

    @Test func `what it writes is read as meant`() throws {
        let address = try #require(IPAddress("198.51.100.7"))
        let changes: [Change] = [
            .setPassiveRange(50000...50100), .advertise(address), .requireTLS, .refuseForeignPeers,
        ]
        let lines = changes.compactMap { FileZilla09.fix($0, nil)?.commands }.flatMap(\.self)
        let text =
            "<FileZillaServer><Settings>\n\(lines.joined(separator: "\n"))\n</Settings></FileZillaServer>"
        let settings = FileZilla09.read(ConfigText(file: "f", text)).server
        #expect(settings?.passive == .ports(50000...50100))
        #expect(settings?.advertisedAddress?.value == address)
        #expect(settings?.tls.value == .required)
    }

    @Test func `no broken text makes it stumble`() {
        WindowsVerdicts.batter(
            FileZilla09.self,
            Self.document([
                "Use custom PASV ports": "1", "Custom PASV min port": "5", "Serverports": "21 990",
            ]),
            file: "x.xml")
    }
}

@Suite struct FileZilla1Tests {
    private static func document(_ pasv: String, listeners: String = "") -> String {
        """
        <?xml version="1.0" encoding="UTF-8" standalone="yes"?>
        <filezilla xmlns:fz="https://filezilla-project.org" fz:product_version="1.8.0">
          <ftp_server>
            \(listeners)
            <session>
              <pasv>
                \(pasv)
              </pasv>
            </session>
          </ftp_server>
        </filezilla>
        """
    }

    private func server(_ pasv: String, listeners: String = "") throws -> ServerSettings? {
        let text = Self.document(pasv, listeners: listeners)
        return try Formats.read(file: "settings.xml", bytes: Array(text.utf8)).server
    }

    @Test(
        arguments: [
            ("<port_range><min>50000</min><max>50100</max></port_range>", 50000...50100),
            ("<port_range><min>50100</min><max>50000</max></port_range>", 50000...50100),
            ("<port_range><min>50000</min></port_range>", 50000...65534),
            ("<port_range/>", 49152...65534),
        ] as [(String, ClosedRange<UInt16>)])
    func `takes the range that the server takes`(pasv: String, range: ClosedRange<UInt16>) throws {
        #expect(try server(pasv)?.passive == .ports(range))
    }

    @Test func `without a range the system hands ports out`() throws {
        #expect(
            try server("<host_override></host_override>")?.passive
                == .osDynamic(usual: 49152...65535))
        #expect(try server("<host_override></host_override>")?.advertisedName == nil)
        #expect(
            try server("<host_override>ftp.example</host_override>")?.advertisedName?.value
                == "ftp.example")
    }

    @Test(
        arguments: [
            (["0"], .optional), (["1"], .implicit), (["2"], .required), (["2", "0"], .optional),
        ]
            as [([String], ServerSettings.TLS)])
    func `listeners tell control ports and TLS`(modes: [String], tls: ServerSettings.TLS) throws {
        let listeners = modes.enumerated().map {
            "<listener><port>\(2121 + $0.offset)</port><tls_mode>\($0.element)</tls_mode></listener>"
        }.joined(separator: "\n")
        let settings = try server("", listeners: listeners)
        #expect(settings?.tls.value == tls)
        #expect(settings?.control.map(\.value) == modes.indices.map { UInt16(2121 + $0) })
    }

    @Test func `a file of its users is none`() {
        let users = "<filezilla><user name=\"a\"/></filezilla>"
        #expect(FileZilla1.recognise(ConfigText(file: "users.xml", users)) == .no)
    }

    @Test func `what it writes is read as meant`() throws {
        let address = try #require(IPAddress("198.51.100.7"))
        let lines = [Change.setPassiveRange(50000...50100), .advertise(address)]
            .compactMap { FileZilla1.fix($0, nil)?.commands }.flatMap(\.self)
        let settings = try server(lines.joined(separator: "\n"))
        #expect(settings?.passive == .ports(50000...50100))
        #expect(settings?.advertisedAddress?.value == address)
    }

    @Test func `no broken text makes it stumble`() {
        WindowsVerdicts.batter(
            FileZilla1.self,
            Self.document(
                "<port_range><min>50000</min><max>50100</max></port_range>",
                listeners: "<listener><port>21</port><tls_mode>2</tls_mode></listener>"),
            file: "settings.xml", step: 3)
    }
}
