import Capture
import Streams

/// One direction of a control connection: which bytes of its packets are secret.
///
/// Bytes are put into their order and judged by a `SecretScanner`; a packet is settled once all its
/// bytes are. Every copy of a secret byte is blanked. A packet that says something else than its
/// first copy, or cannot be placed, is judged by itself as well, as if it followed a loss.
struct SecretTracker {
    private let isClient: Bool
    private var scanner: SecretScanner
    /// Position of `bytes[0]`.
    private var low = 0
    /// Position of the next byte in order, and its sequence number.
    private var frontier = 0
    private var next: SequenceNumber?
    private var bytes: [UInt8] = []
    private var states: [State] = []
    private var pending: [Pending] = []
    /// The peer may have read other bytes than those that came first: what follows is judged by
    /// itself as well, until a command begins where a line does.
    private var isUncertain = false
    /// Secrets of the client, to be found where the server repeats them.
    private(set) var words: [[UInt8]] = []

    /// Secrets that the client said: of a server, what is looked for in its lines.
    private var spoken: [[UInt8]] = []
    /// Of a server: where the line begins that was not searched yet, and up to where its end was.
    private var lineStart = 0
    private var searched = 0

    private struct State: OptionSet {
        let rawValue: UInt8
        static var here: State { State(rawValue: 1) }
        static var lost: State { State(rawValue: 2) }
        static var secret: State { State(rawValue: 4) }
    }

    private struct Pending {
        var position: Int
        var count: Int
        var carrier: Carrier
        var extra: [Range<Int>]
        /// Where its line ends stand, if it says something else than its first copy.
        var ends: [Int]?
    }

    /// Bytes kept behind the frontier, for retransmissions.
    static let history = 16 << 10
    /// Bytes ahead of the frontier for which a hole is kept open.
    static let window = 64 << 10
    /// Bytes ahead of the frontier that still belong to the connection.
    static let farthest = 1 << 20
    static let mostPending = 512
    static let mostWords = 16
    /// Longer lines of a server are searched in pieces.
    static let longestReply = 1024
    /// Shorter secrets are not looked for elsewhere: they would be found everywhere.
    static let shortestWord = 4

    /// `start` is the first sequence number; nil where it was not seen.
    init(isClient: Bool, start: SequenceNumber?) {
        self.isClient = isClient
        next = start
        scanner = SecretScanner(isClient: isClient, followsLoss: start == nil, start: 0)
    }

    /// Takes a packet's payload, and how many of its bytes were not captured.
    mutating func take(
        _ payload: Span<UInt8>, lost: Int, at sequence: SequenceNumber, _ carrier: Carrier,
        echoes: [[UInt8]] = [], into patches: inout FramePatches
    ) {
        guard payload.count + lost > 0 else { return }
        spoken = echoes
        let expected = next ?? sequence
        next = expected
        let position = frontier + sequence.distance(from: expected)
        var extra = SecretEchoes.places(of: echoes, in: payload)
        let end = position + payload.count
        guard position >= low, end + lost - frontier <= Self.farthest else {
            extra += judgeAlone(payload).ranges
            patches.blank(extra, of: carrier)
            return
        }
        while end - frontier > Self.window, position > frontier { passHole(upTo: position) }
        let isNext = position == frontier && scanner.beginsLine
        let isOdd = store(payload, at: position)
        note(lost: lost, at: end)
        if isOdd { isUncertain = true }
        var isOpen = false
        if isUncertain {
            let judged = judgeAlone(payload)
            extra += judged.ranges
            isOpen = isOdd && judged.isOpen
            if isNext, !isOdd, judged.ranges.first?.lowerBound != 0 { isUncertain = false }
        } else if isClient, Self.beginsSecret(payload) {
            extra += judgeAlone(payload).ranges
        }
        pending.append(
            Pending(
                position: position, count: payload.count, carrier: carrier, extra: extra,
                ends: isOdd
                    ? (0..<payload.count).filter { [0x0a, 0x0d].contains(payload[$0]) } : nil))
        advance()
        if isOpen, end == frontier { force() }
        while pending.count > Self.mostPending, let hole = firstAhead {
            passHole(upTo: hole)
            advance()
        }
        if pending.count > Self.mostPending {
            // A line that does not end, sent again and again.
            if isClient { force() } else { searchLine(upTo: frontier, isEnd: true) }
        }
        settle(into: &patches)
        compact()
    }

