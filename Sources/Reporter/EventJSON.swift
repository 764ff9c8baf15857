public import Analyzer
public import FTP
import Foundation
public import Net

/// Events of the monitor, one JSON object a line, schema `pinhole.event/1`.
public struct EventJSON: Sendable {
    /// Names of the interfaces, by the index that frame references use.
    public let captures: [String]

    public init(captures: [String]) { self.captures = captures }

    /// A finding, with the fields that it has in a report; `former` are the ids of those that it
    /// replaces.
    public func finding(
        _ finding: Finding, replacing former: [String] = [], at time: Timestamp
    ) -> String {
        let body = JSONReport.line(finding, captures: captures)
        let replaces = former.isEmpty ? "" : "\"replaces\":\(PrettyJSON.line(former)),"
        return "{\"event\":\"finding\",\(head(time)),\(replaces)\(body.dropFirst())"
    }

    /// A session that has ended.
    public func session(_ record: SessionRecord, at time: Timestamp) -> String {
        let body = SessionRecordJSON(captures: captures).text(record)
        return "{\"event\":\"session\",\(head(time)),\"session\":\(body)}"
    }

    /// What was seen in all.
    public struct Summary: Sendable {
        public var frames = 0
        public var sessions = 0
        public var findings = 0
        public var dropped: UInt64 = 0
        /// How often a bound was reached, by its name.
        public var limits: [String: Int] = [:]

        public init() {}
    }

    public func summary(_ all: Summary, at time: Timestamp) -> String {
        "{\"event\":\"summary\",\(head(time)),\"frames\":\(all.frames),\"sessions\":\(all.sessions),"
            + "\"findings\":\(all.findings),\"dropped\":\(all.dropped),"
            + "\"limits\":\(PrettyJSON.line(all.limits))}"
    }

    /// Frames that the kernel or an interface dropped since the last such event.
    public func drop(_ frames: UInt64, at time: Timestamp) -> String {
        "{\"event\":\"drop\",\(head(time)),\"frames\":\(frames)}"
    }

    /// The site was read anew; where it could not be, the one before stands.
    public func reload(_ problems: [String], isInForce: Bool, at time: Timestamp) -> String {
        "{\"event\":\"reload\",\(head(time)),\"in_force\":\(isInForce),"
            + "\"problems\":\(PrettyJSON.line(problems))}"
    }

    private func head(_ time: Timestamp) -> String {
        "\"schema\":\"pinhole.event/1\",\"time\":\"\(time)\""
    }
}
