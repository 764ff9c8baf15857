/// What is fuzzed, by the name that `scripts/fuzz` knows it under.
public enum FuzzTarget: String, CaseIterable, Sendable {
    case readers
    case decoder
    case reassembler
    case sessions

    /// One execution; ends the process where a property does not hold.
    public func run(_ input: consuming Input) {
        switch self {
        // Wants a file, which the entry gives it.
        case .readers: break
        case .decoder: DecoderTarget.run(&input)
        case .reassembler: ReassemblerTarget.run(&input)
        case .sessions: SessionsTarget.run(&input)
        }
    }
}

/// Ends the process where a property does not hold, with the sentence that says it.
@inline(__always)
func check(_ holds: Bool, _ sentence: @autoclosure () -> String) {
    guard !holds else { return }
    fatalError(sentence())
}
