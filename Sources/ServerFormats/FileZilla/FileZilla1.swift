import Net
public import Policy
public import PolicyText

/// `settings.xml` of FileZilla Server 1.x: `<filezilla>` with `<ftp_server>` inside, and the export
/// that holds the same.
///
/// Without `<port_range>` the system hands out ports; a bound that is missing is 49152 or 65534,
/// reversed ones are swapped. Source: the server's serialization of its options.
public enum FileZilla1: ConfigFormat {
    public static let name = "filezilla-1"
    public static let platform = "FileZilla Server 1"

    public static func recognise(_ text: ConfigText) -> Recognition {
        guard text.mentions("ftp_server"), text.mentions("filezilla") else { return .no }
        let nodes = XMLNodes(text.whole, limit: 20_000).nodes
        guard nodes.first.map({ roots.contains($0.name) }) == true else { return .no }
        return nodes.contains { $0.name == "ftp_server" } ? .certain : .no
    }

    private static let roots: Set<String> = ["filezilla", "filezilla-server-exported"]

    static let behaviour = ServerBehaviour(
        product: "FileZilla Server 1", acceptedPorts: 1...65535, onePortAccepted: true,
        leavesRangeWhenFull: false, restartNeeded: true)

    private struct Listener {
        var port = Setting<UInt16>(21, SourceLine(file: "", line: nil, text: ""))
        var mode = 0
    }

    public static func read(_ text: ConfigText) -> Configuration {
        let xml = XMLNodes(text.whole)
        var notes = LineNotes(text)
        var settings = ServerSettings(
            unset: .osDynamic(usual: 49152...65535), of: behaviour, in: text)
        settings.passiveSources = [
            text.absence("no port_range: ports that the system hands out")
        ]
        settings.tls = Setting(.optional, text.absence("TLS is offered by default"))
        var range: (low: Int, high: Int, sources: [SourceLine])?
        var listeners: [Listener] = []
        for node in xml.nodes where node.path.contains("ftp_server") {
            let line = node.element.line
            let source = text.source(line)
            if node.ends("ftp_server", "session", "pasv", "port_range") {
                range = range ?? (49152, 65534, [source])
                notes.add(line, .used)
            } else if node.ends("pasv", "port_range", "min")
                || node.ends("pasv", "port_range", "max")
            {
                guard let port = ServerText.port(node.text) else {
                    notes.add(line, .invalid, "\(node.text.excerpt) is no port")
                    continue
                }
                if node.name == "min" { range?.low = Int(port) } else { range?.high = Int(port) }
                if range?.sources.contains(source) == false { range?.sources.append(source) }
                notes.add(line, .used)
            } else if node.ends("session", "pasv", "host_override") {
                guard !node.text.isEmpty else {
                    notes.add(line, .irrelevant, "empty: its own address is announced")
                    continue
                }
                if let address = ServerText.v4(node.text) {
                    settings.advertisedAddress = Setting(address, source)
                } else {
                    settings.advertisedName = Setting(node.text, source)
                }
                notes.add(line, .used)
            } else if node.ends("pasv", "do_not_override_host_if_peer_is_local") {
                notes.add(line, .irrelevant, "concerns clients of the same network only")
            } else if node.ends("ftp_server", "listener") {
                listeners.append(Listener(port: Setting(21, source)))
                notes.add(line, .used)
            } else if node.ends("listener", "port") || node.ends("listener", "tls_mode"),
                let last = listeners.indices.last
            {
                if node.name == "port", let port = ServerText.port(node.text) {
                    listeners[last].port = Setting(port, source)
                } else if node.name == "tls_mode", let mode = ServerText.number(node.text),
                    mode <= 2
                {
                    listeners[last].mode = mode
                } else {
                    notes.add(line, .invalid, "\(node.text.excerpt) is no \(node.name)")
                    continue
                }
                notes.add(line, .used)
            }
        }
        if let range {
            let low = UInt16(clamping: min(range.low, range.high))
            let high = UInt16(clamping: max(range.low, range.high))
            settings.set(low...high, range.sources)
        }
        if listeners.isEmpty { settings.tlsProblem = "no listener is in the file" }
        if !listeners.isEmpty {
            settings.control = []
            for listener in listeners
            where !settings.control.contains(where: { $0.value == listener.port.value }) {
                settings.control.append(listener.port)
            }
            let modes = Set(listeners.map(\.mode))
            let tls: ServerSettings.TLS =
                modes == [1] ? .implicit : modes.contains(0) ? .optional : .required
            settings.tls = Setting(tls, listeners[0].port.source)
        }
        return Configuration(
            file: text.file, format: name, kinds: [.server], server: settings,
            notes: xml.finish(notes, "no setting of ports or addresses"))
    }

    /// The mode that the listeners are in; where they differ, the least of them.
    private static func mode(_ configuration: Configuration?) -> Int {
        switch configuration?.server?.tls.value {
        case .required: 2
        case .implicit: 1
        default: 0
        }
    }

    public static func fix(_ change: Change, _ configuration: Configuration?) -> Fix? {
        let restart = ["systemctl restart filezilla-server"]
        let file = configuration?.file ?? "settings.xml"
        func inPASV(_ lines: [String], _ undo: String) -> Fix {
            let place = "<!-- in ftp_server/session/pasv of \(file), in place of what is there -->"
            return Fix(
                platform: platform, commands: [place] + lines, undo: [place, undo], restart: restart
            )
        }
        switch change {
        case .setPassiveRange(let range):
            var undo = "<!-- take out port_range -->"
            if configuration?.server?.passiveFrom == .set,
                case .ports(let old)? = configuration?.server?.passive
            {
                undo = element(old).joined()
            }
            return inPASV(element(range), undo)
        case .advertise(let address):
            guard address.family == .v4 else { return nil }
            let old = configuration?.server?.advertisedAddress.map { "\($0.value)" } ?? ""
            return inPASV(
                ["<host_override>\(address)</host_override>"],
                "<host_override>\(old)</host_override>")
        case .requireTLS:
            let place = "<!-- in each listener of ftp_server of \(file) -->"
            return Fix(
                platform: platform, commands: [place, "<tls_mode>2</tls_mode>"],
                undo: [place, "<tls_mode>\(mode(configuration))</tls_mode>"], restart: restart)
        case .restart: return Fix(platform: platform, commands: [], restart: restart)
        case .refuseActive, .refuseForeignPeers, .permit, .forbid, .translate, .set: return nil
        }
    }

    private static func element(_ range: ClosedRange<UInt16>) -> [String] {
        [
            "<port_range>", "  <min>\(range.lowerBound)</min>", "  <max>\(range.upperBound)</max>",
            "</port_range>",
        ]
    }
}
