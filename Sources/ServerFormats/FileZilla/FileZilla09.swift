import Net
public import Policy
public import PolicyText

/// `FileZilla Server.xml` of FileZilla Server 0.9: `<Item name="…">` elements in `<Settings>`.
///
/// The custom range counts only where `Use custom PASV ports` is on; reversed bounds are swapped.
/// Source: OptionTypes.h and pasv_port_randomizer.cpp of 0.9.
public enum FileZilla09: ConfigFormat {
    public static let name = "filezilla-0.9"
    public static let platform = "FileZilla Server 0.9"

    public static func recognise(_ text: ConfigText) -> Recognition {
        guard text.mentions("FileZillaServer") else { return .no }
        return XMLScanner(text.whole, elementLimit: 1).elements.first?.name == "FileZillaServer"
            ? .certain : .no
    }

    static let behaviour = ServerBehaviour(
        product: "FileZilla Server 0.9", acceptedPorts: 1...65535, onePortAccepted: true,
        leavesRangeWhenFull: false, restartNeeded: true)

    private static let shaping: Set<String> = [
        "Serverports", "Server port", "Serverport", "Use custom PASV ports",
        "Custom PASV min port", "Custom PASV max port", "Custom PASV IP type", "Custom PASV IP",
        "Custom PASV IP server", "Custom PASV Enable", "Enable SSL", "Force explicit SSL",
        "Force PROT P", "Implicit SSL ports", "Allow explicit SSL", "Check data connection IP",
    ]

    public static func read(_ text: ConfigText) -> Configuration {
        let xml = XMLNodes(text.whole)
        var notes = LineNotes(text)
        var items: [String: Setting<String>] = [:]
        for node in xml.nodes {
            let line = node.element.line
            guard node.ends("FileZillaServer", "Settings", "Item") else {
                if node.ends("IpFilter", "Disallowed", "IP")
                    || node.ends("IpFilter", "Allowed", "IP")
                {
                    notes.add(line, .notModelled, "restrictions of clients by address aren't read")
                }
                continue
            }
            guard let name = node.element["name"]?.value, shaping.contains(name) else {
                if let name = node.element["name"]?.value, name.hasPrefix("IP Filter"),
                    !node.text.isEmpty
                {
                    notes.add(line, .notModelled, "restrictions of clients by address aren't read")
                }
                continue
            }
            items[name] = Setting(node.text, text.source(line))
            notes.add(line, .used)
        }
        var settings = ServerSettings(
            unset: .osDynamic(usual: 49152...65535), of: behaviour, in: text)
        settings.passiveSources = [
            text.absence("Use custom PASV ports unset: ports that the system hands out")
        ]
        takeRange(&settings, items, &notes)
        takeAddress(&settings, items, &notes)
        takeTLS(&settings, items, &notes)
        if let check = items["Check data connection IP"] {
            settings.foreignPassivePeers = Setting(check.value == "0", check.source)
            settings.foreignActivePeers = settings.foreignPassivePeers
        }
        return Configuration(
            file: text.file, format: name, kinds: [.server], server: settings,
            notes: xml.finish(notes, "no setting of ports or addresses"))
    }

    private static func on(_ item: Setting<String>?) -> Bool {
        item.flatMap { ServerText.number($0.value) }.map { $0 != 0 } ?? false
    }

    private static func takeRange(
        _ settings: inout ServerSettings, _ items: [String: Setting<String>],
        _ notes: inout LineNotes
    ) {
        let bounds = ["Custom PASV min port", "Custom PASV max port"].map { items[$0] }
        guard let use = items["Use custom PASV ports"], on(use) else {
            if let use = items["Use custom PASV ports"] { settings.passiveSources = [use.source] }
            for bound in bounds.compactMap(\.self) {
                notes.set(
                    bound.source.line ?? 0, .irrelevant, "Use custom PASV ports isn't on")
            }
            return
        }
        let numbers = bounds.map { bound in
            min(65535, max(1, bound.map { ServerText.atoi($0.value) } ?? 0))
        }
        let low = UInt16(clamping: numbers.min() ?? 1)
        let high = UInt16(clamping: numbers.max() ?? 1)
        settings.set(low...high, bounds.compactMap { $0?.source } + [use.source])
        for bound in bounds.compactMap(\.self)
        where !(1...65535).contains(ServerText.atoi(bound.value)) {
            notes.set(bound.source.line ?? 0, .invalid, "no port: held to 1 and 65535")
        }
    }

