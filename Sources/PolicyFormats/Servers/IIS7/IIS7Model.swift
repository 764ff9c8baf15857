import Net
import Policy

/// The FTP service of IIS 7 to 10, as its configuration, commands and scripts change it.
///
/// One range for the whole server, 1025 to 65535; 0-0 leaves it to the system. The external address
/// and TLS are a site's. Source: learn.microsoft.com, system.ftpServer/firewallSupport and
/// sites/site/ftpServer.
struct IIS7Model: Hashable {
    struct Site: Hashable {
        var ports: [Setting<UInt16>] = []
        var source: SourceLine?
        /// By attribute path in small letters, `firewallsupport.externalip4address`.
        var values: [String: Setting<String>] = [:]
    }

    private(set) var defaults = Site()
    private(set) var sites: [String: Site] = [:]
    /// In the order in which they were first named.
    private(set) var names: [String] = []
    private(set) var low: Setting<String>?
    private(set) var high: Setting<String>?
    /// Something of FTP was said.
    private(set) var sawAnything = false
    /// Why the range may be another.
    private(set) var doubt: String?

    static let accepted: ClosedRange<UInt16> = 1025...65535

    static let behaviour = ServerBehaviour(
        product: "IIS 7", acceptedPorts: accepted, onePortAccepted: true, restartNeeded: true,
        fallbackRange: 49152...65535)

    mutating func doubtRange(_ why: String) {
        doubt = doubt ?? why
        sawAnything = true
    }

    /// A bound of the range.
    mutating func setBound(isLow: Bool, _ value: Setting<String>) {
        sawAnything = true
        if isLow { low = value } else { high = value }
    }

    mutating func clearRange() {
        low = nil
        high = nil
        doubt = nil
        sawAnything = true
    }

    mutating func site(_ name: String, _ source: SourceLine?) {
        if sites[name] == nil {
            sites[name] = Site(source: source)
            names.append(name)
        }
    }

    mutating func bind(_ name: String, _ port: UInt16, _ source: SourceLine) {
        sawAnything = true
        site(name, source)
        if sites[name]?.ports.contains(where: { $0.value == port }) == false {
            sites[name]?.ports.append(Setting(port, source))
        }
    }

    /// Attributes that shape what other targets are told, below `ftpServer`.
    static let shaping: Set<String> = [
        "firewallsupport.externalip4address", "security.ssl.controlchannelpolicy",
        "security.ssl.datachannelpolicy", "security.ssl.servercerthash",
        "security.datachannelsecurity.matchclientaddressforport",
        "security.datachannelsecurity.matchclientaddressforpasv",
    ]

    /// An attribute below `ftpServer` of a site, nil for the defaults of all.
    mutating func set(
        _ path: String, of name: String?, _ value: String, _ source: SourceLine
    ) -> (LineNote.State, String) {
        sawAnything = true
        let path = path.lowercased()
        guard Self.shaping.contains(path) else {
            return (.irrelevant, "no setting of ports or addresses")
        }
        if let name {
            site(name, source)
            sites[name]?.values[path] = Setting(value, source)
        } else {
            defaults.values[path] = Setting(value, source)
        }
        if let unknown = Unknown.name(in: value) {
            return (.notModelled, "it depends on \(unknown), which isn't known")
        }
        if path.hasSuffix("externalip4address"), !value.isEmpty, ServerText.v4(value) == nil {
            return (.invalid, "\(value.excerpt) is no IPv4 address")
        }
        return (.used, "")
    }

    /// What is left where either this or the other was said.
    mutating func join(_ other: IIS7Model, _ why: String) {
        if low?.value != other.low?.value || high?.value != other.high?.value {
            doubt = why
        } else {
            doubt = doubt ?? other.doubt
        }
        low = low ?? other.low
        high = high ?? other.high
        sawAnything = sawAnything || other.sawAnything
        for name in other.names where sites[name] == nil {
            names.append(name)
            sites[name] = other.sites[name]
        }
        defaults.values.merge(other.defaults.values) { mine, _ in mine }
    }

    // MARK: what it comes to

    /// What is wrong with the bounds; nil where they are a range, or leave it to the system.
    var fault: String? {
        let bounds = [low, high].map { $0?.value ?? "0" }
        let numbers = bounds.map { ServerText.number($0) }
        for (text, number) in zip(bounds, numbers) where number == nil {
            return "\(text.excerpt) is no number"
        }
        let (first, last) = (numbers[0] ?? 0, numbers[1] ?? 0)
        if first == 0, last == 0 { return nil }
        if first == 0 || last == 0 { return "only one of its bounds is set" }
        for number in [first, last] where !(1025...65535).contains(number) {
            return number < 1025 ? "\(number) is below 1025" : "\(number) is above 65535"
        }
        return first > last ? "the range is reversed: \(first) is above \(last)" : nil
    }

