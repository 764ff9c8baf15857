import Net
import Policy
import Testing

@testable import PolicyFormats

@Suite struct ProFTPDTests {
    private func read(_ text: String, with others: [(String, String)] = []) -> Configuration {
        ProFTPD.read(
            ConfigText(file: "proftpd.conf", text),
            with: others.map { ConfigText(file: $0.0, $0.1) })
    }

    private func server(_ text: String) -> ServerSettings? { read(text).server }

    @Test(
        arguments: [
            ("PassivePorts 50000 50010", 50000...50010),
            ("passiveports \"50000\" \\\n  50010 # as it comes", 50000...50010),
            ("PassivePorts 50000 50010\nPassivePorts 40000 40010", 50000...50010),
            (
                "<Global>\nPassivePorts 40000 40010\n</Global>\nPassivePorts 50000 50010",
                50000...50010
            ),
            ("<Global>\nPassivePorts 40000 40010\n</Global>", 40000...40010),
            (
                "<Global>\nPassivePorts 40000 40010\n</Global>\n"
                    + "<Global>\nPassivePorts 50000 50010\nPassivePorts 2000 2010\n</Global>",
                50000...50010
            ),
            ("Passive\\\nPorts 50000 50010", 50000...50010),
            (
                "LoadModule mod_x.c\n<IfModule mod_x.c> # if\nPassivePorts 50000 50010\n</IfModule>",
                50000...50010
            ),
            ("<IfModule mod_core.c>\nPassivePorts 50000 50010\n</IfModule>", 50000...50010),
            (
                "LoadModule mod_x.c\n<IfModule mod_x.c>\nPassivePorts 50000 50010\n</IfModule>",
                50000...50010
            ),
            ("Define WAN\n<IfDefine WAN>\nPassivePorts 50000 50010\n</IfDefine>", 50000...50010),
        ] as [(String, ClosedRange<UInt16>)])
    func `takes the range that the server takes`(text: String, range: ClosedRange<UInt16>) {
        #expect(server(text)?.passive == .ports(range))
        #expect(server(text)?.passiveFrom == .set)
    }

    @Test(arguments: [
        "DefaultRoot ~", "<VirtualHost a>\nPort 0\nPassivePorts 50000 50010\n</VirtualHost>",
        "<IfModule !mod_core.c>\nPassivePorts 50000 50010\n</IfModule>",
    ])
    func `leaves the ports to the system where nothing sets them`(text: String) {
        #expect(server(text)?.passive == .osDynamic(usual: nil))
        #expect(server(text)?.passiveFrom == .default)
    }

    @Test(arguments: [
        "PassivePorts 50000 50000", "PassivePorts 50010 50000", "PassivePorts 500 600",
        "PassivePorts 50000", "PassivePorts 50000-50010", "PassivePorts 50000 70000",
        "<Anonymous ~ftp>\nPassivePorts 50000 50010\n</Anonymous>", "<Global>",
        "</Global>", "Port 99999", "PassivePorts 50000\\\n50010", "PassivePorts 50000 # 50010",
        "PassivePorts 50000\\ \n 50010", "TLSEngine auto", "TLSRequired CTRL+DATA",
        "TLSRequired data+ctrl", "LoadModule mod_tls", "LoadModule",
    ])
    func `a line that keeps the server from starting makes the range invalid`(text: String) {
        let configuration = read(text)
        #expect(configuration.server?.passiveFrom == .invalid)
        #expect(configuration.server?.passive == nil)
        #expect(configuration.notes.contains { $0.state == .invalid })
    }

    @Test(arguments: [
        "<IfModule mod_x.c>\nPassivePorts 50000 50010\n</IfModule>",
        "<IfModule mod_core>\nPassivePorts 50000 50010\n</IfModule>",
        "<IfDefine WAN>\nPassivePorts 50000 50010\n</IfDefine>",
        "<IfDefine WAN>\nPassivePorts 50000 50010\n</IfDefine>\nPassivePorts 40000 40010",
        "PassivePorts %{env:LOW} %{env:HIGH}", "PassivePorts {{ low }} {{ high }}",
    ])
    func `what depends on something unknown leaves the range open`(text: String) {
        let configuration = read(text)
        #expect(configuration.server?.passiveFrom == .unknown)
        #expect(configuration.server?.passive == nil)
        #expect(configuration.notes.contains { $0.state == .notModelled })
    }

    @Test func `an include that isn't there leaves an unset range open, and a set one as read`() {
        let unset = read("Include /etc/proftpd/conf.d/").server
        #expect(unset?.passive == .osDynamic(usual: nil))
        #expect(unset?.passiveFrom == .unknown)
        let set = read("Include /etc/proftpd/conf.d/\nPassivePorts 50000 50010")
        #expect(set.server?.passive == .ports(50000...50010))
        #expect(set.notes.map(\.state) == [.notModelled, .used])
    }

