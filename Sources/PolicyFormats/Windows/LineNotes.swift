import Policy

/// The notes of a file while it is read: one state a line.
struct LineNotes {
    private var states: [(state: LineNote.State, why: String)?]
    private let text: ConfigText

    init(_ text: ConfigText) {
        self.text = text
        states = Array(repeating: nil, count: text.lines.count)
    }

    /// Replaces what was said of the line.
    mutating func set(_ line: Int, _ state: LineNote.State, _ why: String = "") {
        guard states.indices.contains(line - 1) else { return }
        states[line - 1] = (state, why)
    }

    /// Says it of the line unless something that weighs more was said.
    mutating func add(_ line: Int, _ state: LineNote.State, _ why: String = "") {
        guard states.indices.contains(line - 1) else { return }
        if let old = states[line - 1], Self.weight(old.state) >= Self.weight(state) { return }
        states[line - 1] = (state, why)
    }

    func state(_ line: Int) -> LineNote.State? {
        states.indices.contains(line - 1) ? states[line - 1]?.state : nil
    }

    /// All lines; `rest` judges those of which nothing was said.
    func finish(_ rest: (_ line: Int, _ text: String) -> (LineNote.State, String)) -> [LineNote] {
        text.lines.indices.map { index in
            let line = text.lines[index]
            let (state, why) = states[index] ?? rest(index + 1, line)
            return LineNote(
                line: index + 1, state: state, text: line, why: state == .used ? "" : why)
        }
    }

    private static func weight(_ state: LineNote.State) -> Int {
        switch state {
        case .irrelevant: 0
        case .notRecognised: 1
        case .invalid: 2
        case .notModelled: 3
        case .used: 4
        }
    }
}
