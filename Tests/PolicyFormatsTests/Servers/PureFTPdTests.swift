import Net
import Policy
import Testing

@testable import PolicyFormats

@Suite struct PureFTPdTests {
    private func read(_ text: String) -> Configuration {
        PureFTPd.read(ConfigText(file: "pure-ftpd.conf", text))
    }

    @Test(
        arguments: [
            ("ChrootEveryone yes", 1024...65535), ("PassivePortRange 50000 50010", 50000...50010),
            ("passiveportrange\t50000\t50010\r\n", 50000...50010),
            ("PassivePortRange: 50000 50010", 50000...50010),
            ("PassivePortRange = 50000 50010", 50000...50010),
            ("PassivePortRange 40000 40010\nPassivePortRange 50000 50010", 50000...50010),
            ("PassivePortRange 050000 50000", 50000...50000),
        ] as [(String, ClosedRange<UInt16>)])
    func `takes the range that the server takes`(text: String, range: ClosedRange<UInt16>) {
        #expect(read(text).server?.passive == .ports(range))
    }

    @Test(arguments: [
        "PassivePortRange 50000:50010", "PassivePortRange 50000", "PassivePortRange 50010 50000",
        "PassivePortRange 500 600", "PassivePortRange 50000 70000", "NoSuchOption yes",
        "PassivePortRange 50000 50010 # c", "AnonymousOnly maybe", "TLS 4",
        "PassivePortRange \"50000 50010\"",
    ])
    func `a line that keeps the server from starting makes the range invalid`(text: String) {
        let configuration = read(text)
        #expect(configuration.server?.passiveFrom == .invalid)
        #expect(configuration.notes.map(\.state) == [.invalid])
    }

