/// What happens to frames between the wire and the file.
///
/// Numbers are those of the frames as the dialogue makes them, from 1, before any mishap.
enum Mishap: Sendable {
    /// The capture misses these frames.
    case lose([Int])
    /// The capture misses all that this side of the session sent.
    case loseFrom(Side)
    /// Two frames change places; the times stay.
    case swap(Int, Int)
    /// A frame is seen again, right after itself or after another.
    case again(Int, after: Int)
    /// A segment arrives as two, the first with so many bytes.
    case split(Int, at: Int)
    /// Only so many bytes of the frame are kept.
    case cut(Int, to: Int)

    /// Reads a mishap, or nothing where the first word names none.
    init?(_ words: inout Words) throws(DialogueError) {
        switch words.peek {
        case "lose":
            try words.keyword("lose")
            if words.take("from") {
                self = .loseFrom(try words.side())
                return
            }
            var numbers = [try Self.frame(&words)]
            while !words.isEmpty { numbers.append(try Self.frame(&words)) }
            self = .lose(numbers)
        case "swap":
            try words.keyword("swap")
            self = .swap(try Self.frame(&words), try Self.frame(&words))
        case "repeat":
            try words.keyword("repeat")
            let number = try Self.frame(&words)
            self = .again(number, after: words.take("after") ? try Self.frame(&words) : number)
        case "split":
            try words.keyword("split")
            let number = try Self.frame(&words)
            try words.keyword("at")
            self = .split(number, at: try words.number(1...65535, "a count of bytes"))
        case "cut":
            try words.keyword("cut")
            let number = try Self.frame(&words)
            try words.keyword("to")
            self = .cut(number, to: try words.number(1...65535, "a count of bytes"))
        default: return nil
        }
    }

    private static func frame(_ words: inout Words) throws(DialogueError) -> Int {
        try words.number(1...1_000_000, "a frame number")
    }

    /// Changes the drafts, which are one list a frame of the dialogue.
    ///
    /// - Returns: what was expected instead, where the mishap cannot be.
    func apply(to drafts: inout [[Draft]]) -> String? {
        for number in frames where number > drafts.count {
            return "frames that exist (the dialogue makes \(drafts.count))"
        }
        switch self {
        case .lose(let numbers):
            for number in numbers { drafts[number - 1] = [] }
        case .loseFrom(let side):
            for index in drafts.indices { drafts[index].removeAll { $0.sender == side } }
        case .swap(let a, let b):
            let times = (drafts[a - 1].map(\.time), drafts[b - 1].map(\.time))
            drafts.swapAt(a - 1, b - 1)
            for (index, time) in zip(drafts[a - 1].indices, times.0) {
                drafts[a - 1][index].time = time
            }
            for (index, time) in zip(drafts[b - 1].indices, times.1) {
                drafts[b - 1][index].time = time
            }
        case .again(let number, let place):
            guard var copy = drafts[number - 1].last else { return "a frame that was not lost" }
            copy.time = (drafts[place - 1].last ?? copy).time + Tape.microsecond
            drafts[place - 1].append(copy)
        case .split(let number, let count):
            guard let draft = drafts[number - 1].first, let (first, second) = draft.split(at: count)
            else { return "a segment with more than \(count) bytes of text" }
            drafts[number - 1] = [first, second]
        case .cut(let number, let count):
            for index in drafts[number - 1].indices { drafts[number - 1][index].kept = count }
        }
        return nil
    }

    private var frames: [Int] {
        switch self {
        case .lose(let numbers): numbers
        case .loseFrom: []
        case .swap(let a, let b): [a, b]
        case .again(let number, let place): [number, place]
        case .split(let number, _), .cut(let number, _): [number]
        }
    }
}
