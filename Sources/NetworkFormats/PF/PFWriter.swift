import Net
import Policy

/// Writes lines of pf.conf that carry out a change.
struct PFWriter {
    let reader: PFReader

    init(_ reader: PFReader) { self.reader = reader }

    private static let load = ["pfctl -nf /etc/pf.conf && pfctl -f /etc/pf.conf"]

    func fix(_ change: Change) -> Fix? {
        switch change {
        case .permit(let ports, let address):
            let target = inside(of: address) ?? address
            return script(
                ports.ranges.map {
                    "pass in quick proto tcp from any to \(target) port \(text($0))"
                },
                blocks: true)
        case .forbid(let ports, let address):
            let target = inside(of: address) ?? address
            return script(
                ports.ranges.map {
                    "block in quick proto tcp from any to \(target) port \(text($0))"
                }, blocks: false)
        case .translate(let ports, let outside, let inside):
            guard outside.family == inside.family else { return nil }
            let lines = ports.ranges.map { range in
                usesArrows
                    ? "rdr proto tcp from any to \(outside) port \(text(range)) -> \(inside)"
                    : "match in proto tcp from any to \(outside) port \(text(range)) rdr-to \(inside)"
            }
            return script(lines, blocks: nil)
        default: return nil
        }
    }

    private var usesArrows: Bool {
        reader.rules.contains { [.rdr, .nat, .binat].contains($0.kind) && $0.first > 0 }
            && !reader.rules.contains { $0.kind == .match || $0.kind == .pass && $0.target != nil }
    }

    private func text(_ range: ClosedRange<UInt16>) -> String {
        range.count == 1 ? "\(range.lowerBound)" : "\(range.lowerBound):\(range.upperBound)"
    }

    /// Filters see the address behind a redirection.
    private func inside(of address: IPAddress) -> IPAddress? {
        for rule in reader.rules where rule.destinations.set == AddressSet(address) {
            guard rule.kind == .rdr || rule.kind == .match, let target = rule.target,
                let range = target.hosts.set.ranges.first, target.hosts.set.ranges.count == 1,
                range.lowerBound == range.upperBound
            else { continue }
            return range.lowerBound
        }
        return nil
    }

    // `blocks`: whether quick blocks stand against the lines; false: quick passes do; nil: they are
    // translations.
    private func script(_ lines: [String], blocks: Bool?) -> Fix {
        let filters = reader.rules.filter {
            switch $0.kind {
            case .pass: blocks == nil || blocks == false && $0.quick
            case .block: blocks == nil || blocks == true && $0.quick
            case .match: blocks == nil
            default: false
            }
        }
        let place =
            filters.first.map { "above line \($0.first)" } ?? "at the end"
        return Fix(
            platform: PFConf.platform, commands: ["# in pf.conf, \(place):"] + lines,
            undo: ["# take out of pf.conf:"] + lines.map { "# \($0)" }, restart: Self.load)
    }
}
