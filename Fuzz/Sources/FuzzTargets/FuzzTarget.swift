/// What is fuzzed, by the name that `scripts/fuzz` knows it under.
public enum FuzzTarget: String, CaseIterable, Sendable {
    case readers
    case decoder
    case reassembler
    case sessions
    case merged
    case distiller
    case configurations

    /// Files that a target may have at one time.
    public static let files = 3

    /// One execution; ends the process where a property does not hold.
    ///
    /// `file` writes one of the files anew, by its number from 0, and returns its path.
    public func run(_ input: consuming Input, file: (Int, [UInt8]) -> String) {
        switch self {
        case .readers: ReaderTarget.run(input.bytes) { file(0, $0) }
        case .decoder: DecoderTarget.run(&input)
        case .reassembler: ReassemblerTarget.run(&input)
        case .sessions: SessionsTarget.run(&input)
        case .merged: MergedTarget.run(&input, file)
        case .configurations: ConfigurationTarget.run(input.bytes)
        case .distiller: DistillerTarget.run(&input) { file(0, $0) }
        }
    }
}

/// Ends the process where a property does not hold, with the sentence that says it.
@inline(__always)
func check(_ holds: Bool, _ sentence: @autoclosure () -> String) {
    guard !holds else { return }
    fatalError(sentence())
}
