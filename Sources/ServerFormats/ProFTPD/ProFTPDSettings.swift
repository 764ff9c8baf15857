import Net
import Policy
import PolicyText

/// What the scopes of a `proftpd.conf` come to for each of its servers.
struct ProFTPDSettings {
    /// Directives that shape what other targets are told.
    static let shaping: Set<String> = [
        "allowforeignaddress", "masqueradeaddress", "passiveports", "port", "sftpengine",
        "tlsengine", "tlsoptions", "tlsrequired",
    ]

    private enum Found {
        case nothing
        case set(ProFTPDDirective)
        case open(ProFTPDDirective, why: String)
    }

    private let servers: [ProFTPDReader.Scope]
    private let globals: [ProFTPDReader.Scope]
    private let fatal: (source: SourceLine, why: String)?
    private let missing: SourceLine?
    private let onePort: Setting<UInt16>?
    private let text: ConfigText

    static let behaviour = ServerBehaviour(
        product: "ProFTPD", acceptedPorts: 1024...65535, onePortAccepted: false,
        leavesRangeWhenFull: true, restartNeeded: true)

    init(_ reader: ProFTPDReader, _ text: ConfigText) {
        servers = reader.servers
        globals = reader.globals
        fatal = reader.fatal
        missing = reader.missing
        onePort = reader.onePort
        self.text = text
    }

    /// What ProFTPD refuses in a directive, as a clause.
    static func fault(of directive: ProFTPDDirective) -> String? {
        let arguments = directive.arguments
        guard let first = arguments.first else { return "no value" }
        switch directive.name {
        case "passiveports":
            guard arguments.count > 1 else { return "PassivePorts wants two numbers" }
            let (low, high) = (ServerText.atoi(first), ServerText.atoi(arguments[1]))
            if !(1024...65535).contains(low) { return "\(first.excerpt) is no port from 1024 up" }
            if !(1024...65535).contains(high) {
                return "\(arguments[1].excerpt) is no port from 1024 up"
            }
            if low >= high { return "the first port, \(low), must be below the last, \(high)" }
            return nil
        case "port":
            return (0...65535).contains(ServerText.atoi(first))
                ? nil : "\(first.excerpt) is no port"
        case "tlsengine": return directive.flag == nil ? "\(first.excerpt) is no Boolean" : nil
        case "tlsrequired":
            return directive.flag != nil || demands.contains(first)
                ? nil : "\(first.excerpt) is nothing that TLS could be required for"
        default: return nil
        }
    }

    /// What TLSRequired takes beside a Boolean, to the letter.
    private static let demands: Set<String> = [
        "ctrl", "control", "data", "!data", "both", "ctrl+data", "ctrl+!data", "auth", "auth+data",
        "auth+!data",
    ]

    /// Whether a directive of a `<Limit>` denies its commands to everybody.
    static func deniesAll(_ directive: ProFTPDDirective) -> Bool {
        let words = directive.arguments.map { $0.lowercased() }
        return directive.name == "denyall"
            || directive.name == "deny" && (words == ["all"] || words == ["from", "all"])
    }

    /// The port of a range that is one port alone, else in order.
    static func onePort(of directive: ProFTPDDirective) -> UInt16? {
        guard directive.name == "passiveports", directive.arguments.count > 1 else { return nil }
        let bounds = directive.arguments.prefix(2).map { ServerText.atoi($0) }
        guard bounds[0] == bounds[1], bounds[0] >= 1024 else { return nil }
        return UInt16(exactly: bounds[0])
    }

    /// The main server, with the control ports of every virtual one that behaves alike.
    func server(_ reader: inout ProFTPDReader) -> ServerSettings {
        let running = servers.indices.filter { index in
            if servesSFTP(index) {
                if let head = servers[index].head {
                    reader.mark(head, .irrelevant, "it serves SFTP, not FTP")
                }
                return false
            }
            if case .set(let port) = find("port", index) { return number(port) != 0 }
            return true
        }
        let first = running.first ?? 0
        var settings = settings(first)
        var control = [port(first)]
        for index in running.dropFirst() {
            let host = self.settings(index)
            let port = port(index)
            if host.isAlike(settings) {
                if !control.contains(where: { $0.value == port.value }) { control.append(port) }
            } else if let head = servers[index].head {
                let range = host.passive.map { "\($0)" } ?? "unknown"
                let own = "a server of its own on port \(port.value), "
                let counts = Self.addresses(head).isEmpty ? "" : "; counts at its address"
                reader.mark(
                    head, .notModelled, "\(own)passive ports \(host.shown(range))\(counts)")
            }
        }
        settings.control = control
        judge(&reader)
        if running.isEmpty {
            settings.void(
                .unknown, "no server speaks FTP: Port 0, or SFTPEngine on",
                [text.absence("Port 0")])
        }
        if let fatal {
            settings.void(.invalid, self.sentence(fatal), [fatal.source])
            if let onePort, onePort.source == fatal.source { settings.onePortRefused = onePort }
        }
        return settings
    }