    /// Nothing more will come.
    mutating func finish(into patches: inout FramePatches) {
        while let hole = firstAhead {
            passHole(upTo: hole)
            advance()
        }
        var marked: [Range<Int>] = []
        scanner.finish(at: frontier) { marked.append($0) }
        mark(marked)
        searchLine(upTo: frontier, isEnd: true)
        settle(into: &patches)
    }

    mutating func takeWords() -> [[UInt8]] {
        defer { words.removeAll() }
        return words
    }

    // MARK: order

    /// Keeps the bytes that are new; true where some differ from their first copy, or come after
    /// they were given up.
    private mutating func store(_ payload: Span<UInt8>, at position: Int) -> Bool {
        reserve(position + payload.count)
        var isOdd = false
        for index in 0..<payload.count {
            let place = position - low + index
            if states[place].contains(.here) {
                if bytes[place] != payload[index] { isOdd = true }
            } else if position + index < frontier {
                isOdd = true
            } else {
                bytes[place] = payload[index]
                states[place].insert(.here)
                states[place].remove(.lost)
            }
        }
        return isOdd && isClient
    }

    private mutating func reserve(_ end: Int) {
        let missing = end - low - bytes.count
        guard missing > 0 else { return }
        bytes.append(contentsOf: repeatElement(0, count: missing))
        states.append(contentsOf: repeatElement([], count: missing))
    }

    private mutating func note(lost: Int, at position: Int) {
        guard lost > 0, lost <= Self.farthest else { return }
        reserve(position + lost)
        for place in position - low..<position - low + lost where !states[place].contains(.here) {
            states[place].insert(.lost)
        }
    }

    /// Judges all that has come into order.
    private mutating func advance() {
        let before = frontier
        var marked: [Range<Int>] = []
        while frontier - low < states.count, !states[frontier - low].isEmpty {
            let start = frontier - low
            let isHere = states[start].contains(.here)
            var end = start
            while end < states.count, !states[end].isEmpty, states[end].contains(.here) == isHere {
                end += 1
            }
            if isHere {
                let ordered = Array(bytes[start..<end])
                scanner.feed(ordered.span, at: frontier) { marked.append($0) }
            } else {
                scanner.lose(at: low + end) { marked.append($0) }
            }
            frontier = low + end
        }
        next = next?.advanced(by: frontier - before)
        mark(marked)
        keepWords()
        searchLines()
    }

    private var firstAhead: Int? {
        guard frontier - low < states.count else { return nil }
        return states[(frontier - low)...].firstIndex { !$0.isEmpty }.map { low + $0 }
    }

    /// Gives up the hole before `position`, or before what lies nearer.
    private mutating func passHole(upTo position: Int) {
        let end = min(position, firstAhead ?? position)
        guard end > frontier else {
            advance()
            return
        }
        var marked: [Range<Int>] = []
        scanner.lose(at: end) { marked.append($0) }
        mark(marked)
        reserve(end)
        for place in frontier - low..<end - low { states[place].insert(.lost) }
        next = next?.advanced(by: end - frontier)
        frontier = end
    }

    private mutating func force() {
        var marked: [Range<Int>] = []
        scanner.force(at: frontier) { marked.append($0) }
        mark(marked)
    }

    private mutating func mark(_ ranges: [Range<Int>]) {
        for range in ranges {
            for position in range.clamped(to: low..<low + states.count) {
                states[position - low].insert(.secret)
            }
        }
    }

