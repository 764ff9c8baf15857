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
    var isUseless: Bool { coverage.allSatisfy { $0.frames == 0 } && !problems.isEmpty }

    /// Reads the captures to know what to keep.
    ///
    /// `controlPorts` are where servers listen, beside the usual ports.
    init(_ spooled: SpooledCaptures, _ limits: Limits, controlPorts: [UInt16]) {
        self.spooled = spooled
        var set = CaptureSet(spooled.arguments)
        let source = set.open()
        let distiller = Distiller(
            captures: set.captures.count, limits: limits,
            controlPorts: SessionExtractor.usualControlPorts.union(controlPorts))
        Self.read(source, distiller.survey)
        distiller.finishSurvey()
        self.distiller = distiller
        sources = set.captures
        origins = sources.map { $0.origin.flatMap(DistilledOrigin.init(comment:)) }
        coverage = distiller.coverage
        problems = (set.problems + source.problems).map(spooled.named)
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

    private struct Interface {
        var index: Int
        var offset: Int64
    }

    private struct Key: Hashable {
        var capture: Int
        var linkType: LinkType
    }

    /// Writes the head and what is kept.
    func write(to file: WholeFile) throws(Failure) {
        try file.write(
            PcapngWriter.section(
                application: "pinhole \(ReportMaking.version)",
                comment:
                    "distilled by pinhole \(ReportMaking.version): the packets that an FTP audit needs, secrets overwritten"
            ))
        let interfaces = try writeInterfaces(to: file)
        var failure: Failure?
        var set = CaptureSet(spooled.arguments)
        let source = set.open()
        while failure == nil, case .frame(let header) = source.advance() {
            source.withBytes { bytes in
                distiller.pick(header, bytes) { header, bytes, isBlanked in
                    guard
                        let interface = interfaces[
                            Key(capture: header.capture, linkType: header.linkType)]
                    else { return }
                    let comment = Distilled.framePrefix + "\(header.number)"
                    do throws(Failure) {
                        try file.write(
                            PcapngWriter.packet(
                                bytes, header, interface: interface.index,
                                offset: interface.offset,
                                comment: isBlanked ? comment + " secrets blanked" : comment))
                    } catch {
                        failure = error
                    }
                }
            }
        }
        if let failure { throw failure }
    }

    /// One interface for each capture and link type, in their order.
    private func writeInterfaces(to file: WholeFile) throws(Failure) -> [Key: Interface] {
        var interfaces: [Key: Interface] = [:]
        for (capture, source) in sources.enumerated() {
            let (origin, isNew) = origin(capture)
            let comment: String
            do {
                comment = try isNew ? origin.comment() : source.origin ?? origin.comment()
            } catch {
                throw .unusable("\(origin.name): its name cannot be written")
            }
            let offset = origin.coverage.first.map { min(0, Self.seconds($0)) } ?? 0
            let types = distiller.linkTypes[capture]
            for type in (types.isEmpty ? [.ethernet] : types).sorted(by: {
                $0.rawValue < $1.rawValue
            }) {
                let interface = Interface(index: interfaces.count, offset: offset)
                interfaces[Key(capture: capture, linkType: type)] = interface
                try file.write(
                    PcapngWriter.interface(
                        type, name: origin.name, comment: comment, offset: offset))
            }
        }
        return interfaces
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

    /// Seconds since 1970, cut down.
    private static func seconds(_ time: Timestamp) -> Int64 {
        let (seconds, rest) = time.nanoseconds.quotientAndRemainder(dividingBy: 1_000_000_000)
        return rest < 0 ? seconds - 1 : seconds
    }
}
