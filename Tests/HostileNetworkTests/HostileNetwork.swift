import Capture
import FTP
import Foundation
import Net

/// What a run of `network.py` left.
struct HostileNetwork {
    let sessions: [Session]
    private let folder: URL

    struct Session: Decodable {
        var port: UInt16
        var isWhole: Bool
        var channels: [Channel]
    }

    /// An announcement, and what became of it.
    struct Channel: Decodable, Equatable {
        var announcedBy: String
        var port: UInt16?
        var isUsed: Bool
        var transfer: String?
        var reply: Int?
        var toServer: UInt64?
        var toClient: UInt64?

        init(_ channel: DataChannel) {
            announcedBy = channel.announcedBy.rawValue
            port = channel.advertised?.port
            isUsed = channel.outcome == .established
            transfer = channel.transfer
            reply = channel.transferReply
            toServer = isUsed ? channel.bytesToServer : nil
            toClient = isUsed ? channel.bytesToClient : nil
        }
    }

    private static let vsftpd = [
        "/usr/sbin/vsftpd", "/var/cache/pinhole-lab/vsftpd/usr/sbin/vsftpd",
    ].first { FileManager.default.isExecutableFile(atPath: $0) }

    /// Why this machine has none; nil where it can.
    static let missing: String? = {
        guard getuid() == 0 else { return "not root" }
        guard vsftpd != nil else { return "no vsftpd here; `make setup-lab` gets it" }
        guard FileManager.default.fileExists(atPath: "/dev/net/tun") else {
            return "no TUN devices"
        }
        do {
            let name = "pinhole-try-tun-\(getpid())"
            try run(["ip", "netns", "add", name])
            try run(["ip", "netns", "del", name])
            try run(["python3", "--version"])
            return nil
        } catch {
            return "no network namespaces or no python3 here: \(error)"
        }
    }()

    private struct Failed: Error {
        var words: [String]
        var status: Int32
    }

    init(seed: Int) throws {
        folder = FileManager.default.temporaryDirectory.appending(
            path: "pinhole-network-\(getpid())-\(seed)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let script = URL(filePath: #filePath).deletingLastPathComponent().appending(
            path: "network.py")
        try Self.run(["python3", script.path(), folder.path(), "\(seed)", Self.vsftpd ?? ""])
        sessions = try JSONDecoder().decode(
            [Session].self, from: Data(contentsOf: folder.appending(path: "truth.json")))
    }

    func remove() { try? FileManager.default.removeItem(at: folder) }

    /// The records of the sessions by the client's port, from the captures of these ends without
    /// the frames that `isMissing`.
    func records(
        of ends: [String], isMissing: () -> Bool = { false }
    ) -> [UInt16: SessionRecord] {
        var records: [UInt16: SessionRecord] = [:]
        let extractor = SessionExtractor(captures: ends.count) { records[$0.client.port] = $0 }
        var set = CaptureSet(ends.map { folder.appending(path: "\($0).pcap").path() })
        let source = set.open()
        while case .frame(let header) = source.advance() {
            if !isMissing() { source.withBytes { extractor.consume(header, $0) } }
        }
        extractor.finish()
        return records
    }

    private static func run(_ words: [String]) throws {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = words
        process.standardOutput = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw Failed(words: words, status: process.terminationStatus)
        }
    }
}