    private mutating func keepWords() {
        for word in scanner.takeFound()
        where word.count >= Self.shortestWord && words.count < Self.mostWords
            && !word.allSatisfy({ $0 == FramePatches.blank })
        {
            words.append(word)
        }
    }

    // MARK: judgement

    /// Looks for secrets of the client in the lines of a server that have come whole.
    private mutating func searchLines() {
        guard !isClient else { return }
        for position in max(searched, low)..<frontier {
            let isHere = states[position - low].contains(.here)
            guard !isHere || bytes[position - low] == 0x0a else { continue }
            searchLine(upTo: position, isEnd: true)
            lineStart = position + 1
        }
        searched = frontier
        if frontier - lineStart > Self.longestReply { searchLine(upTo: frontier, isEnd: false) }
    }

    private mutating func searchLine(upTo end: Int, isEnd: Bool) {
        let start = max(lineStart, low)
        if !isClient, !spoken.isEmpty, start < end {
            let line = Array(bytes[start - low..<end - low])
            mark(
                SecretEchoes.places(of: spoken, in: line.span).map {
                    start + $0.lowerBound..<start + $0.upperBound
                })
        }
        // The end of a piece may be the beginning of a secret.
        lineStart = max(lineStart, isEnd ? end : end - SecretScanner.longestSecret)
    }

    /// Whether a packet begins with a command whose argument is a secret, wherever it stands.
    private static func beginsSecret(_ payload: Span<UInt8>) -> Bool {
        guard payload.count > 4, payload[4] == 0x20 else { return false }
        let word = String(decoding: (0..<4).map { payload[$0] & 0xdf }, as: UTF8.self)
        return ["PASS", "ACCT", "SITE"].contains(word)
    }

    /// A packet by itself: its secrets, and whether the last one goes on behind it.
    private func judgeAlone(_ payload: Span<UInt8>) -> (ranges: [Range<Int>], isOpen: Bool) {
        var alone = SecretScanner(isClient: isClient, followsLoss: true, start: 0)
        var ranges: [Range<Int>] = []
        alone.feed(payload, at: 0) { ranges.append($0) }
        let isOpen = alone.isInside
        alone.finish(at: payload.count) { ranges.append($0) }
        return (ranges, isOpen)
    }

    /// Lets go of the packets whose bytes are judged for good.
    private mutating func settle(into patches: inout FramePatches) {
        var waiting: [Pending] = []
        let decided = spoken.isEmpty ? scanner.decided : min(scanner.decided, max(lineStart, low))
        for packet in pending {
            guard packet.position + packet.count <= (isClient ? scanner.decided : decided) else {
                waiting.append(packet)
                continue
            }
            var secrets = secrets(packet)
            // Said instead of a secret, it may be one from its first byte on.
            if !secrets.isEmpty, let ends = packet.ends {
                var start = 0
                for end in ends + [packet.count] {
                    if start < end { secrets.append(start..<end) }
                    start = end + 1
                }
            }
            patches.blank(packet.extra + secrets, of: packet.carrier)
        }
        pending = waiting
    }

    private func secrets(_ packet: Pending) -> [Range<Int>] {
        var ranges: [Range<Int>] = []
        for index in 0..<packet.count
        where states[packet.position - low + index].contains(.secret) {
            if let last = ranges.last, last.upperBound == index {
                ranges[ranges.count - 1] = last.lowerBound..<index + 1
            } else {
                ranges.append(index..<index + 1)
            }
        }
        return ranges
    }

    private mutating func compact() {
        guard frontier - low > 2 * Self.history else { return }
        let oldest = pending.map(\.position).min() ?? frontier
        let end = min(frontier - Self.history, oldest, scanner.decided)
        guard end > low else { return }
        bytes.removeFirst(end - low)
        states.removeFirst(end - low)
        low = end
    }
}
