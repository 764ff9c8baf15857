import Net
public import Policy

/// The answer to a reach question, as one JSON object (schema `pinhole.reach/1`).
public struct ReachJSON: Sendable {
    private let server: SiteServer?

    /// - Parameter server: who is meant to answer at the address asked for, where a site says.
    public init(server: SiteServer? = nil) { self.server = server }

    /// The object on one line, keys in alphabetical order, with a line break at its end.
    public func text(_ reach: Reach) -> String {
        var json = JSONText()
        json.object { json in
            json.strings("notes", reach.notes)
            json.string("schema", "pinhole.reach/1")
            json.array("segments") { json in
                for segment in reach.segments { json.object { write(segment, of: reach, &$0) } }
            }
            json.string("to", "\(reach.to)")
        }
        return json.text + "\n"
    }

    private func write(_ segment: Reach.Segment, of reach: Reach, _ json: inout JSONText) {
        json.strings("alternatives", segment.alternatives.map { "\($0)" })
        json.array("decided_by") { json in
            for decision in segment.decidedBy { json.object { Self.write(decision, &$0) } }
        }
        let misses = server.map { segment.misses($0, asked: reach.to) } ?? false
        json.bool("delivered", misses ? false : nil)
        json.string("from", "\(segment.from)")
        json.strings("notes", segment.notes)
        json.string("ports", "\(segment.ports)")
        json.string("return", segment.back?.rawValue)
        json.string("translated_to", segment.deliveryText)
        json.string("verdict", segment.verdict.rawValue)
    }

    private static func write(_ decision: Reach.Decision, _ json: inout JSONText) {
        json.string("file", decision.source.file)
        json.string("hop", decision.hop)
        json.number("line", decision.source.line)
        json.string("text", decision.source.text)
    }
}

extension JSONText {
    /// Strings in an array; left out where there are none.
    fileprivate mutating func strings(_ key: String, _ values: [String]) {
        guard !values.isEmpty else { return }
        array(key) { json in
            for value in values { json.string(nil, value) }
        }
    }
}

extension Reach.Segment {
    /// Whether it is let through and ends elsewhere than at the server.
    func misses(_ server: SiteServer, asked: IPAddress) -> Bool {
        guard verdict == .permitted || verdict == .permittedByInspection else { return false }
        return (alternatives.isEmpty ? [translatedTo ?? asked] : alternatives).allSatisfy {
            !server.ends.contains($0)
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
