import Net
import Policy
import PolicyText

/// What commands and output of `adsutil.vbs` say of the FTP service; the last one is in force.
struct AdsutilReading: Hashable {
    var statement: IISFTPService.Statement?
    var control: [Setting<UInt16>] = []
    var sawAnything: Bool { statement != nil || !control.isEmpty }
    /// The path of the command before, `msftpsvc/1`.
    private var node = "msftpsvc"

    /// Why the range, or the control port, may be another.
    private(set) var doubt: String?

    /// What is left where either this or the other was said.
    mutating func join(_ other: AdsutilReading, _ why: String) {
        let same =
            statement?.value == other.statement?.value
            && statement?.problem == other.statement?.problem
        if !same || doubt != other.doubt { doubt = why }
        if statement == nil { statement = other.statement }
        if control.isEmpty { control = other.control }
        if node != other.node { node = "" }
    }

    /// Takes one line without its prompt; nil where it isn't adsutil's.
    mutating func take(_ line: String, _ source: SourceLine) -> (LineNote.State, String)? {
        guard line.mentions("adsutil") || line.mentions("passiveportrange") else { return nil }
        if line.mentions("adsutil"),
            let command = line.firstMatch(
                of: /(?i)adsutil(?:\.vbs)?["”]?\s+(get|set|delete|enum)\s+(\S+)\s*(.*)$/)
        {
            return take(
                String(command.1).lowercased(), String(command.2), String(command.3), source)
        }
        if line.utf8.contains(UInt8(ascii: "(")),
            let output = line.wholeMatch(
                of: /(?i)\s*PassivePortRange\s*:\s*\((\w+)\)\s*["“”]?([^"“”]*)["“”]?\s*/)
        {
            return set(String(output.2), type: String(output.1), source)
        }
        if line.mentions("is not set"),
            line.firstMatch(of: /(?i)"PassivePortRange"\s+is not set at this node/) != nil
        {
            return set("", type: "STRING", source)
        }
        return nil
    }

    private mutating func take(
        _ verb: String, _ path: String, _ value: String, _ source: SourceLine
    ) -> (LineNote.State, String) {
        var parts = path.unquoted.lowercased().split(separator: "/").map(String.init)
        if parts.first == "lm" { parts.removeFirst() }
        guard parts.first == "msftpsvc" else { return (.irrelevant, "not of the FTP service") }
        let property = parts.count > 1 && Int(parts[parts.count - 1]) == nil ? parts.popLast() : nil
        node = parts.joined(separator: "/")
        switch (verb, property) {
        case ("set", "passiveportrange"):
            let text = value.bare.unquoted
            guard !value.bare.isEmpty else { return (.invalid, "no value is given") }
            return set(text, type: "STRING", source)
        case ("delete", "passiveportrange"):
            return set("", type: "STRING", source)
        case ("set", "serverbindings"):
            let ports = NetshArguments.words(value).compactMap { IIS6Binding.port($0.unquoted) }
            guard !ports.isEmpty else { return (.invalid, "not address:port:") }
            control = ports.map { Setting($0, source) }
            return (.used, "")
        default:
            return (.irrelevant, "changes nothing that is read")
        }
    }

    private mutating func set(
        _ value: String, type: String, _ source: SourceLine
    ) -> (LineNote.State, String) {
        guard node == "msftpsvc" else {
            return (
                .invalid, "without effect on a site: PassivePortRange counts at MSFTPSVC only"
            )
        }
        if let unknown = Unknown.name(in: value) {
            statement = IISFTPService.Statement(value: "", sources: [source])
            doubt = "it depends on \(unknown), which isn't known"
            return (.notModelled, doubt ?? "")
        }
        var said = IISFTPService.Statement(value: value, sources: [source])
        if !type.same("STRING") { said.problem = "\(value) is of type \(type), not STRING" }
        doubt = nil
        if statement?.value != value || statement?.problem != said.problem { statement = said }
        if case .invalid(let why) = said.reading { return (.invalid, why) }
        return (.used, "")
    }
}
