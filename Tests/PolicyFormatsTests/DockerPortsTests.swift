import Net
import Policy
import Testing

@testable import PolicyFormats

@Suite struct DockerPortsTests {
    private let host = "203.0.113.5"

    private func verdicts(_ text: String) throws -> FirewallVerdicts {
        let read = try Formats.read(file: "compose.yml", bytes: Array(text.utf8))
        let format = try #require(Formats.named(read.format))
        return FirewallVerdicts(format, text)
    }

    private func compose(_ service: String, image: String = "fauria/vsftpd") throws
        -> FirewallVerdicts
    {
        try verdicts("services:\n  ftp:\n    image: \(image)\n\(service)")
    }

    @Test func `one file tells the server's range and what is published of it`() throws {
        let read = try compose(
            "    environment:\n      PASV_MIN_PORT: 21100\n      PASV_MAX_PORT: 21110\n    ports:\n      - \"21:21\"\n      - \"21100-21105:21100-21105\"\n"
        )
        #expect(read.configuration.format == "ftp-container")
        #expect(read.configuration.kinds == [.server, .nat])
        #expect(read.configuration.server?.passive == .ports(21100...21110))
        #expect(try read.ports(host) == "21,21100-21105")
        #expect(try read.ports(.denied, host).hasPrefix("1-20,22-21099"))
        #expect(try read.lines(host, 21100) == [9])
        #expect((4...9).allSatisfy { read.state($0) != .notRecognised })
        #expect(read.state(8) == .used)
    }

    @Test(
        arguments: [
            ("- 21:21", "21"), ("- \"2121:21/tcp\"", "2121"), ("- \"21:21/udp\"", ""),
            ("- 0.0.0.0:21:21", "21"), ("- 203.0.113.5:21:21", "21"),
            ("- 127.0.0.1:21:21", ""), ("- \"[::1]:21:21\"", ""),
            ("- 5000-5010:6000-6010", "5000-5010"),
            ("- {target: 21, published: 2121}", "2121"),
            ("- {target: 21, published: \"2121\", protocol: udp}", ""),
            ("- {target: 21, published: 21, host_ip: 127.0.0.1}", ""),
            ("- {target: 21, published: 21, mode: host}", "21"),
            ("- 5000-5010:6000-6020", ""), ("- 70000:21", ""),
        ] as [(String, String)])
    func `every form of a published port`(entry: String, ports: String) throws {
        let read = try compose("    ports:\n      \(entry)\n")
        #expect(try read.ports(host) == ports)
        #expect(try read.ports(.unknown, host) == "")
    }

    @Test(arguments: [
        "- 21", "- \"30000-30009\"", "- ${PORT:-21}:21", "- 5000-5010:21",
        "- {target: 21, published: \"$PORT\"}",
    ])
    func `a port that is chosen elsewhere is unknown`(entry: String) throws {
        let read = try compose("    ports:\n      - 990:990\n      \(entry)\n")
        #expect(try read.ports(host) == "990")
        #expect(try !read.ports(.unknown, host).isEmpty)
    }

    @Test func `ports arrive under the container's numbers`() throws {
        let read = try compose("    ports:\n      - 5000-5010:6000-6010\n      - 2121:21\n")
        #expect(try read.delivered(host, 5003) == "\(host):6003")
        #expect(try read.delivered(host, 2121) == "\(host):21")
    }

    @Test func `a container's fixed address is where it arrives`() throws {
        let read = try compose(
            "    ports:\n      - 21:21\n    networks:\n      lan:\n        ipv4_address: 172.20.0.5\nnetworks:\n  lan: {}\n"
        )
        #expect(try read.delivered(host, 21) == "172.20.0.5")
    }

    @Test func `what goes to another container is no way to the server`() throws {
        let read = try compose(
            "    ports:\n      - 21:21\n  web:\n    image: nginx\n    ports:\n      - 80:80\n")
        #expect(try read.ports(host) == "21")
        #expect(try read.ports(.unknown, host) == "80")
    }

    @Test func `a container in the host's network has all the host's ports`() throws {
        let read = try compose("    network_mode: host\n    ports:\n      - 21:21\n")
        #expect(try read.ports(host) == "1-65535")
        #expect(read.state(6) == .irrelevant)
    }

    @Test func `a container in another's network is reached at that one's ports`() throws {
        let read = try compose(
            "    network_mode: service:vpn\n  vpn:\n    image: vpn\n    ports:\n      - 21:21\n")
        #expect(try read.ports(host) == "21")
    }

    @Test(arguments: [
        "    ports:\n      - 21:21\n    extends: {file: base.yml, service: ftp}\n",
        "    ports:\n      - 21:21\ninclude:\n  - more.yml\n",
        "    ports:\n      - 21:21\n    networks: [lan]\nnetworks:\n  lan:\n    driver: macvlan\n",
    ])
    func `what other files or networks may open is unknown`(service: String) throws {
        let read = try compose(service)
        #expect(try read.ports(.unknown, host).contains("65535"))
        #expect(read.configuration.notes.contains { $0.state == .notModelled })
    }

