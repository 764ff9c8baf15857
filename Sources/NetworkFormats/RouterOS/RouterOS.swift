import Net
public import Policy
public import PolicyText

/// An export of MikroTik RouterOS.
public enum RouterOS: NumberedFormat {
    public static let name = "routeros"
    public static let platform = "MikroTik RouterOS"

    public static func recognise(_ text: ConfigText) -> Recognition {
        var (menus, entries) = (0, 0)
        for line in text.lines {
            let bare = line.trimmingBlanks
            if bare.hasPrefix("#"), bare.contains("by RouterOS") { return .certain }
            let known = ["/ip ", "/interface ", "/system ", "/routing ", "/user ", "/ipv6 "]
            if known.contains(where: bare.hasPrefix) { menus += 1 }
            if bare.hasPrefix("add ") || bare.hasPrefix("set ") || bare.hasPrefix("/ip firewall") {
                entries += bare.contains("=") ? 1 : 0
            }
        }
        return menus > 0 && entries > 0 ? .certain : .no
    }

    public static func read(_ text: ConfigText) -> Configuration {
        var builder = RouterOSBuilder(RouterOSReader(text))
        let device = builder.build()
        let translates = device.stages.contains { $0.work == .translate }
        return Configuration(
            file: text.file, format: name, kinds: translates ? [.firewall, .nat] : [.firewall],
            device: device, notes: builder.reader.notes)
    }

    /// Rules put first; the filter sees the address behind the translation.
    public static func fix(
        _ change: Change, _ configuration: Configuration?, _ numbering: Numbering
    ) -> Fix? {
        guard let configuration, let device = configuration.device else { return nil }
        switch change {
        case .permit(let ports, let address), .forbid(let ports, let address):
            guard address.family == .v4 else { return nil }
            let action = if case .permit = change { "accept" } else { "drop" }
            let own = device.interfaces.flatMap(\.addresses)
            let targets = device.filtered(ports, of: address, opening: action == "accept")
            if action == "accept" {
                // What `raw` drops, no rule of the filter opens.
                let chains = ["filter forward", "filter input", "passing"].map { ($0, targets) }
                let opened = Dictionary(uniqueKeysWithValues: chains)
                guard !device.stillDenies(ports, of: address, opening: opened) else { return nil }
            }
            let rules = targets.flatMap { target, ports in
                // What waits for its translation isn't to be let in to the router.
                let waits = action == "accept" && targets.count > 1
                let chain = own.contains(target) && !waits ? "input" : "forward"
                return lists(ports).map {
                    "action=\(action) chain=\(chain) dst-address=\(target) dst-port=\($0) protocol=tcp"
                }
            }
            return add(rules, "filter", configuration, numbering)
        case .translate(let ports, let outside, let inside):
            let rules = lists(ports).map {
                "action=dst-nat chain=dstnat dst-address=\(outside) dst-port=\($0) "
                    + "protocol=tcp to-addresses=\(inside)"
            }
            return add(rules, "nat", configuration, numbering)
        default: return nil
        }
    }

    /// A rule takes 15 ports and ranges.
    private static func lists(_ ports: PortSet) -> [String] {
        stride(from: 0, to: ports.ranges.count, by: 15).map { start in
            ports.ranges[start..<min(start + 15, ports.ranges.count)].map {
                $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)-\($0.upperBound)"
            }.joined(separator: ",")
        }
    }

    private static func mark(_ number: Int) -> String {
        number == 1 ? "pinhole" : "pinhole \(number)"
    }

    /// Rules before all others of a menu, under a comment that no other has, by which they go again.
    private static func add(
        _ rules: [String], _ menu: String, _ configuration: Configuration,
        _ numbering: Numbering
    ) -> Fix {
        let texts = configuration.notes.map(\.text)
        let taken = numbering.taken(of: menu)
        let number = (1...9999).first { number in
            let mark = mark(number)
            return !taken.contains(number)
                && !texts.contains {
                    $0.contains("comment=\"\(mark)\"") || $0.contains("comment=\(mark) ")
                        || $0.hasSuffix("comment=\(mark)")
                }
        }
        numbering.take([number ?? 1], of: menu)
        let comment = "comment=\"\(mark(number ?? 1))\""
        let head = "/ip firewall \(menu)"
        let lines = configuration.notes.map { $0.text.bare }
        var current = ""
        var isFirst = true
        for line in lines {
            if line.hasPrefix("/") { current = line }
            if current.hasPrefix(head), line.hasPrefix("add ") || line.hasPrefix("\(head) add ") {
                isFirst = false
            }
        }
        let place = isFirst ? "" : " place-before=0"
        return Fix(
            platform: platform,
            commands: rules.reversed().map { "\(head) add \($0) \(comment)\(place)" },
            undo: ["\(head) remove [find \(comment)]"])
    }
}
