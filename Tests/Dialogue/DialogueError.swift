/// A dialogue that cannot be rendered: where it breaks and what should stand there.
public struct DialogueError: Error, Hashable, Sendable {
    /// The name given to the text, usually its file name.
    public let file: String
    /// From 1.
    public let line: Int
    /// From 1; 1 where the line as a whole is at fault.
    public let column: Int
    /// What would have been right: `an endpoint such as 203.0.113.10:21`.
    public let expected: String
    /// The word that stands there instead, empty at the end of the line; nil where no word is at
    /// fault but the place of the line.
    public let found: String?
}

extension DialogueError: CustomStringConvertible {
    /// `a.dialogue:3:8: expected a port from 1 to 65535, found "70000"`
    public var description: String {
        let place = "\(file):\(line):\(column): expected \(expected)"
        guard let found else { return place }
        return place + (found.isEmpty ? ", found nothing" : ", found \"\(found)\"")
    }
}
