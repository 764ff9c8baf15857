import Foundation

/// A laboratory with a vsftpd on ports 21 and 2121 of the machine with the rules, and on port 21 of
/// one behind it.
struct FTPLaboratory {
    static let client = "198.51.100.1"

    /// A data port that was tried.
    struct Port {
        var port: UInt16
        var isOpen: Bool
    }

    let parts: Laboratory
    private let servers: [Process]
    private let folder: URL

    private static let program = [
        "/usr/sbin/vsftpd", "/var/cache/pinhole-lab/vsftpd/usr/sbin/vsftpd",
    ]
    .first { FileManager.default.isExecutableFile(atPath: $0) }

    /// Why this machine has none; nil where it can.
    static let missing: String? = {
        if let missing = Laboratory.missing { return missing }
        guard program != nil else { return "no vsftpd here; `make setup-lab` gets it" }
        do {
            try Laboratory.run(["openssl", "version"])
            let parts = try Laboratory(clients: [client], address: RandomRules.server)
            let loaded = Result {
                try parts.load(HelperCase.ofIptables[1].rules, by: .iptables)
                try parts.load(HelperCase.ofNft[1].rules, by: .nft)
            }
            try parts.close()
            try loaded.get()
            return nil
        } catch {
            return "no FTP helper in this kernel, or no openssl: \(error)"
        }
    }()

    init() throws {
        parts = try Laboratory(
            clients: [Self.client], address: RandomRules.server, behind: [RandomNftRules.inner])
        folder = FileManager.default.temporaryDirectory.appending(
            path: "pinhole-ftp-\(UUID().uuidString)")
        let root = folder.appending(path: "root")
        try FileManager.default.createDirectory(at: root, withIntermediateDirectories: true)
        let key = folder.appending(path: "key.pem").path()
        try Laboratory.run([
            "openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj",
            "/CN=ftp", "-keyout", key, "-out", key + ".crt",
        ])
        let settings = [
            // Not every machine has the user `ftp`; the home of `nobody` does not exist.
            "listen=YES", "background=NO", "seccomp_sandbox=NO", "anonymous_enable=YES",
            "ftp_username=daemon", "no_anon_password=YES",
            "anon_root=\(root.path())", "secure_chroot_dir=\(root.path())",
            "pasv_min_port=50000", "pasv_max_port=50999", "ssl_enable=YES", "allow_anon_ssl=YES",
            "rsa_cert_file=\(key).crt", "rsa_private_key_file=\(key)",
        ]
        let file = folder.appending(path: "vsftpd.conf")
        try Data((settings.joined(separator: "\n") + "\n").utf8).write(to: file)
        let words = [Self.program ?? "vsftpd", file.path()]
        servers = [
            try parts.start(words, behind: false),
            try parts.start(words + ["-olisten_port=2121"], behind: false),
            try parts.start(words, behind: true),
        ]
    }

    /// Whether the port that a session announced can be reached, and another.
    func session(_ one: HelperCase) throws -> (announced: Port, other: Port) {
        let script = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "ftp.py")
        var words = ["python3", script.path(), Self.client, one.destination]
        words += ["\(one.port)", one.command] + (one.tls ? ["tls"] : [])
        let said = try parts.ask(words)
        var ports: [String: Port] = [:]
        for line in said.split(separator: "\n") {
            let parts = line.split(separator: " ")
            guard parts.count == 3, let port = UInt16(parts[1]) else { continue }
            ports[String(parts[0])] = Port(port: port, isOpen: parts[2] == "answered")
        }
        guard let announced = ports["announced"], let other = ports["other"] else {
            throw Laboratory.Failed(words: "\(one.name): \(said)")
        }
        return (announced, other)
    }

    func close() throws {
        for server in servers {
            // It inherits what the tests' threads block: a milder signal may not come through.
            kill(server.processIdentifier, SIGKILL)
            server.waitUntilExit()
        }
        try FileManager.default.removeItem(at: folder)
        try parts.close()
    }
}