    @Test(arguments: [
        ("Include /etc/proftpd/conf.d/", "proftpd/conf.d/ports.conf"),
        ("Include /etc/proftpd/conf.d", "conf.d/ports.conf"),
        ("Include /etc/proftpd/*.conf", "etc/proftpd/ports.conf"),
        ("Include /etc/proftpd/ports.conf", "ports.conf"),
    ])
    func `an included file counts where it stands`(text: String, file: String) {
        let read = read(
            "\(text)\nPassivePorts 40000 40010\n",
            with: [(file, "PassivePorts 50000 50010\n"), ("other.txt", "PassivePorts 1 2\n")])
        #expect(read.server?.passive == .ports(50000...50010))
        #expect(read.server?.passiveSources.first?.file == file)
        #expect(read.notes.map(\.state) == [.used, .irrelevant])
    }

    /// ProFTPD 1.3.8 starts, and reads no line behind the `Include`.
    @Test func `what stands behind a fault in an included file isn't known`() {
        let read = read(
            "Include /etc/proftpd/conf.d/a.conf\nMasqueradeAddress 192.0.2.1\nTLSEngine on\n",
            with: [("conf.d/a.conf", "PassivePorts 1023 5000\n")])
        #expect(read.server?.passiveFrom == .invalid)
        #expect(read.server?.advertisedAddress == nil)
        #expect(read.server?.tlsProblem != nil)
        #expect(read.notes.map(\.state) == [.invalid, .notModelled, .notModelled])
        #expect(read.notes.first?.why.contains("or reads no line behind the Include") == true)
    }

    @Test(arguments: [
        "DenyAll", "Deny all", "Deny from all", "Order deny,allow\nDeny from all",
        "Order allow,deny\nDeny From All",
    ])
    func `commands are denied in several words`(text: String) {
        let limit = "<Limit PASV EPSV>\n\(text)\n</Limit>\nDefaultRoot ~"
        #expect(server(limit)?.passiveDisabled?.value == true)
    }

    @Test(arguments: ["", "Order deny,allow", "Deny from 192.0.2.1", "Allow 192.0.2.1\nDenyAll"])
    func `commands are not denied to everybody by others`(text: String) {
        let limit = "<Limit PASV EPSV>\n\(text)\n</Limit>\nDefaultRoot ~"
        #expect(server(limit)?.passiveDisabled == nil)
    }

    @Test func `a virtual server that differs is a server of its own`() {
        let read = read(
            """
            Port 2121
            PassivePorts 50000 50010
            <VirtualHost 192.0.2.1>
              Port 2122
            </VirtualHost>
            <VirtualHost 192.0.2.2>
              Port 2123
              PassivePorts 50000 50010
            </VirtualHost>
            """)
        #expect(read.server?.control.map(\.value) == [2121, 2123])
        #expect(read.notes[2].state == .notModelled)
        #expect(read.notes[2].why.contains("2122"))
        #expect(read.notes[5].state == .used)
    }

