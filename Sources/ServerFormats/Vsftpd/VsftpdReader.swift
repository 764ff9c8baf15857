import Net
import Policy
import PolicyText

/// Reads the lines of a `vsftpd.conf` and works out what the server makes of them.
struct VsftpdReader {
    let text: ConfigText
    private(set) var notes: [LineNote] = []
    /// The setting in force of each key.
    private var values: [String: VsftpdSetting] = [:]
    /// The first line that keeps the server from starting, and why.
    private var fatal: (line: Int, why: String)?
    private var templated: Set<String> = []
    /// A template adds settings whose names it doesn't show.
    private var openEnded = false

    init(_ text: ConfigText) { self.text = text }

    mutating func readLines() {
        for (index, line) in text.lines.enumerated() {
            let (state, why) = state(of: line, number: index + 1)
            notes.append(LineNote(line: index + 1, state: state, text: line, why: why))
        }
        if on("listen", usually: false), on("listen_ipv6", usually: false),
            let line = [values["listen"]?.line, values["listen_ipv6"]?.line].compactMap(\.self)
                .max()
        {
            stop(line, "listen and listen_ipv6 are both on: vsftpd refuses to start")
        }
        judgeAddress()
        judgeRange()
        judgeBytes()
    }

    /// Bytes that vsftpd refuses, and that a copy of its file may have got on the way.
    private mutating func judgeBytes() {
        let fromCopy = ": vsftpd refuses to start with it; taken to come from a copy"
        if text.hasByteOrderMark, !notes.isEmpty {
            notes[0].why = "the file begins with a byte order mark" + fromCopy
        }
        guard let first = text.carriageReturn else { return }
        let hit = values.values.filter { $0.line >= first && VsftpdKeys.kind(of: $0.key) == .bool }
        if let line = hit.map(\.line).min() {
            notes[line - 1].why = "a carriage return behind the value" + fromCopy
        }
    }

    private mutating func state(of line: String, number: Int) -> (LineNote.State, String) {
        if line.isEmpty || line.first == "#" { return (.irrelevant, "comment or blank") }
        if line.allSatisfy({ $0 == " " || $0 == "\t" }) { return (.irrelevant, "blank") }
        if VsftpdSetting.isTemplate(line) { return template(line) }
        let setting = VsftpdSetting(line: number, text: line)
        guard let kind = VsftpdKeys.kind(of: setting.key) else {
            return refuse(number, unknown(setting))
        }
        // Strings may lack the equals sign too: then they are unset.
        let value = setting.value ?? ""
        guard !value.isEmpty || kind == .string else {
            return refuse(number, "no value: vsftpd refuses to start")
        }
        if kind == .bool, setting.bool == nil {
            return refuse(number, "neither YES nor NO to the letter: vsftpd refuses to start")
        }
        if let earlier = values[setting.key] {
            mark(earlier.line, .irrelevant, "line \(number) sets it again, and the last one counts")
        }
        values[setting.key] = setting
        templated.remove(setting.key)
        if setting.key == "user_config_dir", !value.isEmpty {
            return (.notModelled, "files in that folder may set other values for single users")
        }
        if VsftpdKeys.patched.contains(setting.key), !Self.shaping.contains(setting.key) {
            return (.irrelevant, "known to patched builds only")
        }
        return Self.shaping.contains(setting.key)
            ? (.used, "") : (.irrelevant, "no influence on who reaches which port")
    }

    private mutating func template(_ line: String) -> (LineNote.State, String) {
        if let key = VsftpdSetting.key(of: line), VsftpdKeys.kind(of: key) != nil {
            templated.insert(key)
            values[key] = nil
            return (.notModelled, "the value is a template's placeholder")
        }
        if line.contains("="), !line.contains("{%") { openEnded = true }
        return (.notModelled, "a template's statement")
    }

    private func unknown(_ setting: VsftpdSetting) -> String {
        let forgiven = setting.key.filter { $0 != " " && $0 != "\t" }.lowercased()
        guard VsftpdKeys.kind(of: forgiven) != nil else {
            return "no setting of vsftpd: it refuses to start"
        }
        let fault =
            setting.key.contains { $0 == " " || $0 == "\t" }
            ? "a blank before '='" : "a name in capitals"
        return "\(fault): vsftpd takes the name to the letter and refuses to start"
    }

    private mutating func refuse(_ line: Int, _ why: String) -> (LineNote.State, String) {
        if fatal == nil { fatal = (line, why) }
        return (.invalid, why)
    }

    private mutating func stop(_ line: Int, _ why: String) {
        if fatal == nil { fatal = (line, why) }
        mark(line, .invalid, why)
    }

