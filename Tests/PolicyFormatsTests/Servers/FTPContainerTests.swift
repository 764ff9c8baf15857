import Net
import Policy
import Testing

@testable import PolicyFormats

@Suite struct FTPContainerTests {
    private func read(_ text: String, file: String = "compose.yml") throws -> Configuration {
        try Formats.read(file: file, bytes: Array(text.utf8))
    }

    @Test(arguments: [
        "    environment:\n      PASV_ADDRESS: 192.0.2.1\n      PASV_MIN_PORT: \"21200\"\n      PASV_MAX_PORT: 21210\n",
        "    environment:\n      - PASV_ADDRESS=192.0.2.1 # outside\n      - \"PASV_MIN_PORT=21200\"\n      - PASV_MAX_PORT=21210\n",
        "    environment:\n    - PASV_ADDRESS=192.0.2.1\n    - PASV_MIN_PORT=21200\n    - PASV_MAX_PORT=21210\n",
    ])
    func `reads a service's environment in each of its forms`(environment: String) throws {
        let read = try read(
            "services:\n  web:\n    image: nginx\n    environment:\n      PASV_MIN_PORT: 1\n  ftp:\n    image: fauria/vsftpd:latest\n\(environment)    ports:\n      - 21:21\n"
        )
        #expect(read.format == "ftp-container")
        #expect(read.server?.passive == .ports(21200...21210))
        #expect(read.server?.advertisedAddress?.value == IPAddress("192.0.2.1"))
    }

    @Test(
        arguments: [
            ("fauria/vsftpd", 21100...21110),
            ("docker.io/delfer/alpine-ftp-server:latest", 21000...21010),
            ("stilliard/pure-ftpd:hardened", 30000...30009),
        ] as [(String, ClosedRange<UInt16>)])
    func `an image has a range of its own`(image: String, range: ClosedRange<UInt16>) throws {
        let read = try read("services:\n  ftp:\n    image: \(image)\n")
        #expect(read.server?.passive == .ports(range))
        #expect(read.server?.passiveFrom == .default)
    }

    @Test func `reads docker run, its lines continued`() throws {
        let read = try read(
            "docker run -d -p 21:21 \\\n  -e PUBLICHOST=192.0.2.1 \\\n  -e FTP_PASSIVE_PORTS=31000:31009 \\\n  stilliard/pure-ftpd\n",
            file: "run.sh")
        #expect(read.server?.passive == .ports(31000...31009))
        #expect(read.server?.passiveSources.first?.line == 3)
        #expect(read.server?.advertisedAddress?.value == IPAddress("192.0.2.1"))
    }

    @Test func `flags of the command count more than the variable`() throws {
        let read = try read(
            "services:\n  ftp:\n    image: stilliard/pure-ftpd\n    environment:\n      FTP_PASSIVE_PORTS: 31000:31009\n      ADDED_FLAGS: \"-p 32000:32009 --tls=2\"\n"
        )
        #expect(read.server?.passive == .ports(32000...32009))
        #expect(read.server?.tls.value == .optional)
    }

    @Test(arguments: [
        "    image: fauria/vsftpd\n    environment:\n      PASV_MIN_PORT: ${LOW}\n",
        "    image: fauria/vsftpd\n    environment:\n      - PASV_MIN_PORT\n",
        "    image: fauria/vsftpd\n    volumes:\n      - ./vsftpd.conf:/etc/vsftpd/vsftpd.conf\n",
        "    image: example.org/our-ftp\n    environment:\n      PASV_MIN_PORT: 50000\n",
    ])
    func `what isn't known leaves the range open`(service: String) throws {
        let read = try read("services:\n  ftp:\n\(service)")
        #expect(read.server?.passiveFrom == .unknown)
        #expect(read.notes.contains { $0.state == .notModelled })
    }