    @Test func `an include leaves an unset range open`() {
        #expect(read("Include more.conf").server?.passiveFrom == .unknown)
        #expect(
            read("Include more.conf\nPassivePortRange 50000 50010").server?.passive
                == .ports(50000...50010))
    }

    @Test func `of two forced addresses the first counts`() {
        let read = read("ForcePassiveIP 192.0.2.1\nForcePassiveIP 192.0.2.2\nBind ,2121\n")
        #expect(read.server?.advertisedAddress?.value == IPAddress("192.0.2.1"))
        #expect(read.notes.map(\.state) == [.used, .irrelevant, .used])
        #expect(read.server?.control.map(\.value) == [2121])
        #expect(self.read("ForcePassiveIP ftp.example.com").server?.advertisedName != nil)
    }

    @Test(arguments: ["Bind ,ftps", "Bind 192.0.2.1,0"])
    func `a control port by name or chance isn't known`(text: String) {
        #expect(read(text).notes.map(\.state) == [.notModelled])
        #expect(read("Bind 192.0.2.1").notes.map(\.state) == [.irrelevant])
    }

    @Test(
        arguments: [
            ("TLS 0", .none), ("TLS 1", .optional), ("TLS 2", .optional), ("TLS 3", .required),
        ]
            as [(String, ServerSettings.TLS)])
    func `TLS is required only for login and data`(text: String, tls: ServerSettings.TLS) {
        #expect(read(text).server?.tls.value == tls)
    }

    @Test func `of a line that keeps the server from starting it writes no range`() {
        func last(_ text: String) -> String? {
            PureFTPd.fix(.setPassiveRange(50000...50099), read(text))?.commands.last
        }
        #expect(last("PassivePortRange 50000 50010\nTLS 9") == "# mend or take out line 2: TLS 9")
        #expect(last("PassivePortRange 50000:50010") == "PassivePortRange 50000 50099")
    }

    @Test func `FXP counts for those who may log in`() {
        #expect(read("AllowUserFXP yes").server?.foreignActivePeers?.value == true)
        #expect(
            read("AllowUserFXP yes\nAnonymousOnly yes").server?.foreignActivePeers?.value == false)
        #expect(read("NATmode yes").server?.passiveDisabled?.value == true)
    }

    @Test func `what is once switched on stays so`() {
        let read = read("AllowUserFXP yes\nAllowUserFXP no\nNATmode no\nNATmode yes")
        #expect(read.server?.foreignActivePeers?.value == true)
        #expect(read.server?.passiveDisabled?.value == true)
        #expect(read.notes.map(\.state) == [.used, .irrelevant, .used, .used])
    }

    @Test func `an address is read as the C library reads it`() {
        for (text, address) in [("010.1.2.3", "8.1.2.3"), ("1.2.3", "1.2.0.3")] {
            let server = read("ForcePassiveIP \(text)").server
            #expect(server?.advertisedAddress?.value == IPAddress(address))
            #expect(server?.advertisedName == nil)
        }
    }

    @Test func `cPanel's file is read, its quotation marks and nulls too`() {
        let read = read(
            "---\nForcePassiveIP: ~\nPassivePortRange: '49152 65534'\nRootPassLogins: 'yes'\n")
        #expect(read.server?.passive == .ports(49152...65534))
        #expect(read.server?.advertisedName == nil)
        #expect(read.notes.map(\.state) == [.irrelevant, .irrelevant, .used, .notRecognised])
    }

    @Test func `recognises its own and leaves ProFTPD's alone`() {
        func sure(_ text: String) -> Recognition { PureFTPd.recognise(ConfigText(file: "f", text)) }
        #expect(sure("# c\nChrootEveryone yes\nPassivePortRange 1 2\n") == .certain)
        #expect(sure("ServerName x\nDefaultRoot ~\nPassivePorts 1 2\n") == .no)
        #expect(sure("Include a\nUmask 022\n") == .no)
    }

    @Test func `what it writes is read as meant`() throws {
        let before = read("PassivePortRange 40000 40010\n")
        let address = try #require(IPAddress("198.51.100.7"))
        let changes: [Change] = [
            .setPassiveRange(50000...50100), .advertise(address), .requireTLS, .refuseForeignPeers,
        ]
        let lines = changes.compactMap { PureFTPd.fix($0, before)?.commands }.flatMap(\.self)
        let after = read(lines.joined(separator: "\n")).server
        #expect(after?.passive == .ports(50000...50100))
        #expect(after?.advertisedAddress?.value == address)
        #expect(after?.tls.value == .required)
        #expect(
            PureFTPd.fix(.setPassiveRange(50000...50100), before)?.undo.contains(
                "PassivePortRange 40000 40010") == true)
    }

    @Test func `no broken text makes it stumble`() {
        WindowsVerdicts.batter(
            PureFTPd.self,
            "# c\nPassivePortRange 50000 50010\nForcePassiveIP 192.0.2.1\nTLS 1\nBind ,21\n",
            file: "pure-ftpd.conf")
    }
}

@Suite struct PureFTPdFolderTests {
    private func text(_ file: String, _ text: String) -> ConfigText { ConfigText(file: file, text) }

    @Test func `a file alone says its option, and that the others are missing`() {
        let range = PureFTPdFolder.read(text("conf/PassivePortRange", "29001 29999"))
        #expect(range.server?.passive == .ports(29001...29999))
        let address = PureFTPdFolder.read(text("conf/ForcePassiveIP", "192.0.2.1\n"))
        #expect(address.server?.passiveFrom == .unknown)
        #expect(address.server?.advertisedAddress?.value == IPAddress("192.0.2.1"))
    }

    @Test(arguments: [
        "conf/ForcePassiveIP:192.0.2.1\nconf/PassivePortRange:29001 29999\n",
        "==> conf/ForcePassiveIP <==\n192.0.2.1\n\n==> conf/PassivePortRange <==\n29001 29999\n",
    ])
    func `reads the folder as grep and tail print it`(listing: String) throws {
        let read = try Formats.read(file: "folder.txt", bytes: Array(listing.utf8))
        #expect(read.format == "pureftpd-folder")
        #expect(read.server?.passive == .ports(29001...29999))
        #expect(read.server?.advertisedAddress?.value == IPAddress("192.0.2.1"))
    }

    @Test func `files of a folder are read together`() throws {
        let read = try Formats.read(together: [
            ("etc/pure-ftpd/conf/TLS", Array("3\n".utf8)),
            ("etc/pure-ftpd/conf/PassivePortRange", Array("29001 29999".utf8)),
        ])
        #expect(read.server?.passive == .ports(29001...29999))
        #expect(read.server?.tls.value == .required)
    }

