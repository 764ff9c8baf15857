package import Policy

/// The notes of a file while it is read: one state a line.
package struct LineNotes {
    private var states: [(state: LineNote.State, why: String, weight: Int)?]
    private let text: ConfigText

    package init(_ text: ConfigText) {
        self.text = text
        states = Array(repeating: nil, count: text.lines.count)
    }

    /// Replaces what was said of the line.
    package mutating func set(_ line: Int, _ state: LineNote.State, _ why: String = "") {
        guard states.indices.contains(line - 1) else { return }
        states[line - 1] = (state, why, Self.weight(state))
    }

    /// Says it of the line unless something that weighs more was said.
    package mutating func add(_ line: Int, _ state: LineNote.State, _ why: String = "") {
        put(line, state, why, Self.weight(state))
    }

    /// Says that the line is used unless more is known: a head, whose commands say the rest.
    package mutating func addHead(_ line: Int) {
        put(line, .used, "", Self.weight(.irrelevant) + 1)
    }

    private mutating func put(_ line: Int, _ state: LineNote.State, _ why: String, _ weight: Int) {
        guard states.indices.contains(line - 1) else { return }
        if let old = states[line - 1], old.weight >= weight { return }
        states[line - 1] = (state, why, weight)
    }

    package func state(_ line: Int) -> LineNote.State? {
        states.indices.contains(line - 1) ? states[line - 1]?.state : nil
    }

    package func why(_ line: Int) -> String {
        states.indices.contains(line - 1) ? states[line - 1]?.why ?? "" : ""
    }

    /// All lines; `rest` judges those of which nothing was said.
    package func finish(_ rest: (_ line: Int, _ text: String) -> (LineNote.State, String))
        -> [LineNote]
    {
        text.lines.indices.map { index in
            let line = text.lines[index]
            let (state, why) = states[index].map { ($0.state, $0.why) } ?? rest(index + 1, line)
            return LineNote(
                line: index + 1, state: state, text: line, why: state == .used ? "" : why)
        }
    }

    private static func weight(_ state: LineNote.State) -> Int {
        switch state {
        case .irrelevant: 0
        case .notRecognised: 2
        case .invalid: 3
        case .notModelled: 4
        case .used: 5
        }
    }
}
