import Net
import Policy
import PolicyText

/// What options of Pure-FTPd come to, wherever they stand.
///
/// Facts of 1.0.50: unset, any port from 1024 up; a range is never left; of two ranges the last
/// counts, of two forced addresses the first; what is once switched on stays so. An address is
/// announced in 227 alone.
struct PureFTPdReading {
    private let text: ConfigText
    private(set) var sawAnything = false
    private(set) var range: (value: ClosedRange<UInt16>, source: SourceLine)?
    private var address: (value: String, source: SourceLine)?
    private var port: Setting<UInt16>?
    private var tls: (value: Int, source: SourceLine)?
    private var users: Setting<Int>?
    /// What leaves options open that nothing here sets.
    private var open: String?
    private var flags: [String: Setting<Bool>] = [:]
    /// What keeps the server from starting.
    private(set) var fatal: (source: SourceLine, why: String)?
    /// What leaves the range open.
    private(set) var doubt: (source: SourceLine, why: String)?
    /// What may hold the range where nothing else sets it.
    private var elsewhere: SourceLine?

    static let behaviour = ServerBehaviour(
        product: "Pure-FTPd", acceptedPorts: 1024...65535, onePortAccepted: true,
        leavesRangeWhenFull: false, restartNeeded: true, portsPerUser: 2)

    init(_ text: ConfigText) { self.text = text }

    mutating func refuse(_ source: SourceLine, _ why: String) -> (LineNote.State, String) {
        if fatal == nil { fatal = (source, why) }
        return (.invalid, "\(why): Pure-FTPd refuses to start")
    }

    mutating func doubtRange(_ source: SourceLine, _ why: String) {
        doubt = doubt ?? (source, why)
        open = open ?? why
    }

    mutating func lookElsewhere(_ source: SourceLine) {
        elsewhere = elsewhere ?? source
        open =
            open ?? source.line.map { "what line \($0) names may set it" }
            ?? "\(source.text) weren't given"
    }

    private static let shaping: Set<String> = [
        "PassivePortRange", "ForcePassiveIP", "Bind", "TLS", "AllowUserFXP",
        "AllowAnonymousFXP", "AnonymousOnly", "MaxClientsNumber", "NoAnonymous", "NATmode",
    ]

    /// Takes an option; `numbers` are the two of a range, for they are written in several ways.
    mutating func take(
        _ option: PureFTPdOption, _ value: String, _ source: SourceLine
    ) -> (LineNote.State, String) {
        sawAnything = true
        guard Self.shaping.contains(option.name) else {
            return (.irrelevant, "no influence on who reaches which port")
        }
        if ServerText.isOpen(value) || value.contains("$") { return open(option, value, source) }
        switch option.name {
        case "PassivePortRange": return takeRange(value, source)
        case "ForcePassiveIP":
            if let address {
                return (
                    .irrelevant, "line \(address.source.line ?? 0) sets it, and the first counts"
                )
            }
            address = (value, source)
            if let literal = IPAddress(value), literal.family == .v6 {
                return (.invalid, "no IPv4 address: every session ends with 421 at its begin")
            }
            if ServerText.v4(value) == nil, let literal = ServerText.aton(value) {
                return (.used, "taken for \(literal), as inet_aton(3) reads it")
            }
            return (.used, "")
        case "Bind":
            let parts = value.split(separator: ",", omittingEmptySubsequences: false)
            let last = parts.last?.bare ?? ""
            guard let number = ServerText.port(last) else {
                // `0` is any port, a name one of /etc/services.
                return parts.count == 2 && !last.isEmpty
                    ? (.notModelled, "the control port \(last.excerpt) isn't known")
                    : (.irrelevant, "names no port")
            }
            port = Setting(number, source)
            return (.used, "")
        case "TLS":
            guard let number = ServerText.number(value), number <= 3 else {
                return refuse(source, "TLS takes 0 to 3")
            }
            tls = (number, source)
            return (.used, "")
        case "MaxClientsNumber":
            guard let number = ServerText.number(value), number > 0 else {
                return refuse(source, "\(value.excerpt) is no limit of users")
            }
            users = Setting(number, source)
            return (.used, "")
        default:
            guard let flag = Self.flag(value) else {
                return refuse(source, "\(value.excerpt) is neither yes nor no")
            }
            if let earlier = flags[option.name], earlier.value, !flag {
                let line = earlier.source.line ?? 0
                return (.irrelevant, "line \(line) says yes, and nothing takes that back")
            }
            flags[option.name] = Setting(flag, source)
            return (.used, "")
        }
    }

