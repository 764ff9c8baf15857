import Net
import Policy
import PolicyText

/// `netsh firewall …`: exceptions for ports, programs and services, one command each.
///
/// Source: learn.microsoft.com, netsh firewall (cc771046).
extension WindowsFirewall {
    /// Takes the words behind `firewall`; nil where they change nothing.
    mutating func exception(_ words: [String], _ source: SourceLine) -> Said? {
        let verb = words.first?.lowercased() ?? ""
        let object = words.dropFirst().first?.lowercased() ?? ""
        let rest = Array(words.dropFirst(2))
        switch (verb, object) {
        case ("add", "portopening"), ("set", "portopening"):
            return open(rest, source, adds: verb == "add")
        case ("delete", "portopening"): return close(rest, source)
        case ("add", "allowedprogram"), ("set", "allowedprogram"):
            return allow(NetshArguments(rest, slots: Self.programSlots), .program, source)
        case ("delete", "allowedprogram"):
            let arguments = NetshArguments(rest, slots: ["program", "profile"])
            guard let program = arguments["program"] else { return (.invalid, "no program") }
            return remove(.program(program.lowercased()), arguments["profile"])
        case ("set", "service"):
            return allow(NetshArguments(rest, slots: Self.serviceSlots), .service, source)
        case ("set", "opmode"): return mode(rest, source)
        case ("reset", _):
            self = WindowsFirewall()
            return (.used, "")
        default: return nil
        }
    }

    private static let portSlots = [
        "protocol", "port", "name", "mode", "scope", "addresses", "profile", "interface",
    ]
    private static let programSlots = ["program", "name", "mode", "scope", "addresses", "profile"]
    private static let serviceSlots = ["type", "mode", "scope", "addresses", "profile"]

    private enum Target {
        case keep(Said)
        case port(Key)
    }

    private mutating func target(
        _ arguments: NetshArguments, _ source: SourceLine, closes: Bool
    ) -> Target {
        if let fault = arguments.fault { return .keep((.invalid, fault)) }
        if let unknown = arguments.unknown(but: ["name"]) {
            let why = "it depends on \(unknown), which isn't known"
            let ports = arguments["port"].flatMap { UInt16($0) }.map { PortSet($0...$0) }
            doubt(why, source, ports: ports)
            guard closes || arguments["mode"].map({ !$0.same("enable") }) == true else {
                return .keep((.notModelled, why))
            }
            for (key, hole) in holes where hole.doubt == nil {
                guard case .port(let port, _) = key, ports?.contains(port) ?? true else { continue }
                holes[key]?.doubt = "\(why), in line \(source.line ?? 0)"
            }
            return .keep((.notModelled, why))
        }
        let kind = arguments["protocol"]?.lowercased() ?? ""
        guard ["tcp", "udp", "all"].contains(kind) else {
            return .keep((.invalid, "the protocol is TCP, UDP or ALL"))
        }
        guard let text = arguments["port"], let port = UInt16(text), port > 0 else {
            let given = arguments["port"]?.excerpt ?? ""
            return .keep((.invalid, "\(given) isn't one port: netsh firewall takes no ranges"))
        }
        if kind == "udp" { return .keep((.irrelevant, "UDP")) }
        return .port(.port(port, interface: arguments["interface"]))
    }

    private mutating func open(_ words: [String], _ source: SourceLine, adds: Bool) -> Said {
        let arguments = NetshArguments(words, slots: Self.portSlots)
        switch target(arguments, source, closes: false) {
        case .keep(let said): return said
        case .port(let key):
            if adds, arguments["name"] == nil { return (.invalid, "it needs a name") }
            return put(key, nil, nil, arguments, source)
        }
    }

    /// Opens for what the arguments name, or takes it back where their mode says so.
    private mutating func put(
        _ key: Key, _ ports: PortSet?, _ why: String?, _ arguments: NetshArguments,
        _ source: SourceLine
    ) -> Said {
        let mode = arguments["mode"]?.lowercased() ?? "enable"
        guard mode == "enable" || mode == "disable" else {
            return (.invalid, "the mode is ENABLE or DISABLE")
        }
        guard mode == "enable" else { return remove(key, arguments["profile"]) }
        var named = arguments["scope"] ?? "ALL"
        if named.same("CUSTOM") { named = arguments["addresses"] ?? "" }
        guard let scope = WindowsScope(named) else {
            return (.invalid, "\(named.excerpt) is no scope")
        }
        var doubt = why ?? scope.doubt
        if let profile = Self.certainProfile(arguments["profile"]) {
            doubt = "in the \(profile) profile only, and which is in force isn't known"
        }
        let hole = Hole(
            ports: ports, sources: scope.addresses, doubt: doubt, source: source, scope: scope)
        if let old = holes[key], old.doubt == nil, doubt != nil {
            // What is open already stays so, perhaps for more clients.
            if old.sources != nil { self.doubt(doubt ?? "", source, ports: Self.ports(of: key)) }
        } else if !hole.opensSame(as: holes[key]) {
            holes[key] = hole
        }
        return doubt.map { (.notModelled, $0) } ?? (.used, "")
    }

