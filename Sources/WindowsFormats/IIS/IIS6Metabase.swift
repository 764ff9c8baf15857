import Net
public import Policy
public import PolicyText

/// `MetaBase.xml` of IIS 6: flat elements told apart by their attribute `Location`, properties as
/// attributes or as `<Custom>` children.
///
/// `PassivePortRange` (id 5016) counts at `/LM/MSFTPSVC` only. Control ports come from the
/// `ServerBindings` of the sites. Source: learn.microsoft.com, IIS 6.0 SDK (ms525306).
public enum IIS6Metabase: ConfigFormat {
    public static let name = "iis6-metabase"
    public static let platform = IISFTPService.Generation.six.platform

    public static func recognise(_ text: ConfigText) -> Recognition {
        guard text.whole.contains("<") else { return .no }
        let elements = XMLScanner(text.whole, elementLimit: 4).elements
        if elements.contains(where: { $0.name == "MBProperty" || $0.name == "IIS_Global" })
            || elements.first?["xmlns"]?.value.contains("XML_Metabase_V") == true
        {
            return .certain
        }
        return elements.contains { $0.name.hasPrefix("IIsFtp") && $0["Location"] != nil }
            ? .certain : .no
    }

    public static func read(_ text: ConfigText) -> Configuration {
        var reading = Reading(text)
        let scan = XMLScanner(text.whole)
        for element in scan.elements { reading.take(element) }
        let server =
            reading.sawService
            ? IISFTPService.settings(
                .six, reading.statement, control: reading.control, in: text) : nil
        let fault = scan.fault
        let notes = reading.notes.finish { line, content in
            if let fault, line >= fault.line, !content.bare.isEmpty {
                return (.notRecognised, "the XML breaks at line \(fault.line): \(fault.why)")
            }
            return (
                .irrelevant, content.bare.isEmpty ? "blank" : "no setting of the FTP service"
            )
        }
        return Configuration(
            file: text.file, format: name, kinds: [.server], server: server, notes: notes)
    }

    public static func fix(_ change: Change, _ configuration: Configuration?) -> Fix? {
        IISFTPService.fix(change, .six, configuration)
    }

    private struct Reading {
        let text: ConfigText
        var notes: LineNotes
        var statement: IISFTPService.Statement?
        var control: [Setting<UInt16>] = []
        var sawService = false
        /// The element that `<Custom>` children belong to.
        var owner: (location: String, depth: Int)?

        init(_ text: ConfigText) {
            self.text = text
            notes = LineNotes(text)
        }

        mutating func take(_ element: XMLScanner.Element) {
            if let location = element["Location"] {
                let path = location.value.lowercased().stripping("/ ")
                owner = (path, element.depth)
                guard isFTP(path) else { return }
                sawService = true
                for attribute in element.attributes {
                    take(attribute.name, attribute, at: path)
                }
            } else if element.name == "Custom", let owner, element.depth > owner.depth,
                isFTP(owner.location), let value = element["Value"]
            {
                let type = element["Type"]?.value
                let name =
                    element["ID"]?.value == "5016"
                    ? "PassivePortRange" : element["Name"]?.value ?? ""
                take(name, value, at: owner.location, type: type)
            }
        }

        private func isFTP(_ path: String) -> Bool {
            path == "lm/msftpsvc" || path.hasPrefix("lm/msftpsvc/")
        }

        private mutating func take(
            _ name: String, _ attribute: XMLScanner.Attribute, at path: String, type: String? = nil
        ) {
            switch name.lowercased() {
            case "passiveportrange":
                guard path == "lm/msftpsvc" else {
                    notes.add(
                        attribute.line, .invalid,
                        "without effect on a site: PassivePortRange counts at /LM/MSFTPSVC only")
                    return
                }
                var said = IISFTPService.Statement(
                    value: attribute.value, sources: [text.source(attribute.line)])
                if let type, !type.same("STRING") {
                    said.problem = "\(attribute.value) is of type \(type), not STRING"
                }
                statement = said
                if case .invalid(let why) = said.reading {
                    notes.add(attribute.line, .invalid, why)
                } else {
                    mark(attribute)
                }
            case "serverbindings":
                bind(attribute)
            case "ipsecurity", "ipsecurityflags":
                notes.add(
                    attribute.line, .notModelled, "restrictions of clients by address aren't read")
            default:
                break
            }
        }

        private mutating func bind(_ attribute: XMLScanner.Attribute) {
            for binding in attribute.value.split(whereSeparator: \.isWhitespace) {
                guard let port = IIS6Binding.port(String(binding)) else {
                    notes.add(
                        attribute.line, .invalid,
                        "\(binding.excerpt) isn't address:port:")
                    continue
                }
                if !control.contains(where: { $0.value == port }) {
                    control.append(Setting(port, text.source(attribute.line)))
                }
                mark(attribute)
            }
        }

        private mutating func mark(_ attribute: XMLScanner.Attribute) {
            for line in attribute.line...max(attribute.line, attribute.lastLine) {
                notes.add(line, .used)
            }
        }
    }
}

/// One entry of `ServerBindings`: `address:port:host`, address and host mostly empty.
enum IIS6Binding {
    static func port(_ text: String) -> UInt16? {
        let parts = text.bare.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count >= 2 else { return nil }
        let index = parts.count == 2 ? 1 : parts.count - 2
        guard let port = UInt16(parts[index]), port > 0 else { return nil }
        return port
    }
}
