import Foundation

/// How far the captures are read, shown on a terminal when it takes longer than a second.
struct ReadingProgress {
    private let total: Int?
    private let isShown: Bool
    private let clock = ContinuousClock()
    private var next: ContinuousClock.Instant
    private var done = 0
    private var wasShown = false

    /// - Parameters:
    ///   - paths: Of the captures; where the size of one tells nothing, such as of a packed one or
    ///     a pipe, only what was read is shown.
    ///   - isWanted: Not where the user wants it quiet.
    init(_ paths: [String], isWanted: Bool) {
        isShown = isWanted && isatty(STDERR_FILENO) == 1
        let sizes = isShown ? paths.map(Self.size) : []
        total = sizes.contains(nil) ? nil : sizes.reduce(0) { $0 + ($1 ?? 0) }
        next = clock.now + .seconds(1)
    }

    private static func size(_ path: String) -> Int? {
        guard path != "-", ![".gz", ".zst", ".xz"].contains(where: path.hasSuffix),
            let size = CaptureReading.size(path), size > 0
        else { return nil }
        return Int(clamping: size)
    }

    /// Notes bytes that were read, and shows how far it is, five times a second at most.
    mutating func advance(_ bytes: Int) {
        guard isShown else { return }
        done += bytes
        let now = clock.now
        guard now >= next else { return }
        next = now + .milliseconds(200)
        wasShown = true
        Self.write("\r\(Self.text(done, of: total))\u{1b}[K")
    }

    /// Takes the line off the terminal.
    func finish() {
        if wasShown { Self.write("\r\u{1b}[K") }
    }

    static func text(_ done: Int, of total: Int?) -> String {
        func gigabytes(_ bytes: Int) -> String {
            String(format: "%.1f", Double(bytes) / 1e9)
        }
        guard let total, total > 0 else { return "\(gigabytes(done)) GB read" }
        let part = min(1, Double(done) / Double(total))
        let filled = Int(part * 30)
        let bar = String(repeating: "#", count: filled) + String(repeating: "-", count: 30 - filled)
        return "[\(bar)] \(Int(part * 100)) % of \(gigabytes(total)) GB"
    }

    private static func write(_ text: String) {
        FileHandle.standardError.write(Data(text.utf8))
    }
}