    /// Servers of their own at addresses of their own, where they answer otherwise than the main one.
    func virtualServers(beside main: ServerSettings) -> [VirtualServer] {
        guard fatal == nil else { return [] }
        return servers.indices.dropFirst().compactMap { index in
            guard let head = servers[index].head, !servesSFTP(index) else { return nil }
            let port = port(index)
            if case .set(let directive) = find("port", index), number(directive) == 0 { return nil }
            var settings = settings(index)
            settings.control = [port]
            guard !settings.isAlike(main) else { return nil }
            let addresses = Self.addresses(head)
            guard !addresses.isEmpty else { return nil }
            return VirtualServer(addresses: addresses, settings: settings, source: head.source)
        }
    }

    /// Those that a `<VirtualHost>` names by number.
    private static func addresses(_ head: ProFTPDDirective) -> [IPAddress] {
        head.arguments.compactMap { IPAddress($0.stripping("[]")) }
    }

    /// Whether a server speaks SSH alone: mod_sftp's SFTPEngine. One among others that may or may
    /// not is none of which the control port is known.
    private func servesSFTP(_ index: Int) -> Bool {
        switch find("sftpengine", index) {
        case .nothing: false
        case .set(let directive): directive.flag == true
        case .open: index > 0
        }
    }

    private func sentence(_ fatal: (source: SourceLine, why: String)) -> String {
        let place = fatal.source.file == text.file ? "" : "\(fatal.source.file), "
        return "\(place)line \(fatal.source.line ?? 0): \(fatal.why)"
    }

    /// Marks directives that an earlier one of the same scope keeps from counting.
    private func judge(_ reader: inout ProFTPDReader) {
        for scope in servers + globals {
            for (name, said) in scope.said where name != "tlsoptions" {
                guard
                    let first = said.firstIndex(where: { $0.doubt == nil && !$0.directive.isOpen })
                else { continue }
                let line = said[first].directive.lines.lowerBound
                for later in said[(first + 1)...] {
                    reader.mark(
                        later.directive, .irrelevant, "line \(line) sets it, and the first counts")
                }
            }
        }
        for (index, scope) in globals.enumerated() {
            for (name, said) in scope.said where name != "tlsoptions" {
                let after = globals[(index + 1)...].lazy.compactMap { later in
                    later.said[name]?.first { $0.doubt == nil && !$0.directive.isOpen }
                }.first
                guard let after else { continue }
                let why = "line \(after.directive.lines.lowerBound), of a later <Global>, counts"
                for earlier in said { reader.mark(earlier.directive, .irrelevant, why) }
            }
        }
    }

    /// What the sections `<Global>` say of it, that which counts first.
    private func global(
        _ name: String
    ) -> [(directive: ProFTPDDirective, doubt: String?)] {
        globals.reversed().flatMap { $0.said[name] ?? [] }
    }

    /// What counts for a server: its own first directive, else the first of the last `<Global>` that
    /// has one.
    private func find(_ name: String, _ index: Int) -> Found {
        var open: Found?
        for said in (servers[index].said[name] ?? []) + global(name) {
            if let doubt = said.doubt {
                open = open ?? .open(said.directive, why: "it holds only if \(doubt)")
            } else if said.directive.isOpen {
                open =
                    open
                    ?? .open(
                        said.directive, why: "its value comes from the environment or a template")
                return open ?? .nothing
            } else if case .open(let earlier, _)? = open,
                earlier.arguments != said.directive.arguments
            {
                return open ?? .nothing
            } else {
                return .set(said.directive)
            }
        }
        return open ?? .nothing
    }

    private func number(_ directive: ProFTPDDirective) -> UInt16 {
        UInt16(clamping: ServerText.atoi(directive.arguments.first ?? ""))
    }

    private func port(_ index: Int) -> Setting<UInt16> {
        switch find("port", index) {
        case .set(let directive): Setting(max(1, number(directive)), directive.source)
        case .open(let directive, _): Setting(21, directive.source)
        case .nothing: Setting(21, text.absence("Port unset: 21"))
        }
    }

