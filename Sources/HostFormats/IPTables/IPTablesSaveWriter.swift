import Net
import Policy
import PolicyText

/// Commands of iptables for a change.
enum IPTablesSaveWriter {
    static func fix(_ change: Change, _ configuration: Configuration?) -> Fix? {
        switch change {
        case .permit(let ports, let address):
            filter(ports, address, "ACCEPT", configuration)
        case .forbid(let ports, let address):
            filter(ports, address, "DROP", configuration)
        case .translate(let ports, let outside, let inside):
            translate(ports, outside, inside)
        case .set(.readControl(let ports, let server)): attachHelper(ports, server)
        default: nil
        }
    }

    /// The filter sees the address that a translation before it has made.
    private static func filter(
        _ ports: PortSet, _ address: IPAddress, _ verdict: String, _ configuration: Configuration?
    ) -> Fix? {
        let places =
            configuration?.device?.filtered(
                ports, of: address, opening: verdict == "ACCEPT") ?? [(address, ports)]
        let tool = tool(address)
        var states = "NEW"
        if verdict == "ACCEPT", let configuration {
            guard !staysShut(ports, address, places, configuration) else { return nil }
            // Where nothing else lets pass what follows on a SYN.
            if !configuration.notes.contains(where: { $0.text.mentions("ESTABLISHED") }) {
                states += ",ESTABLISHED"
            }
        }
        let rules = places.flatMap { place, ports in
            let chain = place == address ? chain(address, configuration) : "FORWARD"
            return chunks(ports).map {
                "\(chain) -d \(place) -p tcp \($0) -m conntrack --ctstate \(states) -j \(verdict)"
            }
        }
        guard !rules.isEmpty else { return nil }
        return Fix(
            platform: IPTablesSave.platform, commands: rules.map { "\(tool) -I \($0)" },
            undo: rules.map { "\(tool) -D \($0)" })
    }

    /// Whether another table (`raw`, `mangle`) drops them all the same.
    private static func staysShut(
        _ ports: PortSet, _ address: IPAddress, _ places: [(IPAddress, PortSet)],
        _ configuration: Configuration
    ) -> Bool {
        var chains: [String: [(IPAddress, PortSet)]] = [:]
        var isForwarded = false
        for (place, ports) in places {
            let chain = place == address ? chain(address, configuration) : "FORWARD"
            isForwarded = isForwarded || chain == "FORWARD"
            let name = "filter/\(chain)"
            for name in [name, IPTablesFamilies.sixth(name)] {
                chains[name, default: []].append((place, ports))
            }
        }
        return configuration.device?.stillDenies(
            ports, of: address, opening: chains, at: isForwarded ? .through : .host) ?? false
    }

    /// FORWARD where the address is one that the device translates to, or it says that it stands
    /// between; else INPUT.
    private static func chain(_ address: IPAddress, _ configuration: Configuration?) -> String {
        guard let device = configuration?.device else { return "INPUT" }
        if device.usualPlace == .through { return "FORWARD" }
        let targets = device.chains.values.flatMap(\.rules).contains { rule in
            guard case .translate(let translation) = rule.action,
                case .addresses(let list) = translation.address
            else { return false }
            return list.contains(address)
        }
        return targets ? "FORWARD" : "INPUT"
    }

    private static func translate(
        _ ports: PortSet, _ outside: IPAddress, _ inside: IPAddress
    ) -> Fix? {
        guard !ports.isEmpty, outside.family == inside.family else { return nil }
        let tool = tool(outside)
        let rules = chunks(ports).map {
            "PREROUTING -d \(outside) -p tcp \($0) -j DNAT --to-destination \(inside)"
        }
        return Fix(
            platform: IPTablesSave.platform, commands: rules.map { "\(tool) -t nat -I \($0)" },
            undo: rules.map { "\(tool) -t nat -D \($0)" })
    }

    /// The helper is attached before the connection is tracked.
    private static func attachHelper(_ ports: PortSet, _ server: IPAddress) -> Fix? {
        guard !ports.isEmpty else { return nil }
        let tool = tool(server)
        let rules = chunks(ports).map { "PREROUTING -p tcp \($0) -j CT --helper ftp" }
        return Fix(
            platform: IPTablesSave.platform,
            commands: ["modprobe nf_conntrack_ftp"] + rules.map { "\(tool) -t raw -I \($0)" },
            undo: rules.map { "\(tool) -t raw -D \($0)" })
    }

    private static func tool(_ address: IPAddress) -> String {
        address.family == .v4 ? "iptables" : "ip6tables"
    }

    /// Port options: one range by `--dport`, more by `-m multiport`, which takes 15 numbers.
    private static func chunks(_ ports: PortSet) -> [String] {
        func text(_ range: ClosedRange<UInt16>) -> String {
            range.count == 1 ? "\(range.lowerBound)" : "\(range.lowerBound):\(range.upperBound)"
        }
        if ports.ranges.count == 1, let range = ports.ranges.first {
            return ["--dport \(text(range))"]
        }
        var chunks: [[String]] = []
        var room = 0
        for range in ports.ranges {
            let weight = range.count == 1 ? 1 : 2
            if room < weight {
                chunks.append([])
                room = 15
            }
            chunks[chunks.count - 1].append(text(range))
            room -= weight
        }
        return chunks.map { "-m multiport --dports \($0.joined(separator: ","))" }
    }
}
