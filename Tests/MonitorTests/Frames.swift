import Capture
import Foundation

/// The frames of a capture, each handed over by itself, as an interface brings them; in the end it
/// says that some were lost.
final class Frames: PacketSource {
    static let lost = 7

    private let file: CaptureFile
    private let path: URL
    private var hasEnded = false
    var problems: [CaptureProblem] { file.problems }

    init(_ capture: [UInt8]) throws {
        path = FileManager.default.temporaryDirectory.appending(
            path: "pinhole-monitor-\(UUID().uuidString).pcap")
        try Data(capture).write(to: path)
        file = try CaptureFile(path: path.path, capture: 0)
    }

    deinit { try? FileManager.default.removeItem(at: path) }

    func advance() -> Step { file.advance() }
    func withBytes(_ body: (Span<UInt8>) -> Void) { file.withBytes(body) }

    func fill(_ batch: inout FrameBatch) -> Bool {
        batch.removeAll()
        batch.dropped = hasEnded ? UInt64(Self.lost) : 0
        switch advance() {
        case .frame(let header): withBytes { batch.append(header, $0) }
        case .idle: break
        case .end:
            guard !hasEnded else { return false }
            hasEnded = true
            batch.dropped = UInt64(Self.lost)
        }
        return true
    }
}
