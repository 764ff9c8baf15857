package import Policy

extension [LineNote] {
    /// Says of a line, from 1, what became of it, where the notes stand a line each in order.
    package mutating func mark(_ line: Int, _ state: LineNote.State, _ why: String = "") {
        guard indices.contains(line - 1) else { return }
        self[line - 1].state = state
        self[line - 1].why = why
    }
}