    @Test func `a comma is what the wrapper refuses`() {
        let read = PureFTPdFolder.read(text("conf/PassivePortRange", "29001,29999"))
        #expect(read.server?.passiveFrom == .invalid)
    }

    @Test func `what it writes is read as meant`() throws {
        let fix = try #require(PureFTPdFolder.fix(.setPassiveRange(50000...50100), nil))
        #expect(fix.commands == ["echo '50000 50100' > /etc/pure-ftpd/conf/PassivePortRange"])
        #expect(fix.undo == ["rm /etc/pure-ftpd/conf/PassivePortRange"])
        let read = PureFTPdFolder.read(text("/etc/pure-ftpd/conf/PassivePortRange", "50000 50100"))
        #expect(read.server?.passive == .ports(50000...50100))
    }

    @Test func `no broken text makes it stumble`() {
        WindowsVerdicts.batter(
            PureFTPdFolder.self, "==> conf/TLS <==\n1\nconf/PassivePortRange:29001 29999\n",
            file: "folder.txt")
    }
}

@Suite struct PureFTPdCommandTests {
    private func read(_ line: String) -> Configuration {
        PureFTPdCommand.read(ConfigText(file: "ps.txt", line))
    }

    @Test(arguments: [
        "pure-ftpd -p 50000:50010 -P 192.0.2.1 -Y 3 -S ,2121",
        "root 1 0 /usr/sbin/pure-ftpd -wEj -p50000:50010 -P192.0.2.1 -Y3 -S,2121 -B",
        "ExecStart=/usr/sbin/pure-ftpd --passiveportrange=50000:50010 --forcepassiveip 192.0.2.1 --tls=3 --bind=,2121",
        "pure-ftpd -p 40000:40010 -p 50000:50010 -P 192.0.2.1 -P 192.0.2.2 --tls 3 --bind ,2121",
    ])
    func `takes the options as the server takes them`(line: String) {
        let settings = read(line).server
        #expect(settings?.passive == .ports(50000...50010))
        #expect(settings?.advertisedAddress?.value == IPAddress("192.0.2.1"))
        #expect(settings?.tls.value == .required)
        #expect(settings?.control.map(\.value) == [2121])
    }

    @Test(arguments: [
        "pure-ftpd -p 50000-50010", "pure-ftpd -p 500:600", "pure-ftpd -%", "pure-ftpd -p",
    ])
    func `an option that it refuses makes the range invalid`(line: String) {
        #expect(read(line).server?.passiveFrom == .invalid)
    }

    @Test(arguments: [
        "pure-ftpd /etc/pure-ftpd.conf", "exec /usr/sbin/pure-ftpd $FLAGS",
        "/usr/sbin/pure-ftpd-wrapper", "pure-ftpd -p $RANGE",
    ])
    func `what stands elsewhere leaves the range open`(line: String) {
        #expect(read(line).server?.passiveFrom == .unknown)
        #expect(read(line).notes.map(\.state) == [.notModelled])
    }

    @Test func `a name in passing is no command`() {
        func sure(_ text: String) -> Recognition {
            PureFTPdCommand.recognise(ConfigText(file: "f", text))
        }
        #expect(sure("apt-get install pure-ftpd -y") == .no)
        #expect(sure("systemctl restart pure-ftpd") == .no)
        #expect(sure("pure-ftpd -p 50000:50010") == .certain)
    }

    @Test func `what it writes is read as meant`() {
        let fix = PureFTPdCommand.fix(.setPassiveRange(50000...50100), nil)
        let options = fix?.commands.filter { $0.hasPrefix("-") }.joined(separator: " ") ?? ""
        #expect(read("pure-ftpd \(options)").server?.passive == .ports(50000...50100))
    }

    @Test func `no broken text makes it stumble`() {
        WindowsVerdicts.batter(
            PureFTPdCommand.self, "/usr/sbin/pure-ftpd -wEj -p 50000:50010 --tls=3 -S ,2121 -B & x",
            file: "ps.txt")
    }
}
