import Capture
import Foundation
import Net

/// The frames of a capture, each handed over by itself, as an interface brings them; in the end it
/// says that some were lost.
final class Frames: PacketSource {
    static let lost = 7

    private let file: CaptureFile
    private let path: URL
    private var hasEnded = false
    /// From this frame on the clock stands half an hour back.
    private let setBack: Int
    var problems: [CaptureProblem] { file.problems }

    init(_ capture: [UInt8], setBackAt frame: Int = .max) throws {
        setBack = frame
        path = FileManager.default.temporaryDirectory.appending(
            path: "pinhole-monitor-\(UUID().uuidString).pcap")
        try Data(capture).write(to: path)
        file = try CaptureFile(path: path.path, capture: 0)
    }

    deinit { try? FileManager.default.removeItem(at: path) }

    func advance() -> Step {
        guard case .frame(var header) = file.advance() else { return .end }
        if header.number >= setBack { header.time = header.time.after(-1_800_000_000_000) }
        return .frame(header)
    }

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
