public import Capture
public import Net
public import Streams

/// Which frames of captures an audit needs, and what in them is secret.
///
/// The captures are read three times in the same order: `survey` finds the connections that the
/// session records tell of, `select` chooses their frames and finds the secrets, `pick` hands over
/// the frames that are kept, with the secrets blanked. Between the readings a bit a frame is held,
/// and a few words a connection.
public final class Distiller {
    /// Bounds of `Limits` that were reached while the captures were read.
    public private(set) var limitHits = LimitHits()
    /// Frames that are kept, once all were selected.
    public var keptFrames: Int { kept.count }
    /// FTP sessions found.
    public private(set) var sessions = 0
    /// The link types among the frames that are kept, by the capture's index; once all were
    /// selected.
    public private(set) var linkTypes: [Set<LinkType>]

    private let extractor: SessionExtractor
    private let survey: Survey
    private var surveyed = 0
    private var kept = FrameSet()
    private var patches = FramePatches()
    private var selection: Selection?
    private var picked = 0

    /// What the extractor tells.
    private final class Survey {
        var connections: [PlannedConnection] = []
        /// Frames that records cite beside those of their connections.
        var cited = FrameSet()
        var sessions = 0
    }

    /// - Parameters:
    ///   - captures: How many captures the frames come from.
    ///   - limits: Bounds, as the audit has them.
    ///   - controlPorts: Ports at which an attempt that fails is kept, as the audit has them.
    public init(
        captures: Int, limits: Limits = Limits(),
        controlPorts: Set<UInt16> = SessionExtractor.usualControlPorts
    ) {
        let survey = Survey()
        self.survey = survey
        linkTypes = [Set<LinkType>](repeating: [], count: captures)
        extractor = SessionExtractor(
            captures: captures, limits: limits, controlPorts: controlPorts
        ) { record in
            survey.sessions += 1
            for oddity in record.oddities { survey.cited.insert(oddity.frame.number) }
        }
        extractor.onConnection = { flow, client in
            survey.connections.append(PlannedConnection(flow, client: client))
            if let answer = flow.answer { survey.cited.insert(answer.number) }
        }
    }

    /// First reading: takes a frame.
    public func survey(_ header: FrameHeader, _ bytes: Span<UInt8>) {
        var header = header
        header.number = surveyed
        surveyed += 1
        extractor.consume(header, bytes)
    }

    /// The first reading is done; `end` is when the captures end, as the audit has it.
    public func finishSurvey(at end: Timestamp? = nil) {
        extractor.finish(at: end ?? coverage.compactMap(\.last).max())
        limitHits = extractor.limitHits
        sessions = survey.sessions
        kept = survey.cited
        survey.connections += extractor.controlAttempts.map(PlannedConnection.init)
        selection = Selection(survey.connections, cited: survey.cited)
        survey.connections = []
    }

    /// What was read of each capture, by its index.
    public var coverage: [Coverage] { extractor.coverage }

    /// Second reading: takes a frame.
    public func select(_ header: FrameHeader, _ bytes: Span<UInt8>) {
        selection?.take(header, bytes, &kept, &patches)
    }

    /// The second reading is done.
    public func finishSelection() {
        selection?.finish(&kept, &patches)
        if let found = selection?.linkTypes {
            for (capture, types) in found where capture < linkTypes.count {
                linkTypes[capture] = types
            }
        }
        selection = nil
    }

    /// Last reading: takes a frame, and lends it where it is kept.
    ///
    /// `body` takes the frame's header, its bytes as they are to be written, and whether any were
    /// blanked.
    public func pick(
        _ header: FrameHeader, _ bytes: Span<UInt8>,
        _ body: (FrameHeader, Span<UInt8>, Bool) -> Void
    ) {
        let frame = picked
        picked += 1
        guard kept.contains(frame) else { return }
        if let patched = patches.patched(frame, bytes, header.linkType) {
            body(header, patched.bytes.span, patched.isBlanked)
        } else {
            body(header, bytes, false)
        }
    }
}
