import Foundation
import Net
public import Policy

/// The answer to a reach question, as one JSON object (schema `pinhole.reach/1`).
public struct ReachJSON: Sendable {
    private let server: SiteServer?

    /// - Parameter server: who is meant to answer at the address asked for, where a site says.
    public init(server: SiteServer? = nil) { self.server = server }

    /// The object, keys in alphabetical order, with a line break at its end.
    public func text(_ reach: Reach) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes, .prettyPrinted]
        return String(decoding: try encoder.encode(Answer(reach, server)), as: UTF8.self) + "\n"
    }

    private struct Answer: Encodable {
        let schema = "pinhole.reach/1"
        let to: String
        let segments: [Segment]
        let notes: [String]?

        init(_ reach: Reach, _ server: SiteServer?) {
            to = "\(reach.to)"
            segments = reach.segments.map { Segment($0, misses: server.map($0.misses) ?? false) }
            notes = reach.notes.isEmpty ? nil : reach.notes
        }
    }

    private struct Segment: Encodable {
        let ports: String
        let from: String
        let verdict: String
        let decided_by: [Line]
        let translated_to: String?
        let alternatives: [String]?
        let delivered: Bool?
        let `return`: String?
        let notes: [String]?

        init(_ segment: Reach.Segment, misses: Bool) {
            ports = "\(segment.ports)"
            from = "\(segment.from)"
            verdict = segment.verdict.rawValue
            decided_by = segment.decidedBy.map(Line.init)
            translated_to = segment.deliveryText
            alternatives =
                segment.alternatives.isEmpty ? nil : segment.alternatives.map { "\($0)" }
            delivered = misses ? false : nil
            `return` = segment.back?.rawValue
            notes = segment.notes.isEmpty ? nil : segment.notes
        }
    }

    private struct Line: Encodable {
        let hop: String?
        let file: String
        let line: Int?
        let text: String

        init(_ decision: Reach.Decision) {
            hop = decision.hop
            file = decision.source.file
            line = decision.source.line
            text = decision.source.text
        }
    }
}

extension Reach.Segment {
    /// Whether it is let through and ends elsewhere than at the server.
    func misses(_ server: SiteServer) -> Bool {
        guard verdict == .permitted || verdict == .permittedByInspection else { return false }
        let ends = translatedTo.map { [$0] } ?? server.addresses
        return (alternatives.isEmpty ? ends : alternatives).allSatisfy {
            !server.inside.contains($0)
        }
    }

    /// Where it is delivered, if not as asked: `10.1.1.10`, `10.1.1.10:21`, `[2001:db8::1]:21`.
    var deliveryText: String? {
        guard let address = translatedTo else { return nil }
        guard let ports = translatedPorts else { return "\(address)" }
        let host = address.family == .v6 ? "[\(address)]" : "\(address)"
        if ports.count == 1 { return "\(host):\(ports.lowerBound)" }
        return "\(host):\(ports.lowerBound)-\(ports.upperBound)"
    }
}
