import Net
public import Policy
public import PolicyText

/// Files of firewalld: zones, policies, services, helpers, direct rules, `firewalld.conf`. Given
/// together they are one device.
///
/// Sources: firewalld.zone(5), firewalld.zones(5), firewalld.policies(5), firewalld.service(5).
public enum Firewalld: ConfigFormat {
    public static let name = "firewalld"
    public static let platform = "Linux (firewalld)"

    public static func recognise(_ text: ConfigText) -> Recognition {
        FirewalldFile.recognise(text)
    }

    public static func read(_ text: ConfigText) -> Configuration { read(together: [text]) }

    public static func fix(_ change: Change, _ configuration: Configuration?) -> Fix? {
        FirewalldWriter.fix(change, configuration)
    }
}

extension Firewalld: JointFormat {
    package static func read(together texts: [ConfigText]) -> Configuration {
        var device = FirewalldDevice(file: texts.first?.file ?? "")
        var notes: [LineNote]?
        for text in texts {
            let file = FirewalldFile(text)
            take(file, &device)
            notes = notes ?? file.notes
        }
        let forwards = (device.zones + device.policies).contains { set in
            set.entries.contains { if case .forward = $0.element { true } else { false } }
        }
        return Configuration(
            file: device.file, format: name, kinds: forwards ? [.firewall, .nat] : [.firewall],
            device: device.device(), notes: notes ?? [])
    }

    static func take(_ file: FirewalldFile, _ device: inout FirewalldDevice) {
        switch file.content {
        case .set(let set):
            if set.kind == .zone { device.zones.append(set) } else { device.policies.append(set) }
        case .service(let name, let service): device.services[name] = service
        case .helper(let name, let module, let ports): device.helpers[name] = (module, ports)
        case .direct(let line): device.direct = device.direct ?? line
        case .settings(let zone, let drifts):
            device.defaultZone = zone ?? device.defaultZone
            device.drifts = drifts ?? device.drifts
        case .broken(let why, let source):
            device.broken = device.broken ?? Setting(why, source)
        }
    }
}

/// Commands of firewall-cmd for a change.
///
/// They are rules of the lowest priority there is. Of two that have the same, firewalld tries the
/// denying one first: a denial of that priority stays above what is opened.
enum FirewalldWriter {
    static func fix(_ change: Change, _ configuration: Configuration?) -> Fix? {
        let ports: PortSet
        let address: IPAddress
        let verdict: String
        switch change {
        case .permit(let wanted, let to): (ports, address, verdict) = (wanted, to, "accept")
        case .forbid(let wanted, let to): (ports, address, verdict) = (wanted, to, "drop")
        default: return nil
        }
        guard !ports.isEmpty else { return nil }
        let zone = zone(configuration).map { " --zone=\($0)" } ?? ""
        let family = address.family == .v4 ? "ipv4" : "ipv6"
        // Before all other rules of the zone, so that none that denies stands above.
        let rules = ports.ranges.map { range in
            let list =
                range.count == 1 ? "\(range.lowerBound)" : "\(range.lowerBound)-\(range.upperBound)"
            return
                "'rule priority=\"-32768\" family=\"\(family)\" destination address=\"\(address)\" port port=\"\(list)\" protocol=\"tcp\" \(verdict)'"
        }
        return Fix(
            platform: Firewalld.platform,
            commands: rules.map { "firewall-cmd --permanent\(zone) --add-rich-rule=\($0)" },
            undo: rules.map { "firewall-cmd --permanent\(zone) --remove-rich-rule=\($0)" },
            restart: ["firewall-cmd --reload"])
    }

    /// The one zone of the configuration.
    private static func zone(_ configuration: Configuration?) -> String? {
        guard let device = configuration?.device, device.selectable.isEmpty else { return nil }
        let prefix = "INPUT "
        let names = device.chains.keys.filter { $0.hasPrefix(prefix) }
        guard names.count == 1, let name = names.first?.dropFirst(prefix.count),
            name.allSatisfy({ $0.isLetter || $0.isNumber || $0 == "-" || $0 == "_" })
        else { return nil }
        return String(name)
    }
}
