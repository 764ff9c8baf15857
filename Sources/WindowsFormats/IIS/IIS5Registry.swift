import Net
public import Policy
public import PolicyText

/// A registry export (`.reg`, REGEDIT4 or version 5.00) that holds the parameters of the FTP
/// service of IIS 5: `…\Services\Msftpsvc\Parameters`, value `PassivePortRange`, REG_SZ.
///
/// Where a file holds several control sets, the current one counts, else the lowest number. Source:
/// support.microsoft.com KB 555022.
public enum IIS5Registry: ConfigFormat {
    public static let name = "iis5-registry"
    public static let platform = IISFTPService.Generation.five.platform

    public static func recognise(_ text: ConfigText) -> Recognition {
        guard let first = text.lines.first(where: { !$0.bare.isEmpty })?.bare,
            first.same("REGEDIT4") || first.lowercased().hasPrefix("windows registry editor")
        else { return .no }
        return text.lines.contains { RegistryFile.key($0).map { controlSet($0) != nil } == true }
            ? .certain : .no
    }

    public static func read(_ text: ConfigText) -> Configuration {
        let file = RegistryFile(text)
        var notes = LineNotes(text)
        var values: [String: IISFTPService.Statement] = [:]
        var theft: [String: Setting<Bool>] = [:]
        var sets: [String] = []
        for entry in file.entries {
            if entry.content == .keyDeleted {
                for set in sets where holds(entry.key, set) {
                    (values[set], theft[set]) = (nil, nil)
                }
            }
            guard let set = controlSet(entry.key) else {
                mark(entry, .irrelevant, "another key", &notes)
                continue
            }
            if !sets.contains(set) { sets.append(set) }
            guard let name = entry.name else {
                mark(entry, .used, "", &notes)
                continue
            }
            take(name, entry, set, &values, &theft, &notes, text)
        }
        let inForce = sets.contains("currentcontrolset") ? "currentcontrolset" : sets.min()
        for entry in file.entries {
            if let set = controlSet(entry.key), set != inForce {
                mark(entry, .notModelled, "of a control set that isn't the current one", &notes)
            }
        }
        var server = inForce.map { IISFTPService.settings(.five, values[$0], in: text) }
        server?.foreignPassivePeers = inForce.flatMap { theft[$0] }
        return Configuration(
            file: text.file, format: name, kinds: [.server], server: server,
            notes: notes.finish { line, content in
                let plain = content.bare
                if plain.isEmpty { return (.irrelevant, "blank") }
                if plain.hasPrefix(";") { return (.irrelevant, "comment") }
                if file.headers.contains(line) { return (.irrelevant, "header") }
                return (.notRecognised, "neither a key nor a value")
            })
    }

    public static func fix(_ change: Change, _ configuration: Configuration?) -> Fix? {
        IISFTPService.fix(change, .five, configuration)
    }

    private static func take(
        _ name: String, _ entry: RegistryFile.Entry, _ set: String,
        _ values: inout [String: IISFTPService.Statement],
        _ theft: inout [String: Setting<Bool>], _ notes: inout LineNotes, _ text: ConfigText
    ) {
        switch name.lowercased() {
        case "passiveportrange":
            var said = IISFTPService.Statement(
                value: "", sources: [text.source(entry.lines.lowerBound)])
            switch entry.content {
            case .string(let value):
                said.value = value
            case .deleted, .keyDeleted:
                break
            case .other(let type, let value):
                said.problem = "\(value.excerpt) is of type \(type), not REG_SZ"
            case .broken(let why):
                mark(entry, .invalid, why, &notes)
                return
            }
            values[set] = said
            if case .invalid(let why) = said.reading {
                mark(entry, .invalid, why, &notes)
            } else {
                mark(entry, .used, "", &notes)
            }
        case "enablepasvtheft":
            guard case .other(type: "REG_DWORD", let value) = entry.content else {
                mark(entry, .notModelled, "not read as a number", &notes)
                return
            }
            theft[set] = Setting(value != "0", text.source(entry.lines.lowerBound))
            mark(entry, .used, "", &notes)
        case "enableportattack":
            if entry.content == .other(type: "REG_DWORD", value: "0") {
                mark(entry, .irrelevant, "as it is by default", &notes)
            } else {
                mark(entry, .notModelled, "privileged ports of clients aren't read", &notes)
            }
        default:
            mark(entry, .irrelevant, "no setting of the data ports", &notes)
        }
    }

    private static func mark(
        _ entry: RegistryFile.Entry, _ state: LineNote.State, _ why: String,
        _ notes: inout LineNotes
    ) {
        for line in entry.lines { notes.set(line, state, why) }
    }

    /// Whether the key is that of the FTP service's parameters in a control set, or one above it.
    private static func holds(_ key: String, _ set: String) -> Bool {
        let path = ["hkey_local_machine", "system", set, "services", "msftpsvc", "parameters"]
        let parts = key.lowercased().split(separator: "\\").map(String.init)
        return path.starts(with: parts.map { $0 == "hklm" ? path[0] : $0 })
    }

    /// The control set of a key that holds the FTP service's parameters.
    private static func controlSet(_ key: String) -> String? {
        let parts = key.lowercased().split(separator: "\\").map(String.init)
        guard parts.count == 6, parts[0] == "hkey_local_machine" || parts[0] == "hklm",
            parts[1] == "system",
            parts[2].hasPrefix("currentcontrolset")
                || parts[2].hasPrefix("controlset"), parts[3] == "services",
            parts[4] == "msftpsvc", parts[5] == "parameters"
        else { return nil }
        return parts[2]
    }
}
