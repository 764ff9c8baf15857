import Policy
import PolicyText

/// What became of the lines of a file; where several things stand on a line, the gravest counts.
struct NftNotes {
    private var states: [Int: (state: LineNote.State, why: String)] = [:]
    /// Lines of which something is used: the rest of such a line makes it no worse than
    /// `not-modelled`, unless nft refuses it.
    private var usedLines: Set<Int> = []

    private static func weight(_ state: LineNote.State) -> Int {
        switch state {
        case .irrelevant: 0
        case .used: 1
        case .notModelled: 2
        case .notRecognised: 3
        case .invalid: 4
        }
    }

    /// Only places of the file itself are kept, not those of included files.
    mutating func note(
        _ place: NftPlace, through last: Int? = nil, _ state: LineNote.State, _ why: String = ""
    ) {
        guard place.file == 0 else { return }
        for line in place.line...max(place.line, last ?? place.line) {
            if state == .used { usedLines.insert(line) }
            if let known = states[line], Self.weight(known.state) >= Self.weight(state) {
                continue
            }
            states[line] = (state, why)
        }
    }

    /// One note for every line of the text; those that nothing was said of hold no words.
    /// Where a fault keeps the whole file from being loaded, all lines are invalid.
    func list(_ text: ConfigText, fault: (place: NftPlace, why: String)?) -> [LineNote] {
        text.lines.enumerated().map { offset, words in
            let number = offset + 1
            var (state, why) = states[number] ?? (.irrelevant, "")
            if state == .notRecognised, usedLines.contains(number) { state = .notModelled }
            if let fault {
                let blank = words.allSatisfy { $0 == " " || $0 == "\t" }
                let comment = words.first { $0 != " " && $0 != "\t" } == "#"
                if fault.place.file == 0, fault.place.line == number {
                    (state, why) = (.invalid, fault.why)
                } else if !blank, !comment, state != .invalid {
                    let line = fault.place.file == 0 ? "line \(fault.place.line)" : "an include"
                    (state, why) = (
                        .invalid, "the file doesn't load, because of \(line): \(fault.why)"
                    )
                }
            }
            return LineNote(line: number, state: state, text: words, why: why)
        }
    }
}
