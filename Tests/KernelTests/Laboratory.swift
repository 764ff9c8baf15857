import Foundation
import Synchronization

/// Network namespaces with a cable between each and the next: clients, a server, and machines
/// behind it, to which it forwards.
struct Laboratory {
    struct Failed: Error { var words: String }

    /// What takes rules to the kernel.
    enum Tool: String { case iptables, nft }

    private let server: String
    private let client: String
    private let behind: String
    /// The server's interface to the clients.
    static let interface = "pin0"
    /// Its interface to the machines behind it.
    static let inside = "pin1"

    /// Laboratories of this process so far.
    private static let count = Atomic(0)

    /// Why this machine has none; nil where it can.
    static let missing: String? = {
        guard getuid() == 0 else { return "not root" }
        do {
            for tool in [
                ["ip", "-V"], ["iptables-restore", "--version"], ["nft", "--version"],
                ["python3", "--version"],
            ] {
                try run(tool)
            }
            let name = "pinhole-try-\(getpid())"
            try run(["ip", "netns", "add", name])
            try run(
                ["ip", "netns", "exec", name, "iptables-restore"], input: "*filter\nCOMMIT\n")
            try run(
                ["ip", "netns", "exec", name, "nft", "-f", "-"], input: "table inet t { }\n")
            try run(["ip", "netns", "del", name])
            return nil
        } catch {
            return "no network namespaces with iptables and nft here: \(error)"
        }
    }()

    init(clients: [String], address: String, behind machines: [String] = []) throws {
        let number = Self.count.add(1, ordering: .relaxed).newValue
        let id = "\(getpid())-\(number)"
        server = "pinhole-s-\(id)"
        client = "pinhole-c-\(id)"
        behind = "pinhole-b-\(id)"
        for name in [server, client, behind] { try Self.run(["ip", "netns", "add", name]) }
        let ends = [(client, Self.interface, clients), (behind, Self.inside, machines)]
        for (end, interface, addresses) in ends {
            try Self.run([
                "ip", "link", "add", interface, "netns", server, "type", "veth", "peer", "name",
                interface, "netns", end,
            ])
            for one in addresses {
                try inside(end, ["ip", "addr", "add", "\(one)/32", "dev", interface])
            }
        }
        try inside(
            server, ["ip", "addr", "add", "\(address)/32", "dev", Self.interface])
        try inside(server, ["sh", "-c", "echo 1 > /proc/sys/net/ipv4/ip_forward"])
        for (end, interface, addresses) in ends {
            for name in [server, end] {
                try inside(name, ["ip", "link", "set", interface, "up"])
                try inside(name, ["ip", "link", "set", "lo", "up"])
            }
            for one in addresses {
                try inside(server, ["ip", "route", "add", "\(one)/32", "dev", interface])
            }
            try inside(
                end, ["ip", "route", "add", "default", "via", address, "dev", interface, "onlink"])
        }
    }

    /// Puts these rules in the place of all that tool's rules.
    func load(_ rules: String, by tool: Tool) throws {
        switch tool {
        case .iptables:
            let none = "*raw\nCOMMIT\n*mangle\nCOMMIT\n*nat\nCOMMIT\n"
            try inside(server, ["iptables-restore"], input: none + rules)
        case .nft: try inside(server, ["nft", "-f", "-"], input: "flush ruleset\n" + rules)
        }
    }

    /// The rules of nft as the kernel lists them.
    func listing(json: Bool) throws -> String {
        try inside(server, ["nft"] + (json ? ["-j"] : []) + ["list", "ruleset"])
    }

    /// The probes that were answered.
    func answered(_ probes: [Probe]) throws -> Set<Probe> {
        let script = URL(filePath: #filePath).deletingLastPathComponent().appending(
            path: "probe.py")
        let text = try inside(client, ["python3", script.path()] + probes.map(\.description))
        let answered = Set(text.split(separator: "\n").map(String.init))
        return Set(probes.filter { answered.contains("\($0) answered") })
    }

    /// What a command of a client says.
    func ask(_ words: [String]) throws -> String { try inside(client, words) }

    /// Starts a program that stays: on the machine with the rules, or on one behind it.
    func start(_ words: [String], behind isBehind: Bool) throws -> Process {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["ip", "netns", "exec", isBehind ? behind : server] + words
        process.standardInput = FileHandle.nullDevice
        try process.run()
        return process
    }

    func close() throws {
        for name in [server, client, behind] { try Self.run(["ip", "netns", "del", name]) }
    }

    @discardableResult
    private func inside(
        _ name: String, _ words: [String], input: String? = nil
    ) throws -> String {
        try Self.run(["ip", "netns", "exec", name] + words, input: input)
    }

    @discardableResult
    static func run(_ words: [String], input: String? = nil) throws -> String {
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