    private func settings(_ index: Int) -> ServerSettings {
        var settings = ServerSettings(
            unset: .osDynamic(usual: nil), of: Self.behaviour, in: text)
        switch find("passiveports", index) {
        case .set(let directive):
            let bounds = directive.arguments.prefix(2).map {
                UInt16(clamping: ServerText.atoi($0))
            }
            if let range = ServerText.range(bounds.first, bounds.last) {
                settings.set(range, [directive.source])
            }
        case .open(let directive, let why):
            settings.void(
                .unknown, "line \(directive.lines.lowerBound): \(why)", [directive.source])
        case .nothing:
            settings.passiveSources = [
                text.absence("PassivePorts unset: ports that the system hands out")
            ]
            if let missing {
                settings.passiveFrom = .unknown
                settings.passiveProblem =
                    "nothing read sets it; line \(missing.line ?? 0) includes files that weren't given"
            }
        }
        advertise(&settings, index)
        settings.tls = tls(index)
        if settings.tls.value == .implicit, !demandsData(index) {
            settings.clearData = settings.tls.source
        }
        settings.tlsProblem = tlsProblem(index)
        let refused = ["PORT", "EPRT"].compactMap { denied($0, index) }
        settings.active =
            refused.count == 2
            ? Setting(false, refused[0].source)
            : Setting(true, text.absence("ProFTPD serves PORT and EPRT"))
        if let line = denied("PASV", index), denied("EPSV", index) != nil {
            settings.passiveDisabled = Setting(true, line.source)
        }
        settings.foreignActivePeers = foreign(index)
        // Unset, releases from 2021 to 2026 don't look at who connects (proftpd issue 2272).
        settings.foreignPassivePeers =
            settings.foreignActivePeers?.source.line == nil ? nil : settings.foreignActivePeers
        return settings
    }

    private func denied(_ command: String, _ index: Int) -> ProFTPDDirective? {
        let scopes = [servers[index]] + globals
        guard !scopes.contains(where: { $0.limited.contains(command) }) else { return nil }
        return scopes.lazy.compactMap { $0.denied[command] }.first
    }

    private func foreign(_ index: Int) -> Setting<Bool>? {
        switch find("allowforeignaddress", index) {
        case .nothing:
            missing == nil ? Setting(false, text.absence("AllowForeignAddress unset: off")) : nil
        // A class of clients may stand in place of on and off.
        case .set(let directive): directive.flag.map { Setting($0, directive.source) }
        case .open: nil
        }
    }

    private func advertise(_ settings: inout ServerSettings, _ index: Int) {
        switch find("masqueradeaddress", index) {
        case .nothing: break
        case .open(let directive, _):
            settings.advertisedName = Setting(
                directive.arguments.first ?? "", directive.source)
        case .set(let directive):
            let value = directive.arguments.first ?? ""
            if let address = ServerText.aton(value) {
                settings.advertisedAddress = Setting(address, directive.source)
            } else if IPAddress(value) == nil {
                settings.advertisedName = Setting(value, directive.source)
            }
        }
    }

    private func tlsProblem(_ index: Int) -> String? {
        let elsewhere = missing.map {
            "line \($0.line ?? 0) includes files that weren't given"
        }
        switch find("tlsengine", index) {
        case .nothing: return elsewhere
        case .open(let directive, let why): return "line \(directive.lines.lowerBound): \(why)"
        case .set(let engine):
            if engine.flag == false { return nil }
            switch find("tlsrequired", index) {
            case .nothing: return elsewhere
            case .open(let directive, let why):
                return "line \(directive.lines.lowerBound): \(why)"
            case .set: return nil
            }
        }
    }

    /// Whether TLSRequired names the data connections.
    private func demandsData(_ index: Int) -> Bool {
        guard case .set(let required) = find("tlsrequired", index) else { return false }
        let value = required.arguments.first?.lowercased() ?? ""
        return required.flag == true || ["data", "both", "ctrl+data", "auth+data"].contains(value)
    }

    private func tls(_ index: Int) -> Setting<ServerSettings.TLS> {
        switch find("tlsengine", index) {
        case .nothing: return Setting(.none, text.absence("TLSEngine unset: off"))
        case .open(let directive, _): return Setting(.optional, directive.source)
        case .set(let engine):
            guard engine.flag != false else { return Setting(.none, engine.source) }
            for scope in [servers[index]] + globals {
                for said in scope.said["tlsoptions"] ?? []
                where said.doubt == nil
                    && said.directive.arguments.contains(where: { $0.same("UseImplicitSSL") })
                {
                    return Setting(.implicit, said.directive.source)
                }
            }
            guard case .set(let required) = find("tlsrequired", index) else {
                return Setting(.optional, engine.source)
            }
            let value = required.arguments.first?.lowercased() ?? ""
            let all = required.flag == true || ["both", "ctrl+data", "auth+data"].contains(value)
            return Setting(all ? .required : .optional, required.source)
        }
    }
}

extension ServerSettings {
    /// Whether another server answers just as this one, wherever it says so.
    func isAlike(_ other: ServerSettings) -> Bool {
        passive == other.passive && passiveFrom == other.passiveFrom
            && advertisedAddress?.value == other.advertisedAddress?.value
            && advertisedName?.value == other.advertisedName?.value
            && tls.value == other.tls.value && active.value == other.active.value
            && passiveDisabled?.value == other.passiveDisabled?.value
    }

    /// The range in words.
    func shown(_ otherwise: String) -> String {
        switch passive {
        case .ports(let range): "\(range.lowerBound)-\(range.upperBound)"
        case .osDynamic: "of the system"
        case nil: otherwise
        }
    }
}