    private mutating func mark(_ line: Int, _ state: LineNote.State, _ why: String) {
        notes.mark(line, state, why)
    }

    private func on(_ key: String, usually: Bool) -> Bool { values[key]?.bool ?? usually }

    private func source(_ key: String, default text: String) -> SourceLine {
        values[key].map { self.text.source($0.line) } ?? self.text.absence(text)
    }

    private func setting(_ key: String, usually: Bool) -> Setting<Bool> {
        let value = on(key, usually: usually)
        return Setting(value, source(key, default: "\(key) unset: \(usually ? "YES" : "NO")"))
    }

    // MARK: the range

    /// `vsf_privop_pasv_listen`: 1024 to 65535, narrowed by a minimum (5001 where none is set,
    /// whatever the manual says) and a maximum that fit into it; others are passed over.
    private var range: ClosedRange<UInt16> {
        let low = UInt16(exactly: minimum).map { max($0, 1024) } ?? 1024
        guard let high = UInt16(exactly: maximum), high >= low else { return low...65535 }
        return low...high
    }

    private var minimum: UInt64 { values["pasv_min_port"]?.number ?? 5001 }
    private var maximum: UInt64 { values["pasv_max_port"]?.number ?? 0 }

    private mutating func judgeRange() {
        if let setting = values["pasv_min_port"], setting.number > 65535 {
            mark(setting.line, .invalid, "above 65535: the range begins at 1024 instead")
        }
        guard let setting = values["pasv_max_port"], setting.number != 0 else { return }
        if setting.number > 65535 {
            mark(setting.line, .invalid, "above 65535: not in force")
        } else if setting.number < UInt64(range.lowerBound) {
            let low =
                values["pasv_min_port"] == nil
                ? "\(range.lowerBound), where the range begins by default"
                : "the range's begin, \(range.lowerBound)"
            mark(setting.line, .invalid, "below \(low): not in force")
        }
    }

    private var rangeSources: [SourceLine] {
        let inForce = ["pasv_min_port", "pasv_max_port"].compactMap { values[$0] }
            .filter { (setting: VsftpdSetting) -> Bool in
                if setting.key == "pasv_min_port" { return true }
                return setting.number != 0 && notes[setting.line - 1].state == .used
            }
        if inForce.isEmpty { return [text.absence("vsftpd's default: 5001-65535")] }
        return inForce.map { text.source($0.line) }
    }

    // MARK: the address

    private mutating func judgeAddress() {
        guard let setting = values["pasv_address"], let value = setting.value, !value.isEmpty
        else { return }
        if let address = ServerText.aton(trimmed(value)) {
            if ServerText.v4(trimmed(value)) == nil {
                notes[setting.line - 1].why = "taken for \(address), as inet_aton(3) reads it"
            }
            return
        }
        if on("pasv_addr_resolve", usually: false) { return }
        mark(
            setting.line, .invalid,
            "no IPv4 address, and pasv_addr_resolve is off: PASV is answered by 500 OOPS")
    }

    private func trimmed(_ value: String) -> String {
        String(value.split(whereSeparator: { $0 == " " || $0 == "\t" }).first ?? "")
    }

    // MARK: all of it

    func settings() -> ServerSettings {
        let rangeOpen =
            openEnded || templated.contains("pasv_min_port") || templated.contains("pasv_max_port")
        var origin: ServerSettings.Origin = rangeSources.first?.line == nil ? .default : .set
        var problem: String?
        if let fatal {
            origin = .invalid
            problem = "line \(fatal.line): \(fatal.why)"
        } else if rangeOpen {
            origin = .unknown
            problem = "a template has yet to fill the range in"
        }
        var settings = ServerSettings(
            passive: origin == .set || origin == .default ? .ports(range) : nil,
            passiveFrom: origin, passiveSources: rangeSources, control: [control], tls: tls,
            active: refusal(of: ["PORT", "EPRT"]).map { Setting(false, $0) }
                ?? setting("port_enable", usually: true),
            behaviour: ServerBehaviour(
                product: "vsftpd", acceptedPorts: 1024...65535, onePortAccepted: true,
                leavesRangeWhenFull: false, restartNeeded: true))
        settings.passiveProblem = problem
        if let fatal { settings.passiveSources = [text.source(fatal.line)] }
        if !on("pasv_enable", usually: true) {
            settings.passiveDisabled = Setting(true, source("pasv_enable", default: ""))
        } else if let line = refusal(of: ["PASV", "EPSV"]) {
            settings.passiveDisabled = Setting(true, line)
        }
        settings.tlsProblem = tlsProblem
        if settings.tls.value == .implicit { settings.clearData = clearData }
        if isKnown("pasv_promiscuous") {
            settings.foreignPassivePeers = setting("pasv_promiscuous", usually: false)
        }
        if isKnown("port_promiscuous") {
            settings.foreignActivePeers = setting("port_promiscuous", usually: false)
        }
        if let value = values["pasv_address"]?.value, !trimmed(value).isEmpty {
            let line = source("pasv_address", default: "")
            if let address = ServerText.aton(trimmed(value)) {
                settings.advertisedAddress = Setting(address, line)
            } else if on("pasv_addr_resolve", usually: false) {
                settings.advertisedName = Setting(trimmed(value), line)
            }
        }
        return settings
    }

