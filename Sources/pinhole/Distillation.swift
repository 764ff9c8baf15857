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
    private let coverage: [Coverage]

    var keptFrames: Int { distiller.keptFrames }
    var frames: Int { coverage.reduce(0) { $0 + $1.frames } }
    var sessions: Int { distiller.sessions }
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
            let origin = origin(capture)
            let comment: String
            do {
                comment = try source.origin ?? origin.comment()
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

    private func origin(_ capture: Int) -> DistilledOrigin {
        let source = sources[capture]
        if let origin = source.origin.flatMap(DistilledOrigin.init(comment:)) { return origin }
        let name = spooled.name(source.path)
        var origin = DistilledOrigin(
            name: name, sha256: FileDigests.digest(source.path),
            size: CaptureReading.size(source.path), coverage: coverage[capture])
        origin.problem = problems.first { $0.path == name }.map { "\($0)" }
        if capture == 0, !distiller.limitHits.counts.isEmpty {
            origin.limits = distiller.limitHits.counts
        }
        return origin
    }

    /// Seconds since 1970, cut down.
    private static func seconds(_ time: Timestamp) -> Int64 {
        let (seconds, rest) = time.nanoseconds.quotientAndRemainder(dividingBy: 1_000_000_000)
        return rest < 0 ? seconds - 1 : seconds
    }
}