    @Test func `a virtual host answers at its address`() throws {
        let read = read(
            """
            PassivePorts 40000 40010
            <VirtualHost 192.0.2.2 2001:db8::2>
              PassivePorts 50000 50010
            </VirtualHost>
            <VirtualHost ftp.example.com>
              PassivePorts 60000 60010
            </VirtualHost>
            """)
        func range(_ address: String, _ control: [UInt16] = []) throws -> ServerSettings.Passive? {
            let address = try #require(IPAddress(address))
            return read.serving([address], control: control).server?.passive
        }
        #expect(try range("192.0.2.1") == .ports(40000...40010))
        #expect(try range("192.0.2.2") == .ports(50000...50010))
        #expect(try range("2001:db8::2", [21, 2121]) == .ports(50000...50010))
        #expect(try range("192.0.2.2", [2121]) == .ports(40000...40010))
        let there = read.serving([IPAddress(v4: 0xc000_0202)], control: [])
        #expect(
            ProFTPD.fix(.setPassiveRange(50000...50100), there)?.commands.dropFirst() == [
                "# in place of line 3: PassivePorts 50000 50010", "PassivePorts 50000 50100",
            ])
        #expect(
            ProFTPD.fix(.advertise(IPAddress(v4: 1)), there)?.commands.dropFirst() == [
                "# within line 2: <VirtualHost 192.0.2.2 2001:db8::2>", "MasqueradeAddress 0.0.0.1",
            ])
    }

    @Test func `a server that speaks SFTP has no control port`() {
        let sftp = """
            PassivePorts 50000 50010
            <VirtualHost 192.0.2.1>
              Port 2222
              SFTPEngine on
              PassivePorts 50000 50010
            </VirtualHost>
            """
        #expect(read(sftp).server?.control.map(\.value) == [21])
        #expect(read(sftp).notes[1].state == .irrelevant)
        let ftp = sftp.replacing("SFTPEngine on", with: "SFTPEngine off")
        #expect(read(ftp).server?.control.map(\.value) == [21, 2222])
        #expect(read("SFTPEngine on\n" + sftp).server?.passive == nil)
    }

    @Test func `what is changed stands where the server has it`() throws {
        let text = """
            Port 0
            AllowForeignAddress off
            <Global>
            PassivePorts 40000 40001
            </Global>
            <Global>
            PassivePorts 41000 41001
            </Global>
            <VirtualHost 203.0.113.10>
            Port 21
            AllowForeignAddress on
            </VirtualHost>
            """
        let read = read(text)
        #expect(read.server?.passive == .ports(41000...41001))
        let foreign = ProFTPD.fix(.refuseForeignPeers, read)?.commands
        #expect(
            foreign?.dropFirst() == [
                "# in place of line 11: AllowForeignAddress on", "AllowForeignAddress off",
            ])
        let range = ProFTPD.fix(.setPassiveRange(50000...50100), read)?.commands
        #expect(range?.contains("# in place of line 7: PassivePorts 41000 41001") == true)
        let address = ProFTPD.fix(.advertise(IPAddress(v4: 0xcb00_710a)), read)?.commands
        #expect(
            address?.dropFirst() == [
                "# within line 9: <VirtualHost 203.0.113.10>", "MasqueradeAddress 203.0.113.10",
            ])
    }

    @Test func `of a line that keeps the server from starting it writes no range`() {
        func commands(_ read: Configuration) -> [String]? {
            ProFTPD.fix(.setPassiveRange(50000...50099), read)?.commands
        }
        #expect(
            commands(read("PassivePorts 50000 50010\nTLSEngine auto"))
                == ["# in proftpd.conf", "# mend or take out line 2: TLSEngine auto"])
        let included = read("Include a.conf", with: [("a.conf", "PassivePorts 50010 50000")])
        #expect(
            commands(included)
                == ["# in a.conf", "# mend or take out line 1: PassivePorts 50010 50000"])
        #expect(commands(read("PassivePorts 50010 50000"))?.last == "PassivePorts 50000 50099")
    }

    @Test func `reads addresses, foreign peers and denied commands`() {
        let settings = server(
            """
            MasqueradeAddress 192.0.2.1
            MasqueradeAddress 192.0.2.2
            AllowForeignAddress on
            <Limit PORT EPRT>
              DenyAll
            </Limit>
            """)
        #expect(settings?.advertisedAddress?.value == IPAddress("192.0.2.1"))
        #expect(settings?.foreignActivePeers?.value == true)
        #expect(settings?.active.value == false)
        #expect(
            server("MasqueradeAddress ftp.example.com")?.advertisedName?.value == "ftp.example.com")
        #expect(server("MasqueradeAddress 2001:db8::1")?.advertisedAddress == nil)
        #expect(read("MasqueradeAddress 2001:db8::1").notes.map(\.state) == [.invalid])
        let off = server("<Limit PASV EPSV>\nDenyAll\n</Limit>\nDefaultRoot ~")
        #expect(off?.passiveDisabled?.value == true)
    }

    @Test func `unset, who may connect to a passive port isn't known`() {
        // ProFTPD 1.3.8 took a connection of another host, and with the line turned it away.
        let unset = server("PassivePorts 50100 50109")
        #expect(unset?.foreignPassivePeers == nil)
        #expect(unset?.foreignActivePeers?.value == false)
        #expect(server("AllowForeignAddress off")?.foreignPassivePeers?.value == false)
    }

    @Test func `an address is read as the C library reads it`() {
        for (text, address) in [("010.1.2.3", "8.1.2.3"), ("1.2.3", "1.2.0.3")] {
            let settings = server("MasqueradeAddress \(text)")
            #expect(settings?.advertisedAddress?.value == IPAddress(address))
            #expect(settings?.advertisedName == nil)
        }
    }

    @Test func `of several sections of all servers the last that says it counts`() {
        let read = read(
            "<Global>\nMasqueradeAddress 192.0.2.1\nAllowForeignAddress on\n</Global>\n<Global>\nMasqueradeAddress 192.0.2.2\n</Global>"
        )
        #expect(read.server?.advertisedAddress?.value == IPAddress("192.0.2.2"))
        #expect(read.server?.foreignActivePeers?.value == true)
        #expect(read.notes[1].state == .irrelevant)
        #expect(read.notes[5].state == .used)
    }

    @Test func `commands are denied where nothing beside lets them be used`() {
        let denied = "<Limit PASV,EPSV>\nDenyAll\n</Limit>\n"
        #expect(server(denied)?.passiveDisabled?.value == true)
        let limited = server(denied + "<Limit EPSV>\nAllowAll\n</Limit>\n")
        #expect(limited?.passiveDisabled == nil)
        let part = read("<Directory />\n\(denied)</Directory>")
        #expect(part.server?.passiveDisabled == nil)
        #expect(part.notes[1].state == .notModelled)
    }

    @Test(
        arguments: [
            ("DefaultRoot ~", .none), ("TLSEngine on", .optional), ("TLSEngine off", .none),
            ("TLSEngine on\nTLSRequired on", .required),
            ("TLSEngine on\nTLSRequired ctrl", .optional),
            ("TLSEngine on\nTLSRequired auth+data", .required),
            ("TLSEngine on\nTLSRequired both", .required),
            ("TLSEngine on\nTLSOptions NoSessionReuseRequired UseImplicitSSL", .implicit),
            ("<IfModule mod_tls.c>\nTLSEngine on\nTLSRequired on\n</IfModule>", .optional),
        ] as [(String, ServerSettings.TLS)])
    func `TLS is required only for login and data`(text: String, tls: ServerSettings.TLS) {
        #expect(server(text)?.tls.value == tls)
    }

    @Test func `a name that no module has is not recognised`() {
        #expect(read("PasivePorts 50000 50010").notes.map(\.state) == [.notRecognised])
    }

    @Test func `recognises its own and leaves Apache's and Pure-FTPd's files alone`() {
        func sure(_ text: String) -> Recognition { ProFTPD.recognise(ConfigText(file: "f", text)) }
        #expect(sure("ServerName x\nDefaultRoot ~\nPassivePorts 50000 50010\n") == .certain)
        #expect(
            sure("Include a\n<VirtualHost *:80>\nServerName x\nDocumentRoot /\n</VirtualHost>")
                == .no)
        #expect(sure("ChrootEveryone yes\nMaxLoad 4\nPassivePortRange 1 2\n") == .no)
        #expect(sure("#!/bin/sh\nPassivePorts 1 2\n") == .no)
    }

    @Test(arguments: ["DefaultRoot ~\n", "PassivePorts 40000 40010\nMasqueradeAddress 192.0.2.1\n"])
    func `what it writes is read as meant`(text: String) throws {
        let before = read(text)
        let address = try #require(IPAddress("198.51.100.7"))
        let changes: [Change] = [
            .setPassiveRange(50000...50100), .advertise(address), .requireTLS, .refuseActive,
            .refuseForeignPeers,
        ]
        let commands = changes.compactMap { ProFTPD.fix($0, before)?.commands }.flatMap(\.self)
        let after = server(commands.joined(separator: "\n"))
        #expect(after?.passive == .ports(50000...50100))
        #expect(after?.advertisedAddress?.value == address)
        #expect(after?.tls.value == .required)
        #expect(after?.active.value == false)
        let undo = ProFTPD.fix(.setPassiveRange(50000...50100), before)?.undo ?? []
        #expect(undo.contains("PassivePorts 40000 40010") == text.contains("40010"))
        #expect(ProFTPD.fix(.setPassiveRange(50000...50000), before) == nil)
    }

    @Test func `what stands in force already is not written again, what is refused is`() {
        func commands(_ text: String) -> [String]? {
            let read = ProFTPD.read(ConfigText(file: "f", "ServerType standalone\n" + text))
            return ProFTPD.fix(.setPassiveRange(50000...50100), read)?.commands
        }
        #expect(commands("PassivePorts  50000 50100") == [])
        let misplaced = commands("<Directory /srv>\n  PassivePorts 50000 50100\n</Directory>")
        #expect(misplaced?.last == "PassivePorts 50000 50100")
    }

    @Test func `no broken text makes it stumble`() {
        WindowsVerdicts.batter(
            ProFTPD.self,
            """
            Include /etc/a/*.conf
            <IfModule !mod_tls.c>
              PassivePorts 50000 \\
                50010
            </IfModule>
            <VirtualHost 192.0.2.1>
              Port 2122
              <Limit PASV EPSV>
                DenyAll
              </Limit>
            </VirtualHost>
            """, file: "proftpd.conf")
    }
}
