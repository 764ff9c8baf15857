import ArgumentParser
import Capture
import FTP
import Foundation
import Net
import Streams

/// `pinhole distill`: of captures only what an audit needs, without the secrets.
struct DistillCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "distill",
        abstract: "Write only the packets that an audit needs, with passwords blanked.",
        discussion: """
            Kept are FTP control connections, the first packets and the ends of their data \
            connections and of attempts to reach a control port, and ICMP messages about any of \
            them. An audit of what is written finds the same, and names the packets as they were \
            numbered in the captures it was made from. What comes through a pipe is kept in a \
            temporary file while it is read.
            """)

    @Argument(
        help: ArgumentHelp(
            "Captures: pcap or pcapng, plain or packed with gzip, zstd or xz; folders; - for standard input.",
            valueName: "capture"))
    var captures: [String]

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp(
            "The pcapng file to write; - for standard output.", valueName: "small.pcapng"))
    var output: String

    @OptionGroup var bounds: LimitOptions

    @OptionGroup var saying: OutputOptions

    func run() throws {
        let limits = try Failure.orExit { () throws(Failure) in try bounds.limits() }
        let spooled = try Failure.orExit { () throws(Failure) in try SpooledCaptures(captures) }
        let distillation = Distillation(spooled, limits)
        for problem in distillation.problems { Complaints.say("\(problem)") }
        if distillation.isUseless { throw Exit.unusable }
        let file = try Failure.orExit { () throws(Failure) in try WholeFile(output) }
        try Failure.orExit { () throws(Failure) in
            do throws(Failure) {
                try distillation.write(to: file)
                try file.finish()
            } catch {
                file.abandon()
                throw error
            }
        }
        saying.tell(
            "\(distillation.keptFrames) of \(distillation.frames) frames, \(distillation.sessions) FTP sessions: \(output)"
        )
        if !distillation.problems.isEmpty { throw Exit.partly }
    }
}

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
    init(_ spooled: SpooledCaptures, _ limits: Limits) {
        self.spooled = spooled
        var set = CaptureSet(spooled.arguments)
        let source = set.open()
        let distiller = Distiller(captures: set.captures.count, limits: limits)
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
