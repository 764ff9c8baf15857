import Net
public import Policy
public import PolicyText

/// `prefs.XML` of CrushFTP: `<server_list>` with an item for each port that it serves.
public enum CrushFTP: ConfigFormat {
    public static let name = "crushftp"
    public static let platform = "CrushFTP"

    public static func recognise(_ text: ConfigText) -> Recognition {
        guard text.mentions("server_list_subitem") || text.mentions("pasv_ports"),
            text.whole.contains("<")
        else { return .no }
        let nodes = XMLNodes(text.whole, limit: 20_000).nodes
        let isPrefs = nodes.contains { $0.ends("server_list", "server_list_subitem") }
        return isPrefs || nodes.contains { $0.name == "pasv_ports" } ? .certain : .no
    }

    static let behaviour = ServerBehaviour(
        product: "CrushFTP", acceptedPorts: 1...65535, onePortAccepted: true)

    private struct Item: Hashable {
        var line = 0
        var values: [String: Setting<String>] = [:]

        var kind: String { values["serverType"]?.value.uppercased() ?? "FTP" }
        var port: UInt16? { values["port"].flatMap { ServerText.port($0.value) } }

        func says(_ other: Item) -> Bool {
            CrushFTP.shaping.subtracting(["port", "serverType"])
                .allSatisfy { values[$0]?.value == other.values[$0]?.value }
        }
    }

    private static let shaping: Set<String> = [
        "serverType", "port", "pasv_ports", "server_ip", "explicit_tls", "explicit_ssl",
        "require_encryption",
    ]

    public static func read(_ text: ConfigText) -> Configuration {
        let xml = XMLNodes(text.whole)
        var notes = LineNotes(text)
        var items: [Item] = []
        var whole = Item()
        for node in xml.nodes {
            let line = node.element.line
            if node.name == "server_list_subitem" {
                items.append(Item(line: line))
            } else if shaping.contains(node.name) {
                let value = Setting(node.text, text.source(line))
                if node.path.contains("server_list_subitem"), let last = items.indices.last {
                    items[last].values[node.name] = value
                } else {
                    whole.values[node.name] = value
                }
            } else if node.name == "ip_restrictions_subitem" {
                notes.add(
                    line, .irrelevant, "restrictions of clients by address aren't of the ports")
            }
        }
        let serving = items.filter { ["FTP", "FTPS", "FTPES"].contains($0.kind) }
        let first = serving.first ?? whole
        var settings = ServerSettings(unset: .osDynamic(usual: nil), of: behaviour, in: text)
        settings.void(.unknown, "no pasv_ports is there", [])
        func value(_ name: String) -> Setting<String>? { first.values[name] ?? whole.values[name] }
        for name in shaping {
            if let line = value(name)?.source.line { notes.add(line, .used) }
        }
        if let ports = value("pasv_ports") {
            let bounds = ports.value.split(separator: "-", omittingEmptySubsequences: false)
                .map { ServerText.port($0.bare) }
            if bounds.count <= 2,
                let range = ServerText.range(bounds.first ?? nil, bounds.last ?? nil)
            {
                settings.passiveProblem = nil
                settings.set(range, [ports.source])
            } else {
                settings.void(
                    .invalid, "\(ports.value.excerpt) is no range of ports", [ports.source])
                notes.set(ports.source.line ?? 0, .invalid, "no range of ports")
            }
        }
        if let address = value("server_ip"),
            !["", "auto", "lookup"].contains(address.value.lowercased())
        {
            if let literal = ServerText.v4(address.value) {
                settings.advertisedAddress = Setting(literal, address.source)
            } else {
                settings.advertisedName = address
            }
        } else if let address = value("server_ip"), !address.value.isEmpty {
            // It finds its outside address by asking around.
            settings.advertisedName = address
            notes.set(
                address.source.line ?? 0, .notModelled, "the address is found out at run time")
        }
        for item in serving {
            guard item.says(first) else {
                notes.set(
                    item.line, .notModelled,
                    "a server of its own, for its settings differ from the first one's")
                continue
            }
            guard let port = item.port, let source = item.values["port"]?.source else { continue }
            notes.add(source.line ?? 0, .used)
            if item == first { settings.control = [] }
            if !settings.control.contains(where: { $0.value == port }) {
                settings.control.append(Setting(port, source))
            }
        }
        if settings.control.isEmpty {
            settings.control = [Setting(21, text.absence("no port is there"))]
        }
        settings.tls = tls(first, text)
        if serving.isEmpty { settings.tlsProblem = "no FTP server is listed" }
        return Configuration(
            file: text.file, format: name, kinds: [.server], server: settings,
            notes: xml.finish(notes, "no setting of FTP's ports or addresses"))
    }

    private static func tls(_ item: Item, _ text: ConfigText) -> Setting<ServerSettings.TLS> {
        func on(_ name: String) -> Setting<String>? {
            item.values[name].flatMap { $0.value.lowercased() == "true" ? $0 : nil }
        }
        if item.kind == "FTPS", let source = item.values["serverType"]?.source {
            return Setting(.implicit, source)
        }
        if let explicit = on("explicit_tls") ?? on("explicit_ssl") {
            return on("require_encryption").map { Setting(.required, $0.source) }
                ?? Setting(.optional, explicit.source)
        }
        return Setting(.none, text.absence("explicit TLS isn't on"))
    }

    public static func fix(_ change: Change, _ configuration: Configuration?) -> Fix? {
        let (name, value): (String, String)
        switch change {
        case .setPassiveRange(let range):
            (name, value) = ("pasv_ports", "\(range.lowerBound)-\(range.upperBound)")
        case .advertise(let address):
            guard address.family == .v4 else { return nil }
            (name, value) = ("server_ip", "\(address)")
        case .requireTLS, .refuseForeignPeers, .refuseActive, .restart, .permit, .forbid,
            .translate, .set:
            return nil
        }
        let place =
            "<!-- in each FTP item of <server_list> of \(configuration?.file ?? "prefs.XML"), with the server stopped -->"
        let old = (configuration?.notes ?? []).filter { $0.text.contains("<\(name)>") }
        return Fix(
            platform: platform,
            commands: [place] + old.map { "<!-- in place of line \($0.line) -->" }
                + ["<\(name)>\(value)</\(name)>"],
            undo: [place] + (old.isEmpty ? ["<!-- take out \(name) -->"] : old.map(\.text.bare)))
    }
}
