import Net
public import Policy
public import PolicyText

/// A config.xml of pfSense or OPNsense.
public enum PfSense: ConfigFormat {
    public static let name = "pfsense-config"
    public static let platform = "pfSense, OPNsense"

    public static func recognise(_ text: ConfigText) -> Recognition {
        for line in text.lines.prefix(50) {
            let bare = line.trimmingBlanks
            if bare.hasPrefix("<pfsense>") || bare.hasPrefix("<opnsense>") { return .certain }
        }
        return .no
    }

    public static func read(_ text: ConfigText) -> Configuration {
        let reader = PfSenseReader(text)
        var builder = PFDeviceBuilder(reader.policy)
        var device = builder.build()
        device.usualPlace = .through
        let names = device.interfaces.map(\.name)
        if names.contains("wan") {
            device.usualEntering = "wan"
            let inner = names.filter { $0 != "wan" && $0 != "lo0" }
            device.usualLeaving = inner.count == 1 ? inner[0] : inner.first { $0 == "lan" }
        }
        let translates = device.stages.contains { $0.work == .translate }
        return Configuration(
            file: text.file, format: name, kinds: translates ? [.firewall, .nat] : [.firewall],
            device: device, notes: reader.notes)
    }

    /// Commands of pfSense's `easyrule`, which writes a rule of the WAN interface.
    public static func fix(_ change: Change, _ configuration: Configuration?) -> Fix? {
        guard let configuration, case .permit(let ports, let address) = change else { return nil }
        let isOPNsense = configuration.notes.contains { $0.text.contains("<opnsense>") }
        // OPNsense has no such command, and a range would need one for each port.
        guard !isOPNsense, ports.count <= 64 else { return nil }
        return Fix(
            platform: "pfSense (easyrule)",
            commands: ports.ports.map { "easyrule pass wan tcp any \(address) \($0)" })
    }
}