    @Test func `a Dockerfile says what its command says`() throws {
        let known = try read(
            "FROM debian\nRUN apt-get install -y pure-ftpd\nCMD [\"pure-ftpd\", \"-p\", \"50000:50010\"]\n",
            file: "Dockerfile")
        #expect(known.server?.passive == .ports(50000...50010))
        let script = try read(
            "FROM debian\nRUN apt-get install -y vsftpd\nCMD /run.sh\n", file: "Dockerfile")
        #expect(script.server?.passiveFrom == .unknown)
    }

    @Test(arguments: [
        "services:\n  web:\n    image: nginx\n    command: ftp\n", "docker run nginx # ftp",
        "FROM nginx\nCOPY . /\nCMD [\"ftp\"]\n", "image: none\n",
    ])
    func `what serves no FTP is not recognised`(text: String) {
        #expect(FTPContainer.recognise(ConfigText(file: "f", text)) == .no)
    }

    @Test func `what it writes is read as meant`() throws {
        let before = try read("services:\n  ftp:\n    image: fauria/vsftpd\n")
        let address = try #require(IPAddress("198.51.100.7"))
        let lines = [Change.setPassiveRange(50000...50100), .advertise(address)]
            .compactMap { FTPContainer.fix($0, before)?.commands }.flatMap(\.self)
            .filter { !$0.hasPrefix("#") }.map { "      - \($0)" }
        let after = try read(
            "services:\n  ftp:\n    image: fauria/vsftpd\n    environment:\n\(lines.joined(separator: "\n"))\n"
        )
        #expect(after.server?.passive == .ports(50000...50100))
        #expect(after.server?.advertisedAddress?.value == address)
    }

    @Test(arguments: [
        "services:\n  ftp:\n    image: fauria/vsftpd\n    environment:\n      - PASV_MIN_PORT=1\n    command: [\"a\", \"b\"]\n",
        "docker run -e PASV_MIN_PORT=21000 \\\n -v a:b fauria/vsftpd x y\n",
        "FROM stilliard/pure-ftpd\nENV A=1 B=2\nENV C d\nCMD /run.sh -p 1:2\n",
    ])
    func `no broken text makes it stumble`(text: String) {
        WindowsVerdicts.batter(FTPContainer.self, text, file: "compose.yml")
    }
}

@Suite struct VsftpdCommandTests {
    private func read(_ line: String) -> Configuration {
        VsftpdCommand.read(ConfigText(file: "run.sh", line))
    }

    @Test func `options behind the file count`() {
        let settings = read(
            "exec /usr/sbin/vsftpd /etc/v.conf -opasv_min_port=21000 -opasv_max_port=21010 -opasv_address=192.0.2.1"
        ).server
        #expect(settings?.passive == .ports(21000...21010))
        #expect(settings?.advertisedAddress?.value == IPAddress("192.0.2.1"))
        #expect(settings?.passiveSources.map(\.line) == [1, 1])
    }

    @Test(arguments: [
        "vsftpd -opasv_min_port=21000 -opasv_max_port=21010",
        "vsftpd -opasv_min_port=21000 -opasv_max_port=21010 /etc/v.conf",
        "vsftpd /etc/v.conf -opasv_min_port=21000",
        "vsftpd /etc/v.conf -opasv_min_port=$LOW -opasv_max_port=2",
        "/usr/sbin/vsftpd",
    ])
    func `a file that is read later leaves the range open`(line: String) {
        #expect(read(line).server?.passiveFrom == .unknown)
    }

    @Test func `what it writes is read as meant`() {
        let options = VsftpdCommand.fix(.setPassiveRange(50000...50100), nil)?.commands.last ?? ""
        #expect(read("vsftpd /etc/v.conf \(options)").server?.passive == .ports(50000...50100))
    }

    @Test func `no broken text makes it stumble`() {
        WindowsVerdicts.batter(
            VsftpdCommand.self, "vsftpd /etc/v.conf -opasv_min_port=21000 -opasv_max_port=21010 &",
            file: "run.sh")
    }
}
