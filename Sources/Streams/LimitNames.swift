import Capture

// The bounds by their names: as they are set, and as a report tells what was lost by one.
extension Limits {
    /// A bound that can be set.
    public struct Bound: Sendable {
        public let name: String
        /// What is bounded.
        public let meaning: String
        /// What is lost where it is reached.
        public let loss: String
        let path: any WritableKeyPath<Limits, Int> & Sendable
    }

    /// All that can be set, in the order of the documentation.
    public static let bounds: [Bound] = [
        Bound(
            name: "flows", meaning: "TCP connections remembered at one time, about 200 bytes each",
            loss: "the connections that were silent for longest were forgotten", path: \.flows),
        Bound(
            name: "sessions", meaning: "control connections read at one time, about 4 KiB each",
            loss: "control connections that began then were not read", path: \.sessions),
        Bound(
            name: "fragments", meaning: "IP datagrams put together at one time",
            loss: "datagrams in fragments were left out", path: \.fragments.fragmentTrains),
        Bound(
            name: "fragmentBytes", meaning: "bytes held in unfinished IP datagrams",
            loss: "datagrams in fragments were left out", path: \.fragments.fragmentBytes),
        Bound(
            name: "heldBytes", meaning: "bytes that arrived out of order, a direction of a session",
            loss: "bytes before them count as missing", path: \.heldBytes),
        Bound(
            name: "heldSegments",
            meaning: "segments that arrived out of order, a direction of a session",
            loss: "bytes before them count as missing", path: \.heldSegments),
        Bound(
            name: "window", meaning: "bytes that a segment may lie ahead of the next expected byte",
            loss: "the segment was left out", path: \.window),
        Bound(
            name: "lineBytes", meaning: "bytes of a line of a control connection",
            loss: "the rest of the line was left out", path: \.lineBytes),
        Bound(
            name: "pendingCommands", meaning: "commands of a session that wait for their reply",
            loss: "later commands were not paired with their replies", path: \.pendingCommands),
        Bound(
            name: "channels", meaning: "announcements kept of a session",
            loss: "later announcements were left out", path: \.channels),
        Bound(
            name: "attemptsPerChannel", meaning: "connections followed for one announcement",
            loss: "further connections to the announced port were left out",
            path: \.attemptsPerChannel),
        Bound(
            name: "hiddenConnections",
            meaning: "connections kept of an encrypted session that may carry its data",
            loss: "later ones were left out", path: \.hiddenConnections),
        Bound(
            name: "oddities", meaning: "oddities kept of a session",
            loss: "later ones were left out", path: \.oddities),
        Bound(
            name: "failures", meaning: "failure replies kept of a session",
            loss: "later ones were left out", path: \.failures),
        Bound(
            name: "controlAttempts", meaning: "failed attempts to reach a control port",
            loss: "later attempts were left out", path: \.controlAttempts),
        Bound(
            name: "recentConnections",
            meaning: "connections remembered for an announcement that is captured after them",
            loss: "announcements captured after their connection may count as unused",
            path: \.recentConnections),
    ]

    /// The value of a bound by its name; nil for a name that is none.
    public subscript(name: String) -> Int? {
        Self.bounds.first { $0.name == name }.map { self[keyPath: $0.path] }
    }

    /// Sets a bound.
    ///
    /// - Returns: False where the name is none, or the value is not 1 to 2^30.
    public mutating func set(_ name: String, to value: Int) -> Bool {
        guard let bound = Self.bounds.first(where: { $0.name == name }),
            (1...1 << 30).contains(value)
        else { return false }
        self[keyPath: bound.path] = value
        return true
    }
}