    static func flag(_ value: String) -> Bool? {
        switch value.lowercased() {
        case "yes", "on", "true", "1": true
        case "no", "off", "false", "0": false
        default: nil
        }
    }

    private mutating func open(
        _ option: PureFTPdOption, _ value: String, _ source: SourceLine
    ) -> (LineNote.State, String) {
        switch option.name {
        case "PassivePortRange": doubt = (source, "the range comes from \(value.excerpt)")
        case "ForcePassiveIP": address = address ?? (value, source)
        case "TLS":
            tls = nil
            open = open ?? "it comes from \(value.excerpt)"
        case "AllowUserFXP", "AllowAnonymousFXP": open = open ?? "it comes from \(value.excerpt)"
        default: break
        }
        return (.notModelled, "the value comes from the environment or a template")
    }

    private mutating func takeRange(
        _ value: String, _ source: SourceLine
    ) -> (LineNote.State, String) {
        let numbers = value.split { $0 == " " || $0 == "\t" || $0 == ":" }.map(ServerText.number)
        guard numbers.count == 2, let low = numbers[0], let high = numbers[1] else {
            return refuse(source, "\(value.excerpt) isn't two numbers")
        }
        guard low >= 1024, high <= 65535, low <= high else {
            let why =
                low < 1024
                ? "\(low) is below 1024"
                : high > 65535 ? "\(high) is above 65535" : "\(low) is above \(high)"
            return refuse(source, why)
        }
        range = (UInt16(clamping: low)...UInt16(clamping: high), source)
        doubt = nil
        return (.used, "")
    }

    func settings() -> ServerSettings {
        var settings = ServerSettings(
            unset: .ports(1024...65535), of: Self.behaviour, in: text)
        settings.passiveSources = [text.absence("Pure-FTPd's default: 1024-65535")]
        if let range { settings.set(range.value, [range.source]) }
        if range == nil, let elsewhere {
            settings.void(
                .unknown, "what line \(elsewhere.line ?? 0) names may set it", [elsewhere])
        }
        if let doubt { settings.void(.unknown, doubt.why, [doubt.source]) }
        if let fatal {
            settings.void(
                .invalid, "line \(fatal.source.line ?? 0): \(fatal.why)", [fatal.source])
        }
        if let port { settings.control = [port] }
        if let tls {
            let values: [ServerSettings.TLS] = [.none, .optional, .optional, .required]
            settings.tls = Setting(values[tls.value], tls.source)
        } else {
            settings.tlsProblem = open
        }
        settings.maxUsers = users
        if let address {
            if let literal = ServerText.aton(address.value) {
                settings.advertisedAddress = Setting(literal, address.source)
            } else if IPAddress(address.value) == nil {
                settings.advertisedName = Setting(address.value, address.source)
            }
        }
        if let nat = flags["NATmode"], nat.value { settings.passiveDisabled = nat }
        settings.foreignActivePeers = foreign
        settings.foreignPassivePeers = settings.foreignActivePeers
        return settings
    }

    /// FXP counts for those who may log in at all.
    private var foreign: Setting<Bool>? {
        let anonymous = flags["NoAnonymous"]?.value != true
        let users = flags["AnonymousOnly"]?.value != true
        let candidates =
            (users ? [flags["AllowUserFXP"]] : []) + (anonymous ? [flags["AllowAnonymousFXP"]] : [])
        if let allowed = candidates.compactMap(\.self).first(where: \.value) { return allowed }
        if open != nil, candidates.contains(where: { $0 == nil }) { return nil }
        return Setting(false, text.absence("FXP isn't allowed"))
    }
}
