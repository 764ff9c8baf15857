/// Something in a site file that could not be taken, and what was expected in its place.
public struct SiteProblem: Hashable, Sendable, Error, CustomStringConvertible {
    /// The file as the user named it.
    public var file: String
    /// From 1.
    public var line: Int
    /// From 1.
    public var column: Int
    public var message: String

    public var description: String { "\(file):\(line):\(column): \(message)" }

    public init(file: String, line: Int, column: Int, message: String) {
        self.file = file
        self.line = line
        self.column = column
        self.message = message
    }
}
