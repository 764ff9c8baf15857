import Capture
import FTP
import Net
import Streams

/// Captures on their way to a distilled one.
struct Distillation {
    private(set) var problems: [CaptureProblem] = []
    private let spooled: SpooledCaptures
    private let distiller: Distiller
    private let sources: [CaptureSet.Source]
    /// Beside `sources`: what a distilled capture says of its original.
    private let origins: [DistilledOrigin?]
    private let coverage: [Coverage]

    var keptFrames: Int { distiller.keptFrames }
    var frames: Int { coverage.reduce(0) { $0 + $1.frames } }
    var sessions: Int { distiller.sessions }
    /// What was not read of the originals of distilled captures: sentences.
    var problemsBefore: [String] {
        var sentences: [String] = []
        for sentence in origins.compactMap({ $0?.sentences }).joined()
        where !sentences.contains(sentence) { sentences.append(sentence) }
        return sentences
    }
    /// Whether some input was not read to its end, now or before.
    var isPartial: Bool { !problems.isEmpty || !problemsBefore.isEmpty }
    /// Whether not one frame could be had.
    var isUseless: Bool { coverage.allSatisfy(\.isUseless) && !problems.isEmpty }

    /// Reads the captures to know what to keep.
    ///
    /// `controlPorts` are where servers listen, beside the usual ports.
    init(_ spooled: SpooledCaptures, _ limits: Limits, controlPorts: [UInt16]) {
        self.spooled = spooled
        var set = spooled.set
        let source = set.open()
        let distiller = Distiller(
            captures: set.captures.count, limits: limits,
            controlPorts: SessionExtractor.usualControlPorts.union(controlPorts))
        Self.read(source, distiller.survey)
        sources = set.captures
        origins = sources.map { $0.origin.flatMap(DistilledOrigin.init(comment:)) }
        let ends = zip(origins, distiller.coverage).map { ($0?.coverage ?? $1).last }
        distiller.finishSurvey(at: ends.compactMap { $0 }.max())
        self.distiller = distiller
        var coverage = distiller.coverage
        Coverage.note(source.lost, in: &coverage)
        self.coverage = coverage
        let unread = zip(sources, coverage).flatMap { $1.problems(of: $0.path) }
        problems = (set.problems + source.problems + unread).map(spooled.named)
        Self.read(set.open(), distiller.select)
        distiller.finishSelection()
    }

    private static func read(
        _ source: any PacketSource, _ body: (FrameHeader, Span<UInt8>) -> Void
    ) {
        while true {
            switch source.advance() {
            case .idle: continue
            case .end: return
            case .frame(let header): source.withBytes { body(header, $0) }
            }
        }
    }

    /// Writes the head and what is kept.
    func write(to file: WholeFile) throws(Failure) {
        let layout = DistilledFile(
            application: "pinhole \(ReportMaking.version)",
            comment:
                "distilled by pinhole \(ReportMaking.version): the packets that an FTP audit needs, secrets overwritten",
            try originals(), linkTypes: distiller.linkTypes)
        try file.write(layout.head)
        var failure: Failure?
        var set = spooled.set
        let source = set.open()
        while failure == nil, case .frame(let header) = source.advance() {
            source.withBytes { bytes in
                distiller.pick(header, bytes) { header, bytes, isBlanked in
                    guard let block = layout.packet(header, bytes, isBlanked: isBlanked) else {
                        return
                    }
                    do throws(Failure) {
                        try file.write(block)
                    } catch {
                        failure = error
                    }
                }
            }
        }
        if let failure { throw failure }
    }

    private func originals() throws(Failure) -> [DistilledFile.Original] {
        var originals: [DistilledFile.Original] = []
        for (capture, source) in sources.enumerated() {
            let (origin, isNew) = origin(capture)
            do {
                let comment = try isNew ? origin.comment() : source.origin ?? origin.comment()
                originals.append(
                    DistilledFile.Original(
                        name: origin.name, comment: comment, first: origin.coverage.first))
            } catch {
                throw .unusable("\(origin.name): its name cannot be written")
            }
        }
        return originals
    }

    /// What is to be said of a capture, and whether that is more than it says itself.
    private func origin(_ capture: Int) -> (DistilledOrigin, isNew: Bool) {
        let source = sources[capture]
        let name = spooled.name(source.path)
        let problem = problems.first { $0.path == name }.map { "\($0)" }
        let limits = capture == 0 ? newLimits : [:]
        let unread = capture == 0 ? newUnread : []
        var origin =
            origins[capture]
            ?? DistilledOrigin(
                name: name, sha256: FileDigests.digest(source.path),
                size: CaptureReading.size(source.path), coverage: coverage[capture])
        if let problem { origin.add(problem) }
        if !limits.isEmpty {
            origin.limits = (origin.limits ?? [:]).merging(limits, uniquingKeysWith: +)
        }
        if !unread.isEmpty {
            origin.unread = Array(
                ((origin.unread ?? []) + unread).prefix(DistilledOrigin.mostUnread))
        }
        let isNew =
            origins[capture] == nil || problem != nil || !limits.isEmpty || !unread.isEmpty
        return (origin, isNew)
    }

    /// How often bounds were reached beyond what the originals of distilled captures say.
    private var newLimits: [String: Int] {
        var before = LimitHits()
        for (name, times) in origins.compactMap({ $0?.limits }).joined() {
            before.count(name, times)
        }
        var limits: [String: Int] = [:]
        for (name, times) in distiller.limitHits.counts where times > before.counts[name] ?? 0 {
            limits[name] = times - (before.counts[name] ?? 0)
        }
        return limits
    }

    /// Problems that are of no capture.
    private var newUnread: [DistilledOrigin.Unread] {
        let names = Set(sources.map { spooled.name($0.path) })
        return problems.filter { !names.contains($0.path) }.map {
            DistilledOrigin.Unread(name: $0.path, problem: "\($0)")
        }
    }
}
