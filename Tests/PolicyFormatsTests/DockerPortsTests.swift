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

    @Test(
        arguments: [
            ("docker run -d --no-healthcheck -p 21:21 -p 990:990 stilliard/pure-ftpd", "21,990"),
            ("docker run -d -q -p 21:21 -p 990:990 stilliard/pure-ftpd", "21,990"),
            ("podman run -d -p 21:21 --replace -p 990:990 --name f stilliard/pure-ftpd", "21,990"),
            ("docker run -d -p=21:21 stilliard/pure-ftpd", "21"),
            ("docker run -d -p 21:21 pure-ftpd && docker run -d -p 990:990 pure-ftpd", "21,990"),
            ("docker run -d -p 21:21 ^\n -p 990:990 ^\n stilliard/pure-ftpd", "21,990"),
            ("docker run -d -p 21:21 pure-ftpd >log 2>&1; docker ps", "21"),
            ("docker network create lan\ndocker run --network lan -p 21:21 pure-ftpd", "21"),
            ("docker run -d -p 0:21 -p 990:990 pure-ftpd", "990"),
            ("docker run -d --name=$NAME -p 21:21 $REGISTRY/pure-ftpd", "21"),
        ] as [(String, String)])
    func `words of docker run that shape nothing are known`(command: String, ports: String) throws {
        #expect(try verdicts("#!/bin/sh\n\(command)\n").ports(host) == ports)
    }

    @Test(arguments: [
        "docker run -d --nonsense -p 990:990 stilliard/pure-ftpd",
        "docker run -d -p 21:21 $ARGS stilliard/pure-ftpd",
        "docker run -d -p 21:21 \"${EXTRA[@]}\" stilliard/pure-ftpd",
        "docker run -d -p 21:21 $(cat options) stilliard/pure-ftpd",
        "docker run -d -p 0:990 stilliard/pure-ftpd",
        "if [ $X = y ]; then docker run -d -p 990:990 stilliard/pure-ftpd; fi",
        "for p in 990; do\n docker run -d -p 990:990 stilliard/pure-ftpd\ndone",
        "false || docker run -d -p 990:990 stilliard/pure-ftpd",
        "start() {\n docker run -d -p 990:990 stilliard/pure-ftpd\n}",
        "exit 1\ndocker run -d -p 990:990 stilliard/pure-ftpd",
        "docker run -d --name f -p 990:990 stilliard/pure-ftpd\ndocker rm -f f",
        "docker run -d --name f -p 990:990 pure-ftpd\ndocker network disconnect bridge f",
        "docker run -d -p 990:990 pure-ftpd\ndocker stop $(docker ps -q)",
        "docker network create -d macvlan lan\ndocker run --network lan -p 990:990 pure-ftpd",
        "docker network create --internal lan\ndocker run --network lan -p 990:990 pure-ftpd",
        "docker run --network lan -p 990:990 pure-ftpd",
        "podman run --pod p -p 990:990 pure-ftpd",
    ])
    func `what isn't known of docker run is no permission, and no denial`(command: String) throws {
        let read = try verdicts("#!/bin/sh\n\(command)\n")
        let port = command.contains("0:990") ? "1990" : "990"
        let segments = try read.reach(host, ports: command.contains("990:990") ? "990" : port)
            .segments
        #expect(segments.map(\.verdict) == [.unknown])
        #expect(
            read.configuration.notes.contains {
                [.notModelled, .notRecognised].contains($0.state)
            } || command.contains("0:990"))
    }

    @Test(
        arguments: [
            (
                "x-a: &a\n  ports: [\"21:21\"]\nx-b: &b\n  <<: *a\n  image: vsftpd\nservices:\n  ftp:\n    <<: *b\n",
                "21", ""
            ),
            (
                "services:\n  ftp:\n    image: vsftpd\n    ports: [\"21:21\"]\n---\nservices:\n  ftp:\n    ports: [\"990:990\"]\n",
                "21,990", ""
            ),
            (
                "services:\n  ftp:\n    image: vsftpd\n    profiles: [never]\n    ports: [\"21:21\"]\n",
                "", "21"
            ),
            (
                "services:\n  ftp:\n    image: vsftpd\n    deploy: {replicas: 0}\n    ports: [\"21:21\"]\n",
                "", "21"
            ),
            (
                "services:\n  ftp:\n    image: vsftpd\n    networks: [a]\n    ports: [\"21:21\"]\nnetworks:\n  a: {internal: true}\n",
                "", "1-65535"
            ),
            (
                "services:\n  ftp:\n    image: vsftpd\n    networks: [a, b]\n    ports: [\"21:21\"]\nnetworks:\n  a: {internal: true}\n  b:\n",
                "21", ""
            ),
            (
                "services:\n  ftp:\n    image: vsftpd\n    networks: {a: {ipv4_address: 10.0.0.5}}\n    ports: [\"21:21\"]\nnetworks:\n  a: {external: true}\n",
                "", "1-65535"
            ),
            (
                "services:\n  ftp:\n    image: vsftpd\n    ports: [\"21:21\"]\nnetworks:\n  default: {driver: macvlan}\n",
                "", "1-65535"
            ),
            (
                "services:\n  ftp:\n    image: vsftpd\n    ports: [{target: 21, published: 21, protocol: TCP}]\n",
                "21", ""
            ),
            (
                "services:\n  ftp:\n    image: vsftpd\n    ports: [{target: 21, published: 0}]\n",
                "", "1024-65535"
            ),
            (
                "services:\n  ftp:\n    image: vsftpd\n    prots: [\"21:21\"]\n    ports: [\"21:21\"]\n",
                "", "1-65535"
            ),
            (
                "nonsense: 1\nservices:\n  ftp:\n    image: vsftpd\n    ports: [\"21:21\"]\n",
                "", "1-65535"
            ),
        ] as [(String, String, String)])
    func `what a compose file publishes`(text: String, ports: String, unknown: String) throws {
        let read = try verdicts(text)
        #expect(try read.ports(host) == ports)
        #expect(try read.ports(.unknown, host) == unknown)
    }

    @Test func `what isn't said of a container in a script leaves it as it is`() throws {
        let read = try verdicts(
            "#!/bin/sh\ndocker rm -f ftp\ndocker run -d --name ftp -p 21:21 pure-ftpd\ndocker rm -f web\nfrobnicate\n"
        )
        #expect(try read.ports(host) == "21")
        #expect(read.state(4) == .irrelevant)
        #expect(read.state(5) == .notRecognised)
    }

    @Test func `a key that compose doesn't know is not recognised`() throws {
        let read = try compose("    ports:\n      - 21:21\n    prots:\n      - 22:22\n")
        #expect(read.state(6) == .notRecognised)
        #expect(read.state(7) == .notRecognised)
    }

    @Test func `what docker inspect doesn't tell is unknown`() throws {
        func inspection(_ mode: String, _ networks: String, _ more: String = "") -> String {
            """
            [{"Name": "/ftp", "Config": {"Image": "fauria/vsftpd"},
              "HostConfig": {"NetworkMode": "\(mode)"},
              "NetworkSettings": {"Ports": {}, "Networks": {\(networks)}}}\(more)]
            """
        }
        let alone = try verdicts(inspection("container:abc", ""))
        #expect(try alone.ports(.unknown, host) == "1-65535")
        let vpn = """
            , {"Id": "abc", "Name": "/vpn", "Config": {"Image": "vpn"}, "HostConfig": {"NetworkMode": "bridge"},
              "NetworkSettings": {"Ports": {"21/tcp": [{"HostIp": "0.0.0.0", "HostPort": "21"}]}, "Networks": {}}}
            """
        #expect(try verdicts(inspection("container:abc", "", vpn)).ports(host) == "21")
        let lan = try verdicts(inspection("lan", "\"lan\": {\"IPAddress\": \"203.0.113.5\"}"))
        #expect(try lan.ports(.unknown, host) == "1-65535")
        #expect(try lan.ports(.denied, "203.0.113.6") == "1-65535")
    }

    @Test func `many shifted ranges stay within named limits`() throws {
        let entries = String(repeating: "      - '1000-9000:2000-10000'\n", count: 3000)
        let read = try compose("    ports:\n\(entries)")
        #expect(try read.ports(host) == "1000-9000")
        let crowd = String(repeating: "      - '127.0.0.1:1000:1000'\n", count: 20_000)
        #expect(try compose("    ports:\n\(crowd)").ports(.unknown, host) == "1-65535")
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
