import Net
import Policy
import PolicyText

/// Writes lines of pf.conf that carry out a change.
struct PFWriter {
    let reader: PFReader
    let device: Device

    init(_ reader: PFReader, _ device: Device) {
        self.reader = reader
        self.device = device
    }

    private static let load = ["pfctl -nf /etc/pf.conf && pfctl -f /etc/pf.conf"]

    func fix(_ change: Change) -> Fix? {
        switch change {
        case .permit(let ports, let address):
            let targets = device.filtered(ports, of: address, opening: true)
            // What passes the host is filtered anew where it leaves.
            let both = ["in", "out"].map { ($0, targets) }
            let ways = [[both[0]], both].first {
                !device.stillDenies(
                    ports, of: address, opening: Dictionary(uniqueKeysWithValues: $0))
            }
            guard let ways else { return nil }
            return script(
                filters(ways.count == 1 ? "pass in" : "pass", ports, address, opening: true),
                blocks: true)
        case .forbid(let ports, let address):
            return script(filters("block in", ports, address, opening: false), blocks: false)
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
    private func filters(
        _ verb: String, _ ports: PortSet, _ address: IPAddress, opening: Bool
    ) -> [String] {
        device.filtered(ports, of: address, opening: opening).flatMap { target, ports in
            ports.ranges.map {
                "\(verb) quick proto tcp from any to \(target) port \(text($0))"
            }
        }
    }

    // `blocks`: whether quick blocks stand against the lines; false: quick passes do; nil: they are
    // translations, of which the first counts.
    private func script(_ lines: [String], blocks: Bool?) -> Fix {
        let filters = reader.rules.filter {
            switch $0.kind {
            case .pass: blocks == nil || blocks == false && $0.quick
            case .block: blocks == nil || blocks == true && $0.quick
            case .match, .rdr, .binat: blocks == nil
            default: false
            }
        }
        // By what it says: other changes may have put lines above it.
        let place =
            filters.first { $0.first > 0 }.map { rule in
                let line = PFLexer.plain(reader.text.lines[rule.first - 1]).bare
                return "above `\(line)` (line \(rule.first) as it was read)"
            } ?? "at the end"
        return Fix(
            platform: PFConf.platform, commands: ["# in pf.conf, \(place):"] + lines,
            undo: ["# take out of pf.conf:"] + lines.map { "# \($0)" }, restart: Self.load)
    }
}