    /// The line by which no session may use any of these commands; nil where one is let through.
    /// Commands are listed in capitals, with commas and no blanks between (`postlogin.c`).
    private func refusal(of commands: [String]) -> SourceLine? {
        func list(_ key: String) -> [Substring]? {
            guard let value = values[key]?.value?.bare, !value.isEmpty else { return nil }
            return value.split(separator: ",")
        }
        let denied = list("cmds_denied") ?? []
        let allowed = list("cmds_allowed")
        let refused = commands.allSatisfy { command in
            denied.contains { $0 == command } || allowed?.contains { $0 == command } == false
        }
        guard refused else { return nil }
        let isDenied = denied.contains { $0 == commands[0] }
        return source(isDenied ? "cmds_denied" : "cmds_allowed", default: "")
    }

    private var control: Setting<UInt16> {
        guard let setting = values["listen_port"] else {
            return Setting(21, text.absence("listen_port unset: 21"))
        }
        return Setting(UInt16(truncatingIfNeeded: setting.number), text.source(setting.line))
    }

    /// Whether no template has yet to say it.
    private func isKnown(_ key: String) -> Bool {
        !templated.contains(key) && (!openEnded || values[key] != nil)
    }

    private var tlsProblem: String? {
        if isKnown("ssl_enable"), !on("ssl_enable", usually: false) { return nil }
        let keys = [
            "ssl_enable", "implicit_ssl", "local_enable", "guest_enable", "anonymous_enable",
            "force_local_logins_ssl", "force_local_data_ssl", "force_anon_logins_ssl",
            "force_anon_data_ssl",
        ]
        let open = openEnded ? keys.first { !isKnown($0) } : keys.first(where: templated.contains)
        return open.map { "a template has yet to fill \($0) in" }
    }

    /// Under implicit TLS: what lets data go in clear text. Anonymous log-ins are refused there
    /// unless they are allowed TLS.
    private var clearData: SourceLine? {
        var keys: [(key: String, usually: Bool)] = []
        if on("local_enable", usually: false) || on("guest_enable", usually: false) {
            keys.append(("force_local_data_ssl", true))
        }
        let allowed = ["allow_anon_ssl", "force_anon_logins_ssl"].contains {
            on($0, usually: false)
        }
        if on("anonymous_enable", usually: true), allowed {
            keys.append(("force_anon_data_ssl", false))
        }
        return keys.first { !on($0.key, usually: $0.usually) }
            .map { source($0.key, default: "\($0.key) unset: NO") }
    }

    private var tls: Setting<ServerSettings.TLS> {
        guard on("ssl_enable", usually: false) else {
            return Setting(.none, source("ssl_enable", default: "ssl_enable unset: NO"))
        }
        if on("implicit_ssl", usually: false) {
            return Setting(.implicit, source("implicit_ssl", default: ""))
        }
        var free: [(key: String, usually: Bool)] = []
        if on("local_enable", usually: false) || on("guest_enable", usually: false) {
            free += [("force_local_logins_ssl", true), ("force_local_data_ssl", true)]
        }
        if on("anonymous_enable", usually: true) {
            free += [("force_anon_logins_ssl", false), ("force_anon_data_ssl", false)]
        }
        if let open = free.first(where: { !on($0.key, usually: $0.usually) }) {
            return Setting(.optional, source(open.key, default: "\(open.key) unset: NO"))
        }
        return Setting(.required, source("ssl_enable", default: ""))
    }

    /// Keys that shape what other targets are told.
    private static let shaping: Set<String> = [
        "allow_anon_ssl", "anonymous_enable", "cmds_allowed", "cmds_denied", "force_anon_data_ssl",
        "force_anon_logins_ssl", "force_local_data_ssl", "force_local_logins_ssl", "guest_enable",
        "implicit_ssl", "listen", "listen_ipv6", "listen_port", "local_enable",
        "pasv_addr_resolve", "pasv_address", "pasv_enable", "pasv_max_port", "pasv_min_port",
        "pasv_promiscuous", "port_enable", "port_promiscuous", "ssl_enable",
    ]
}