    private static func ports(of key: Key) -> PortSet? {
        if case .port(let port, _) = key { return PortSet(port...port) }
        return nil
    }

    /// The profile where it is a certain one; nil for the current one and for all.
    private static func certainProfile(_ text: String?) -> String? {
        let profile = text?.uppercased()
        return profile == "DOMAIN" || profile == "STANDARD" ? profile : nil
    }

    private mutating func close(_ words: [String], _ source: SourceLine) -> Said {
        let arguments = NetshArguments(words, slots: ["protocol", "port", "profile", "interface"])
        switch target(arguments, source, closes: true) {
        case .keep(let said): return said
        case .port(let key): return remove(key, arguments["profile"])
        }
    }

    private mutating func remove(_ key: Key, _ profile: String?) -> Said {
        guard holes[key] != nil else { return (.used, "") }
        guard let certain = Self.certainProfile(profile) else {
            holes[key] = nil
            return (.used, "")
        }
        let why = "taken away in the \(certain) profile"
        holes[key]?.doubt = why
        return (.notModelled, why)
    }

    private enum Kind { case program, service }

    private mutating func allow(
        _ arguments: NetshArguments, _ kind: Kind, _ source: SourceLine
    ) -> Said {
        if let fault = arguments.fault { return (.invalid, fault) }
        guard let name = arguments[kind == .program ? "program" : "type"] else {
            return (.invalid, "it names nothing that is allowed")
        }
        if let unknown = arguments.unknown(but: ["name", "program"]) {
            let why = "it depends on \(unknown), which isn't known"
            doubt(why, source)
            return (.notModelled, why)
        }
        let shown = Unknown.shown(name).excerpt
        if kind == .program, WindowsProgram.servesNoFTP(name) {
            return (.irrelevant, "for a program that serves no FTP")
        }
        guard kind == .service else {
            return put(
                .program(name.lowercased()), nil, "for the program \(shown) only", arguments, source
            )
        }
        guard let service = WindowsService(rawValue: name.lowercased()) else {
            return (.invalid, "\(shown) is no service")
        }
        return put(
            .service(service.rawValue), service.ports, "for the service \(shown) only", arguments,
            source)
    }

    private mutating func mode(_ words: [String], _ source: SourceLine) -> Said {
        let arguments = NetshArguments(
            words, slots: ["mode", "exceptions", "profile", "interface"])
        var doubt = arguments.unknown(but: []).map { "it depends on \($0), which isn't known" }
        if arguments["interface"] != nil {
            doubt = "for one interface, and by which a packet comes isn't known"
        }
        var it = Switch(source: source, doubt: doubt)
        if let profile = Self.certainProfile(arguments["profile"]) {
            it.profiles = [profile == "DOMAIN" ? "domain" : "private"]
        }
        let mode = arguments["mode"]?.lowercased() ?? ""
        guard mode == "enable" || mode == "disable" || Unknown.isIn(mode) else {
            return (.invalid, "the mode is ENABLE or DISABLE")
        }
        Self.turn(&off, on: mode != "enable", it)
        Self.turn(&shielded, on: arguments["exceptions"]?.same("disable") == true, it)
        return it.uncertainty.map { (.notModelled, $0) } ?? (.used, "")
    }
}

/// Services that the firewall has exceptions for ready made, by the name that netsh takes.
///
/// Source: learn.microsoft.com, netsh firewall set service (cc771046); KB 832017 for the ports.
enum WindowsService: String {
    case fileAndPrint = "fileandprint"
    case remoteAdmin = "remoteadmin"
    case remoteDesktop = "remotedesktop"
    case upnp
    case all

    /// TCP ports; nil: any, for remote administration lets in what listens on dynamic ports.
    var ports: PortSet? {
        switch self {
        case .fileAndPrint: PortSet("139,445")
        case .remoteDesktop: PortSet("3389")
        case .upnp: PortSet("2869,5357-5358")
        case .remoteAdmin, .all: nil
        }
    }

    /// The service of a listing's row, by the name that Windows prints.
    init?(listed name: String) {
        switch name.lowercased() {
        case "file and printer sharing", "datei- und druckerfreigabe": self = .fileAndPrint
        case "remote desktop", "remotedesktop": self = .remoteDesktop
        case "upnp framework", "upnp-framework", "network discovery", "netzwerkerkennung":
            self = .upnp
        default: return nil
        }
    }
}
