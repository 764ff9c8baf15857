import Foundation

/// Two network namespaces with a cable between them: clients on one end, a server on the other.
struct Laboratory {
    struct Failed: Error { var words: String }

    let server: String
    let client: String
    static let interface = "pin0"

    /// Why this machine has none; nil where it can.
    static let missing: String? = {
        guard getuid() == 0 else { return "not root" }
        do {
            for tool in [
                ["ip", "-V"], ["iptables-restore", "--version"], ["python3", "--version"],
            ] {
                try run(tool)
            }
            let name = "pinhole-try-\(getpid())"
            try run(["ip", "netns", "add", name])
            try run(
                ["ip", "netns", "exec", name, "iptables-restore"], input: "*filter\nCOMMIT\n")
            try run(["ip", "netns", "del", name])
            return nil
        } catch {
            return "no network namespaces with iptables here: \(error)"
        }
    }()

    init(clients: [String], address: String) throws {
        let id = getpid()
        server = "pinhole-s-\(id)"
        client = "pinhole-c-\(id)"
        try Self.run(["ip", "netns", "add", server])
        try Self.run(["ip", "netns", "add", client])
        try Self.run([
            "ip", "link", "add", Self.interface, "netns", server, "type", "veth", "peer", "name",
            Self.interface, "netns", client,
        ])
        try inside(server, ["ip", "addr", "add", "\(address)/32", "dev", Self.interface])
        for one in clients {
            try inside(client, ["ip", "addr", "add", "\(one)/32", "dev", Self.interface])
        }
        for name in [server, client] {
            try inside(name, ["ip", "link", "set", Self.interface, "up"])
            try inside(name, ["ip", "link", "set", "lo", "up"])
            try inside(name, ["ip", "route", "add", "default", "dev", Self.interface])
        }
    }

    func load(_ rules: String) throws { try inside(server, ["iptables-restore"], input: rules) }

    /// The probes (`SOURCE:PORT`) that were answered.
    func answered(_ probes: [String], at address: String) throws -> Set<String> {
        let script = URL(filePath: #filePath).deletingLastPathComponent().appending(
            path: "probe.py")
        let text = try inside(client, ["python3", script.path(), address] + probes)
        return Set(
            text.split(separator: "\n").compactMap { line in
                let words = line.split(separator: " ")
                return words.count == 2 && words[1] == "answered" ? String(words[0]) : nil
            })
    }

    func close() throws {
        try Self.run(["ip", "netns", "del", server])
        try Self.run(["ip", "netns", "del", client])
    }

    @discardableResult
    private func inside(
        _ name: String, _ words: [String], input: String? = nil
    ) throws -> String {
        try Self.run(["ip", "netns", "exec", name] + words, input: input)
    }

    @discardableResult
    private static func run(_ words: [String], input: String? = nil) throws -> String {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = words
        let (output, errors, feed) = (Pipe(), Pipe(), Pipe())
        process.standardOutput = output
        process.standardError = errors
        process.standardInput = feed
        try process.run()
        if let input { try feed.fileHandleForWriting.write(contentsOf: Data(input.utf8)) }
        try feed.fileHandleForWriting.close()
        let said = try output.fileHandleForReading.readToEnd() ?? Data()
        let complained = try errors.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw Failed(
                words: words.joined(separator: " ") + ": "
                    + String(decoding: complained, as: UTF8.self))
        }
        return String(decoding: said, as: UTF8.self)
    }
}
