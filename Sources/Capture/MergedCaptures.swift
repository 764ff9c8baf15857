import Net

/// Several captures as one: frames in the order of time, and at the same time in the order of
/// the captures. Inside a capture its own order stands.
public final class MergedCaptures: PacketSource {
    private var files: [CaptureFile]
    /// A heap of the files that have a frame, the earliest first.
    private var heads: [Head] = []
    private var current: Int?
    private var started = false

    private struct Head {
        var header: FrameHeader
        var file: Int

        static func < (a: Head, b: Head) -> Bool {
            a.header.time == b.header.time ? a.file < b.file : a.header.time < b.header.time
        }
    }

    public init(_ files: [CaptureFile]) { self.files = files }

    public var problems: [CaptureProblem] { files.flatMap(\.problems) }

    public var lost: [Int: UInt64] {
        files.reduce(into: [:]) { lost, file in lost.merge(file.lost) { max($0, $1) } }
    }

    public func advance() -> Step {
        if started {
            guard let current else { return .end }
            replaceTop(with: next(of: current))
        } else {
            started = true
            for index in files.indices {
                let wasParked = files[index].isParked
                if wasParked { files[index].resume() }
                if let head = wasParked ? first(of: index) : next(of: index) { push(head) }
                if wasParked { files[index].park() }
            }
        }
        current = heads.first?.file
        guard let head = heads.first else { return .end }
        if files[head.file].isParked { files[head.file].resume() }
        return .frame(head.header)
    }

    /// Bytes and frames after which a batch is handed over.
    private static let batchBytes = 1 << 18
    private static let batchFrames = 1 << 12

    public func fill(_ batch: inout FrameBatch) -> Bool {
        batch.removeAll()
        while batch.bytes.count < Self.batchBytes, batch.frames.count < Self.batchFrames,
            case .frame(let header) = advance(), let current
        {
            files[current].copy(header, into: &batch)
        }
        return !batch.frames.isEmpty
    }

    public func withBytes(_ body: (Span<UInt8>) -> Void) {
        guard let current else { return }
        files[current].withBytes(body)
    }

    private func next(of index: Int) -> Head? {
        guard case .frame(let header) = files[index].advance() else { return nil }
        return Head(header: header, file: index)
    }

    /// The frame at which `resume()` left a file.
    private func first(of index: Int) -> Head? {
        files[index].current.map { Head(header: $0, file: index) }
    }

    private func push(_ head: Head) {
        heads.append(head)
        var child = heads.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard heads[child] < heads[parent] else { return }
            heads.swapAt(child, parent)
            child = parent
        }
    }

    private func replaceTop(with head: Head?) {
        if let head {
            heads[0] = head
        } else {
            heads.swapAt(0, heads.count - 1)
            heads.removeLast()
        }
        var parent = 0
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2]
            where child < heads.count && heads[child] < heads[least] { least = child }
            guard least != parent else { return }
            heads.swapAt(parent, least)
            parent = least
        }
    }
}