    /// What it comes to; `isPart` where the text doesn't hold the section of the range.
    ///
    /// With `holdsSites` the text is the configuration of the sites itself, and what it doesn't say
    /// is as it is by default; a script leaves that as it was.
    func settings(
        in text: ConfigText, isPart: Bool = false, holdsSites: Bool = false
    ) -> ServerSettings {
        var settings = ServerSettings(
            unset: .osDynamic(usual: 49152...65535), of: Self.behaviour, in: text)
        let sources = [low?.source, high?.source].compactMap(\.self)
        settings.passiveSources =
            sources.isEmpty
            ? [text.absence("data channel ports 0-0: the dynamic range of Windows")]
            : Array(Set(sources)).sorted { ($0.line ?? 0) < ($1.line ?? 0) }
        let range = ServerText.range(
            low.flatMap { ServerText.port($0.value) }, high.flatMap { ServerText.port($0.value) })
        if let fault {
            settings.void(.invalid, fault, [])
        } else if let range {
            settings.set(range, settings.passiveSources)
        } else if low != nil || high != nil {
            settings.passiveFrom = .set
        } else if isPart {
            settings.void(.unknown, "the section system.ftpServer/firewallSupport isn't here", [])
        }
        if let doubt { settings.void(.unknown, doubt, []) }
        settings.active = Setting(true, text.absence("IIS can't switch active mode off"))
        let used = ftpSites
        let first = used.first.flatMap { sites[$0] } ?? Site()
        apply(first, to: &settings, in: text)
        if !holdsSites { leaveOpen(first, &settings) }
        let ports = used.filter { isAlike($0, used.first ?? $0) }
            .flatMap { sites[$0]?.ports ?? [] }
        if !ports.isEmpty {
            settings.control = []
            for port in ports where !settings.control.contains(where: { $0.value == port.value }) {
                settings.control.append(port)
            }
        }
        if !ports.isEmpty, ports.allSatisfy({ $0.value == 990 }), settings.tls.value != .none {
            settings.tls = Setting(.implicit, ports[0].source)
            let data = value("security.ssl.datachannelpolicy", first)
            if let data, !["sslrequire", "1"].contains(data.value.lowercased()) {
                settings.clearData = data.source
            }
        }
        return settings
    }

    /// Sites that serve FTP: with a binding, or with a setting of FTP where no site has one.
    private var ftpSites: [String] {
        let bound = names.filter { sites[$0]?.ports.isEmpty == false }
        return bound.isEmpty ? names.filter { sites[$0]?.values.isEmpty == false } : bound
    }

    /// Sites of their own, for they announce another address or differ in TLS.
    var others: [(name: String, source: SourceLine?)] {
        let used = ftpSites
        return used.filter { !isAlike($0, used.first ?? $0) }.map { ($0, sites[$0]?.source) }
    }

    private func isAlike(_ a: String, _ b: String) -> Bool {
        Self.shaping.allSatisfy { path in
            path.hasSuffix("servercerthash")
                || value(path, sites[a])?.value == value(path, sites[b])?.value
        }
    }

    private func value(_ path: String, _ site: Site?) -> Setting<String>? {
        site?.values[path] ?? defaults.values[path]
    }

    /// What a script doesn't set is as it was before.
    private func leaveOpen(_ site: Site, _ settings: inout ServerSettings) {
        let match = "security.datachannelsecurity.matchclientaddressfor"
        if value(match + "port", site) == nil { settings.foreignActivePeers = nil }
        if value(match + "pasv", site) == nil { settings.foreignPassivePeers = nil }
        let needed = ["servercerthash", "controlchannelpolicy", "datachannelpolicy"]
        for name in needed where value("security.ssl.\(name)", site) == nil {
            settings.tlsProblem = "\(name) isn't set here, and may have been before"
            return
        }
    }

    private func apply(_ site: Site, to settings: inout ServerSettings, in text: ConfigText) {
        if let address = value("firewallsupport.externalip4address", site), !address.value.isEmpty {
            if let literal = ServerText.v4(address.value) {
                settings.advertisedAddress = Setting(literal, address.source)
            } else if Unknown.isIn(address.value) {
                settings.advertisedName = Setting(Unknown.shown(address.value), address.source)
            }
        }
        let policies = ["control", "data"].map { value("security.ssl.\($0)channelpolicy", site) }
        let hash = value("security.ssl.servercerthash", site)
        if let unknown = (policies + [hash]).lazy.compactMap({
            $0.flatMap { Unknown.name(in: $0.value) }
        })
        .first {
            settings.tlsProblem = "it depends on \(unknown), which isn't known"
        }
        let words = policies.map { ($0?.value ?? "SslRequire").lowercased() }
        if let hash, !hash.value.isEmpty {
            let line = policies.compactMap { $0?.source }.first ?? hash.source
            if words.allSatisfy({ $0 == "ssldeny" || $0 == "3" }) {
                settings.tls = Setting(.none, line)
            } else {
                let all = words.allSatisfy { $0 == "sslrequire" || $0 == "1" }
                settings.tls = Setting(all ? .required : .optional, line)
            }
        } else {
            settings.tls = Setting(
                .none, text.absence("no certificate, and without one no TLS"))
        }
        func foreign(_ name: String) -> Setting<Bool> {
            let match = value("security.datachannelsecurity.matchclientaddressfor\(name)", site)
            return match.map { Setting($0.value.lowercased() == "false", $0.source) }
                ?? Setting(false, text.absence("peers of data connections are matched by default"))
        }
        settings.foreignActivePeers = foreign("port")
        settings.foreignPassivePeers = foreign("pasv")
    }
}