    @Test func `a compose file without an FTP server is a hop alone`() throws {
        let read = try compose("    ports:\n      - 21:21\n", image: "example.org/files")
        #expect(read.configuration.format == "docker-ports")
        #expect(read.configuration.server == nil)
        #expect(try read.ports(host) == "21")
    }

    @Test(
        arguments: [
            ("docker run -d -p 21:21 -p 5000-5010:5000-5010 files", "21,5000-5010"),
            ("docker run -dp 21:21 \\\n  --publish=2121:21 files", "21,2121"),
            ("podman run --rm -p127.0.0.1:21:21 -p 990:990 files", "990"),
            ("docker run --network host -p 80:80 files", "1-65535"),
            ("docker run -d --net=host fauria/vsftpd", "1-65535"),
            ("docker run -d -p 21:21 -p 21100-21110:21100-21110 fauria/vsftpd", "21,21100-21110"),
            ("docker run -p 5000-5010:6000-6001 \\\n -p 21:21 \\\n fauria/vsftpd", ""),
        ] as [(String, String)])
    func `reads docker run`(command: String, ports: String) throws {
        #expect(try verdicts("#!/bin/sh\n\(command)\n").ports(host) == ports)
    }

    @Test func `all that is exposed may be at any port`() throws {
        let read = try verdicts("docker run -dP -p 21:21 files\n")
        #expect(try read.ports(host) == "21")
        #expect(try read.ports(.unknown, host) == "1-20,22-65535")
    }

    @Test func `reads what docker ps lists`() throws {
        let read = try verdicts(
            """
            CONTAINER ID   IMAGE           COMMAND    CREATED       STATUS       PORTS                                                                NAMES
            0123456789ab   fauria/vsftpd   "run.sh"   2 hours ago   Up 2 hours   20/tcp, 0.0.0.0:21->21/tcp, :::21->21/tcp, 0.0.0.0:21100-21110->21100-21110/tcp   ftp
            0123456789ac   nginx           "nginx"    2 hours ago   Up 2 hours   127.0.0.1:8080->80/tcp                                               web

            """)
        #expect(read.configuration.format == "docker-ports")
        #expect(try read.ports(host) == "21,21100-21110")
        #expect(try read.ports(.permitted, "2001:db8::5", from: "2001:db8::9") == "21")
    }

    static let inspection = """
        [{
            "Name": "/ftp",
            "HostConfig": { "NetworkMode": "bridge" },
            "Config": { "Image": "fauria/vsftpd" },
            "NetworkSettings": {
                "Ports": {
                    "20/tcp": null,
                    "21/tcp": [
                        { "HostIp": "0.0.0.0", "HostPort": "2121" },
                        { "HostIp": "::", "HostPort": "2121" }
                    ],
                    "69/udp": [ { "HostIp": "", "HostPort": "69" } ]
                },
                "Networks": { "bridge": { "IPAddress": "172.17.0.2" } }
            }
        }]
        """

    @Test func `reads what docker inspect prints`() throws {
        let read = try verdicts(Self.inspection)
        #expect(read.configuration.format == "docker-ports")
        #expect(try read.ports(host) == "2121")
        #expect(try read.delivered(host, 2121) == "172.17.0.2:21")
    }

    @Test func `what it writes is read as meant`() throws {
        let before = try compose("    ports:\n      - 21:21\n")
        let address = try #require(IPAddress(host))
        let wanted = try #require(PortSet("990,21100-21110"))
        let fix = FTPContainer.fix(.permit(wanted, to: address), before.configuration)
        let entries = try #require(fix).commands.filter { !$0.hasPrefix("#") }
            .map { "      \($0)\n" }.joined()
        let after = try compose("    ports:\n      - 21:21\n\(entries)")
        #expect(try after.ports(host) == "21,990,21100-21110")
    }

    @Test(arguments: [
        "services:\n  a:\n    image: x\n    <<: &b\n      ports: [21:21, {target: 1-9, published: 1-8}]\n    network_mode: host\n",
        "docker run -dp 1-65535:1-65535 -p [::1]:1:2/udp --net container:x \\\n -P files\n",
        "CONTAINER ID IMAGE PORTS\n1 2 0.0.0.0:65535->65535/tcp, :::1->-/tcp x\n", inspection,
    ])
    func `no broken text makes it stumble`(text: String) {
        WindowsVerdicts.batter(DockerPorts.self, text, file: "compose.yml", step: 7)
        WindowsVerdicts.batter(FTPContainer.self, text, file: "compose.yml", step: 29)
    }
}
