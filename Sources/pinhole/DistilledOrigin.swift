import Capture
import Foundation
import Net

/// A capture that a distilled one was made from, as the comment of its interface tells.
struct DistilledOrigin: Codable {
    var name: String
    var sha256: String?
    var size: UInt64?
    var frames: Int
    var bytes: Int
    /// Nanoseconds since 1970.
    var first: Int64?
    var last: Int64?
    var notIP: Int
    var undecodable: Int
    var truncated: Int
    /// The bytes kept of the longest frame that was cut.
    var cutAt: Int?
    var fragments: Int
    var tcp: Int
    var lost: UInt64?
    /// Why it was not read to its end.
    var problem: String?
    /// Bounds that were reached, over all captures of the run; at the first of them.
    var limits: [String: Int]?
    /// What could not be read at all and is none of the captures; at the first of them.
    var unread: [Unread]?

    /// An input that gave no capture, such as an empty folder.
    struct Unread: Codable, Hashable {
        var name: String
        var problem: String
    }

    /// More of `unread` are not told.
    static let mostUnread = 64
    /// A comment that is longer would be cut, and then be none.
    private static let longestComment = 65_000

    private struct TooLong: Error {}

    /// A count above this is no count: sums of many must not overflow.
    private static let mostCounted = 1 << 46

    init(name: String, sha256: String?, size: UInt64?, coverage: Coverage) {
        self.name = name
        self.sha256 = sha256
        self.size = size
        frames = coverage.frames
        bytes = coverage.bytes
        first = coverage.first?.nanoseconds
        last = coverage.last?.nanoseconds
        notIP = coverage.notIP
        undecodable = coverage.undecodable
        truncated = coverage.truncated
        cutAt = coverage.truncated > 0 ? coverage.cutAt : nil
        fragments = coverage.fragments
        tcp = coverage.tcp
        lost = coverage.lost > 0 ? coverage.lost : nil
    }

    /// Reads a comment; nil where it is none of this kind or holds what cannot be.
    init?(comment: String) {
        guard comment.hasPrefix(Distilled.originPrefix),
            let origin = try? JSONDecoder().decode(
                DistilledOrigin.self,
                from: Data(comment.dropFirst(Distilled.originPrefix.count).utf8))
        else { return nil }
        let limits = origin.limits ?? [:]
        let counts =
            [
                origin.frames, origin.bytes, origin.notIP, origin.undecodable, origin.truncated,
                origin.fragments, origin.tcp, origin.cutAt ?? 0,
            ] + limits.values
        guard counts.allSatisfy((0...Self.mostCounted).contains), limits.count <= 64,
            origin.unread?.count ?? 0 <= Self.mostUnread
        else { return nil }
        self = origin
    }

    /// The comment; the same for the same capture.
    ///
    /// Where it would be too long, fewer of `unread` are told.
    func comment() throws -> String {
        var origin = self
        while true {
            let comment = try origin.encoded()
            guard comment.utf8.count > Self.longestComment else { return comment }
            guard let unread = origin.unread, unread.count > 1 else { throw TooLong() }
            origin.unread?.removeLast()
        }
    }

    /// Adds a problem to what is known of the capture.
    mutating func add(_ sentence: String) {
        problem = problem.map { $0 == sentence ? $0 : "\(sentence); \($0)" } ?? sentence
    }

    /// Sentences on what of the originals was not read.
    var sentences: [String] { [problem].compactMap { $0 } + (unread ?? []).map(\.problem) }

    private func encoded() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return Distilled.originPrefix
            + String(decoding: try encoder.encode(self), as: UTF8.self)
    }

    var coverage: Coverage {
        var coverage = Coverage()
        coverage.frames = frames
        coverage.bytes = bytes
        coverage.first = first.map(Timestamp.init(nanoseconds:))
        coverage.last = last.map(Timestamp.init(nanoseconds:))
        coverage.notIP = notIP
        coverage.undecodable = undecodable
        coverage.truncated = truncated
        coverage.cutAt = cutAt ?? 0
        coverage.fragments = fragments
        coverage.tcp = tcp
        coverage.lost = lost ?? 0
        return coverage
    }
}
