import Net
public import Policy
public import PolicyText

/// `glftpd.conf`: `pasv_ports` with one range or more, `pasv_addr` with the address to announce.
public enum GlFTPd: ConfigFormat {
    public static let name = "glftpd"
    public static let platform = "glftpd"

    private static let telling: Set<String> = [
        "pasv_addr", "pasv_ports", "active_addr", "active_ports", "sitename_long",
        "sitename_short", "min_homedir", "min_homedirs", "empty_nuke", "multiplier_max",
        "total_users", "file_dl_count", "dl_incomplete", "dupe_check", "nodupecheck",
        "noforce", "bouncer_ip", "show_diz", "show_totals", "dirlog", "nodirlog", "pwd_path",
        "grp_path", "privpath", "userrejectsecure", "userrejectinsecure", "denydiruncrypted",
        "denydatauncrypted", "cert_file", "dsa_cert_file", "cscript", "site_cmd", "custom-nuke",
        "simul_xfers", "max_sitecmd_lines", "idle_commands", "lslong", "secure_ip", "secure_pass",
        "ident_check", "calc_crc", "xdupe", "creditcheck", "creditloss", "nukedir_style",
        "ftpd_addr",
    ]

    public static func recognise(_ text: ConfigText) -> Recognition {
        var sure = 0
        for line in text.lines {
            let words = line.fields
            guard let first = words.first, !first.hasPrefix("#"), words.count > 1 else { continue }
            if first.hasPrefix("<") || first.hasPrefix("[") || words[1] == "="
                || first.contains("=")
            {
                return .no
            }
            if telling.contains(first.lowercased()) { sure += 1 }
        }
        let alone = text.lines.contains {
            $0.bare.hasPrefix("pasv_ports ") || $0.bare.hasPrefix("pasv_addr ")
        }
        return sure > 2 || (alone && sure > 1) ? .certain : sure > 0 && alone ? .perhaps : .no
    }

    static let behaviour = ServerBehaviour(
        product: "glftpd", acceptedPorts: 1...65535, onePortAccepted: true)

    public static func read(_ text: ConfigText) -> Configuration {
        var notes = LineNotes(text)
        var settings = ServerSettings(unset: .osDynamic(usual: nil), of: behaviour, in: text)
        settings.passiveSources = [
            text.absence("pasv_ports unset: ports that the system hands out")
        ]
        settings.control = [Setting(21, text.absence("the control port is inetd's"))]
        for (index, line) in text.lines.enumerated() {
            let words = line.fields
            guard let first = words.first?.lowercased(), !first.hasPrefix("#") else { continue }
            let source = text.source(index + 1)
            let values = words.dropFirst().prefix { !$0.hasPrefix("#") }
            switch first {
            case "pasv_ports":
                let (state, why) = take(Array(values), source, &settings)
                notes.set(index + 1, state, why)
            case "pasv_addr":
                guard let value = values.first else {
                    notes.set(index + 1, .invalid, "names no address")
                    continue
                }
                if let address = ServerText.v4(value) {
                    settings.advertisedAddress = Setting(address, source)
                } else {
                    settings.advertisedName = Setting(value, source)
                }
                notes.set(index + 1, .used)
            case "cert_file", "dsa_cert_file":
                if settings.tls.value == .none { settings.tls = Setting(.optional, source) }
                notes.set(index + 1, .used)
            case "userrejectinsecure", "denydatauncrypted", "denydiruncrypted":
                settings.tlsProblem = "line \(index + 1): for which users it is required isn't read"
                notes.set(index + 1, .notModelled, "for which users TLS is required isn't read")
            default:
                notes.set(index + 1, .irrelevant, "no setting of ports or addresses")
            }
        }
        if settings.tls.value == .none { settings.tlsProblem = nil }
        return Configuration(
            file: text.file, format: name, kinds: [.server], server: settings,
            notes: notes.finish { _, _ in (.irrelevant, "comment or blank") })
    }

    /// Ranges that follow on one another are one range.
    private static func take(
        _ words: [String], _ source: SourceLine, _ settings: inout ServerSettings
    ) -> (LineNote.State, String) {
        var ports = PortSet()
        for word in words.flatMap({ $0.split(separator: ",") }) {
            let bounds = word.split(separator: "-", omittingEmptySubsequences: false)
                .map { ServerText.port($0) }
            guard bounds.count <= 2,
                let range = ServerText.range(bounds.first ?? nil, bounds.last ?? nil)
            else {
                settings.void(.invalid, "\(word.excerpt) is no range of ports", [source])
                return (.invalid, "\(word.excerpt) is no range of ports")
            }
            ports = ports.union(PortSet(range))
        }
        guard let first = ports.ranges.first else {
            settings.void(.invalid, "names no ports", [source])
            return (.invalid, "names no ports")
        }
        guard ports.ranges.count == 1 else {
            settings.void(.unknown, "it is a list with gaps: \(ports)", [source])
            return (.notModelled, "a list with gaps")
        }
        settings.passiveProblem = nil
        settings.set(first, [source])
        return (.used, "")
    }

    public static func fix(_ change: Change, _ configuration: Configuration?) -> Fix? {
        let (name, value): (String, String)
        switch change {
        case .setPassiveRange(let range):
            (name, value) = ("pasv_ports", "\(range.lowerBound)-\(range.upperBound)")
        case .advertise(let address):
            guard address.family == .v4 else { return nil }
            (name, value) = ("pasv_addr", "\(address)")
        case .requireTLS, .refuseForeignPeers, .refuseActive, .restart, .permit, .forbid,
            .translate, .set:
            return nil
        }
        let place = "# in \(configuration?.file ?? "glftpd.conf")"
        let old = (configuration?.notes ?? []).filter { $0.text.fields.first?.lowercased() == name }
        return Fix(
            platform: platform,
            commands: [place] + old.map { "# in place of line \($0.line): \($0.text.bare)" }
                + ["\(name) \(value)"],
            undo: [place] + (old.isEmpty ? ["# take out the line \(name)"] : old.map(\.text.bare)))
    }
}
