public import Policy

/// The registry of formats: one line each.
public enum Formats {
    public static let all: [any ConfigFormat.Type] = [
        VsftpdConf.self,
        IIS5Registry.self,
        IIS6Adsutil.self,
        IIS6Metabase.self,
        NetshFirewallScript.self,
        NetshFirewallShow.self,
        CiscoIOS.self,
        CiscoIOSShow.self,
        CiscoASA.self,
        CiscoASAShow.self,
        PFConf.self,
        PfSense.self,
        Junos.self,
        FortiOS.self,
        PANOS.self,
        RouterOS.self,
        IPSetSave.self,
        IPTablesSave.self,
    ]

    /// Why a file could not be taken.
    public enum Refusal: Error, Hashable, Sendable {
        /// `--as` names no format; holds the names that exist.
        case unknownName(String, known: [String])
        case notRecognised(file: String)
        /// Several formats claim it with the same certainty.
        case ambiguous(file: String, formats: [String])
        /// Not one line says anything in the format that it is said to be.
        case notUnderstood(file: String, format: String)
    }

    /// The format of that name.
    public static func named(_ name: String) -> (any ConfigFormat.Type)? {
        all.first { $0.name == name }
    }

    /// Reads a file by the format that it is said to be, else by the one that recognises it best.
    public static func read(
        file: String, bytes: [UInt8], as name: String? = nil
    ) throws(Refusal) -> Configuration {
        let text = ConfigText(file: file, bytes: bytes)
        if let name {
            guard let format = named(name) else {
                throw .unknownName(name, known: all.map { $0.name })
            }
            return try understood(format.read(text))
        }
        let claims = all.map { (format: $0, sure: $0.recognise(text)) }.filter { $0.sure > .no }
        guard let best = claims.map(\.sure).max() else { throw .notRecognised(file: file) }
        let winners = claims.filter { $0.sure == best }
        guard winners.count == 1, let winner = winners.first else {
            throw .ambiguous(file: file, formats: winners.map { $0.format.name })
        }
        return try understood(winner.format.read(text))
    }

    /// Reads several files that make one device together: a rule set with the sets that it names.
    ///
    /// The first file of a format that stands by itself is the device; the others are read with it.
    public static func read(
        together files: [(file: String, bytes: [UInt8])], as name: String? = nil
    ) throws(Refusal) -> Configuration {
        guard let first = files.first else { throw .notRecognised(file: "") }
        guard files.count > 1 else {
            return try read(file: first.file, bytes: first.bytes, as: name)
        }
        let texts = files.map { ConfigText(file: $0.file, bytes: $0.bytes) }
        for (index, text) in texts.enumerated() where !isCompanion(text) {
            let others = texts.enumerated().filter { $0.offset != index }.map(\.element)
            if IPTablesSave.recognise(text) == .certain || name == IPTablesSave.name {
                return try understood(IPTablesSave.read(text, with: others))
            }
            return try read(file: text.file, bytes: files[index].bytes, as: name)
        }
        return try read(file: first.file, bytes: first.bytes, as: name)
    }

    /// A firewall's file of which no line was understood says nothing, and nothing is no
    /// permission.
    private static func understood(
        _ configuration: Configuration
    ) throws(Refusal) -> Configuration {
        let notes = configuration.notes
        guard configuration.device != nil, !notes.contains(where: { $0.state == .used }),
            notes.contains(where: { $0.state == .invalid || $0.state == .notRecognised })
        else { return configuration }
        throw .notUnderstood(file: configuration.file, format: configuration.format)
    }

    /// Whether a file says nothing without another.
    private static func isCompanion(_ text: ConfigText) -> Bool {
        IPSetSave.recognise(text) == .certain
    }

    /// The commands of the platform that the configuration came from; nil where it has none.
    public static func fix(_ change: Change, _ configuration: Configuration) -> Fix? {
        named(configuration.format)?.fix(change, configuration)
    }
}