    private static func takeAddress(
        _ settings: inout ServerSettings, _ items: [String: Setting<String>],
        _ notes: inout LineNotes
    ) {
        let type = items["Custom PASV IP type"] ?? items["Custom PASV Enable"]
        let value = items["Custom PASV IP"]
        let server = items["Custom PASV IP server"]
        let kind = type.flatMap { ServerText.number($0.value) } ?? 0
        if kind == 1, let value, !value.value.isEmpty {
            if let address = ServerText.v4(value.value) {
                settings.advertisedAddress = Setting(address, value.source)
            } else {
                settings.advertisedName = value
            }
        } else if let value {
            notes.set(value.source.line ?? 0, .irrelevant, "Custom PASV IP type isn't 1")
        }
        if kind == 2, let server {
            settings.advertisedName = server
            notes.set(
                server.source.line ?? 0, .notModelled, "the address is asked of that server")
        } else if let server {
            notes.set(server.source.line ?? 0, .irrelevant, "Custom PASV IP type isn't 2")
        }
    }

    private static func ports(_ item: Setting<String>?, _ notes: inout LineNotes) -> [Setting<
        UInt16
    >] {
        guard let item else { return [] }
        var ports: [Setting<UInt16>] = []
        for word in item.value.split(whereSeparator: { " ,;".contains($0) }) {
            if let port = ServerText.port(word) {
                ports.append(Setting(port, item.source))
            } else {
                notes.set(item.source.line ?? 0, .invalid, "\(word.excerpt) is no port")
            }
        }
        return ports
    }

    private static func takeTLS(
        _ settings: inout ServerSettings, _ items: [String: Setting<String>],
        _ notes: inout LineNotes
    ) {
        let plain = ports(
            items["Serverports"] ?? items["Server port"] ?? items["Serverport"], &notes)
        let implicit = ports(items["Implicit SSL ports"], &notes)
        if !plain.isEmpty { settings.control = plain }
        guard let enable = items["Enable SSL"], on(enable) else {
            settings.tls = Setting(
                .none, items["Enable SSL"]?.source ?? settings.tls.source)
            if let line = implicit.first?.source.line {
                notes.set(line, .irrelevant, "Enable SSL isn't on")
            }
            return
        }
        for port in implicit where !settings.control.contains(where: { $0.value == port.value }) {
            settings.control.append(port)
        }
        let forced = on(items["Force explicit SSL"]) && on(items["Force PROT P"])
        // Where AUTH isn't taken, TLS is only where it begins with the connection.
        let explicit = items["Allow explicit SSL"]
        let takesAUTH = explicit.map { on($0) } ?? true
        if plain.isEmpty, !implicit.isEmpty, items["Serverports"] != nil {
            settings.control = implicit
            settings.tls = Setting(.implicit, enable.source)
            if !on(items["Force PROT P"]) {
                settings.clearData = items["Force PROT P"]?.source ?? enable.source
            }
        } else if !takesAUTH {
            settings.tls = Setting(
                implicit.isEmpty ? .none : .optional, explicit?.source ?? enable.source)
        } else {
            settings.tls = Setting(forced ? .required : .optional, enable.source)
        }
    }

    public static func fix(_ change: Change, _ configuration: Configuration?) -> Fix? {
        let items: [(name: String, type: String, value: String)]
        switch change {
        case .setPassiveRange(let range):
            items = [
                ("Use custom PASV ports", "numeric", "1"),
                ("Custom PASV min port", "numeric", "\(range.lowerBound)"),
                ("Custom PASV max port", "numeric", "\(range.upperBound)"),
            ]
        case .advertise(let address):
            guard address.family == .v4 else { return nil }
            items = [
                ("Custom PASV IP type", "numeric", "1"),
                ("Custom PASV IP", "string", "\(address)"),
            ]
        case .requireTLS:
            items = [
                ("Enable SSL", "numeric", "1"), ("Force explicit SSL", "numeric", "1"),
                ("Force PROT P", "numeric", "1"),
            ]
        case .refuseForeignPeers: items = [("Check data connection IP", "numeric", "2")]
        case .restart: items = []
        case .refuseActive, .permit, .forbid, .translate, .set: return nil
        }
        var fix = Fix(
            platform: platform, commands: [],
            restart: ["net stop \"FileZilla Server\"", "net start \"FileZilla Server\""])
        if items.isEmpty { return fix }
        let place =
            "<!-- in <Settings> of \(configuration?.file ?? "FileZilla Server.xml"), with the service stopped -->"
        fix.commands = [place]
        fix.undo = [place]
        for item in items {
            let old =
                configuration?.notes.filter { $0.text.contains("name=\"\(item.name)\"") } ?? []
            for note in old {
                fix.commands.append("<!-- in place of line \(note.line) -->")
                fix.undo.append(note.text.bare)
            }
            if old.isEmpty { fix.undo.append("<!-- take out the item \(item.name) -->") }
            fix.commands.append(
                "<Item name=\"\(item.name)\" type=\"\(item.type)\">\(item.value)</Item>")
        }
        return fix
    }
}
