import Capture
import Foundation
import Net

/// The frames of a capture, each handed over by itself, as an interface brings them; some are
/// lost.
final class Frames: PacketSource {
    static let lost: UInt64 = 7

    private let file: CaptureFile
    private let path: URL
    private var hasEnded = false
    /// From this frame on the clock stands half an hour back.
    private let setBack: Int
    /// With this frame it says that some were lost; at the end where there is no such.
    private let loss: Int
    /// With each frame another is lost.
    var losesOn = false
    private var dropped: UInt64 = 0
    var problems: [CaptureProblem] { file.problems }

    init(_ capture: [UInt8], setBackAt frame: Int = .max, losesAt loss: Int = .max) throws {
        setBack = frame
        self.loss = loss
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
        switch advance() {
        case .frame(let header):
            withBytes { batch.append(header, $0) }
            if header.number == loss { dropped = Self.lost }
            if losesOn { dropped += 1 }
        case .idle: break
        case .end:
            guard !hasEnded else { return false }
            hasEnded = true
            dropped = max(dropped, Self.lost)
        }
        batch.dropped = dropped
        return true
    }
}
