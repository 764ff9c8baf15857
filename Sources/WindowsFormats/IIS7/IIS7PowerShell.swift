import Net
public import Policy
public import PolicyText

/// PowerShell scripts that configure the FTP service of IIS 7 to 10: `Set-WebConfigurationProperty`,
/// `Set-WebConfiguration`, `Set-ItemProperty IIS:\Sites\…`, `New-WebFtpSite`, `New-WebBinding`,
/// and `appcmd` among them.
///
/// Literals are followed through variables; blocks whose run depends on something leave what they
/// set unknown.
public enum IIS7PowerShell: ConfigFormat {
    public static let name = "iis7-powershell"
    public static let platform = "Windows (IIS 7 to 10, PowerShell)"

    static func isPowerShell(_ text: ConfigText) -> Bool {
        [
            "set-webconfig", "set-itemproperty", "new-webftpsite", "import-module", "write-host",
            "$env:",
        ]
        .contains { text.mentions($0) }
    }

    public static func recognise(_ text: ConfigText) -> Recognition {
        guard isPowerShell(text), text.whole.first != "<" else { return .no }
        let touches =
            text.mentions("new-webftpsite") || text.mentions("system.ftpserver")
            || text.mentions("ftpserver.") || text.mentions("/ftpserver/")
        guard touches else { return .no }
        return text.mentions("netfirewallrule") || text.mentions("advfirewall")
            ? .perhaps : .certain
    }

    public static func read(_ text: ConfigText) -> Configuration {
        var notes = LineNotes(text)
        var model = IIS7Model()
        var dynamicPorts: Setting<ClosedRange<UInt16>>?
        for statement in PowerShellLines(text.lines).statements {
            let source = text.source(statement.lines.lowerBound)
            if let range = DynamicPortCommand(statement.words)?.range {
                dynamicPorts = statement.doubt == nil ? Setting(range, source) : nil
                let why = statement.doubt.map { "holds only if \($0)" } ?? ""
                for line in statement.lines {
                    notes.add(line, statement.doubt == nil ? .used : .notModelled, why)
                }
                continue
            }
            var (state, why) = take(
                statement.words, source, &model, certain: statement.doubt == nil)
            if let doubt = statement.doubt, state == .used {
                (state, why) = (.notModelled, "holds only if \(doubt)")
            }
            for line in statement.lines { notes.add(line, state, why) }
        }
        var settings = model.settings(in: text)
        if !model.sawAnything { settings.void(.unknown, "nothing that was read sets it", []) }
        settings.dynamicPorts = dynamicPorts
        return Configuration(
            file: text.file, format: name, kinds: [.server], server: settings,
            notes: notes.finish { _, _ in (.irrelevant, "comment, blank or part of a block") })
    }

    private static let nothing: (LineNote.State, String) = (
        .irrelevant, "changes nothing that is read"
    )

    private static func take(
        _ words: [String], _ source: SourceLine, _ model: inout IIS7Model, certain: Bool
    ) -> (LineNote.State, String) {
        guard
            let place = words.firstIndex(where: {
                commands.contains($0.lowercased()) || AppcmdReading.isAppcmd($0)
            })
        else { return mentionsRange(words, &model) }
        var trial = model
        let rest = Array(words[(place + 1)...])
        let said =
            AppcmdReading.isAppcmd(words[place])
            ? AppcmdReading.take(rest, source, &trial)
            : run(words[place].lowercased(), Arguments(rest), source, &trial)
        if certain {
            model = trial
        } else if trial != model {
            model.join(trial, "it is set in a block that may not be run")
        }
        return said
    }

    private static let commands: Set<String> = [
        "set-webconfigurationproperty", "set-webconfiguration", "set-itemproperty",
        "new-webftpsite", "new-webbinding", "clear-webconfiguration", "new-itemproperty",
        "add-webconfigurationproperty", "set-iisconfigattributevalue", "new-iissitebinding",
    ]

    /// A bound of the range in a statement that isn't read makes the range unknown.
    private static func mentionsRange(
        _ words: [String], _ model: inout IIS7Model
    ) -> (LineNote.State, String) {
        let first = words.first?.lowercased() ?? ""
        guard words.contains(where: { $0.mentions("datachannelport") }), !first.hasPrefix("get-"),
            !first.hasPrefix("write-"), !first.contains("=")
        else { return nothing }
        if words.dropFirst().first == "=",
            words.contains(where: { $0.lowercased().hasPrefix("(get-") })
        {
            return nothing
        }
        model.doubtRange("a statement that isn't read may set it")
        return (.notModelled, "a statement that isn't read")
    }

    /// Parameters by name in small letters, and those without one.
    private struct Arguments {
        var named: [String: String] = [:]
        var free: [String] = []

        init(_ words: [String]) {
            var index = 0
            while index < words.count, words[index] != "|" {
                let word = words[index]
                index += 1
                guard word.hasPrefix("-"), word.count > 1,
                    ServerText.number(word.dropFirst()) == nil
                else {
                    free.append(word)
                    continue
                }
                let name = word.dropFirst().lowercased()
                // `-Port:21` holds its value itself.
                let pair = word.dropFirst().split(separator: ":", maxSplits: 1)
                if pair.count == 2 {
                    named[pair[0].lowercased()] = String(pair[1])
                    continue
                }
                if index < words.count, !words[index].hasPrefix("-") {
                    named[name] = words[index]
                    index += 1
                } else {
                    named[name] = ""
                }
            }
        }
    }

    private static func run(
        _ command: String, _ arguments: Arguments, _ source: SourceLine,
        _ model: inout IIS7Model
    ) -> (LineNote.State, String) {
        let named = arguments.named
        switch command {
        case "new-webftpsite":
            let port = named["port"] ?? "21"
            guard let number = ServerText.port(port) else {
                return (.notModelled, "its port isn't known")
            }
            model.bind(named["name"] ?? arguments.free.first ?? "", number, source)
            return (.used, "")
        case "new-webbinding":
            guard named["protocol"]?.same("ftp") == true else { return nothing }
            guard let number = ServerText.port(named["port"] ?? "21") else {
                return (.notModelled, "its port isn't known")
            }
            model.bind(named["name"] ?? arguments.free.first ?? "", number, source)
            return (.used, "")
        case "clear-webconfiguration":
            let filter = named["filter"] ?? arguments.free.first ?? ""
            guard filter.stripping("/").same("system.ftpServer/firewallSupport") else {
                return nothing
            }
            model.clearRange()
            return (.used, "")
        case "set-itemproperty", "new-itemproperty":
            let path =
                named["path"] ?? named["literalpath"] ?? named["pspath"] ?? arguments.free.first
                ?? ""
            guard path.lowercased().hasPrefix("iis:\\sites\\") else { return nothing }
            let site = String(path.dropFirst("iis:\\sites\\".count))
            let name = named["name"] ?? arguments.free.dropFirst().first ?? ""
            guard name.lowercased().hasPrefix("ftpserver.") else { return nothing }
            return model.set(
                String(name.dropFirst("ftpserver.".count)), of: site,
                value(named["value"] ?? arguments.free.last ?? ""), source)
        case "set-iisconfigattributevalue":
            let name = named["attributename"] ?? ""
            if name.mentions("datachannelport") {
                return AppcmdReading.range(name, named["attributevalue"] ?? "", source, &model)
            }
            return IIS7Model.shaping.contains { $0.hasSuffix(".\(name.lowercased())") }
                ? (.notModelled, "of which site isn't read") : nothing
        default: return property(arguments, source, &model)
        }
    }

    private static func property(
        _ arguments: Arguments, _ source: SourceLine, _ model: inout IIS7Model
    ) -> (LineNote.State, String) {
        let named = arguments.named
        let filter = (named["filter"] ?? arguments.free.first ?? "").stripping("/")
        let text = named["value"] ?? ""
        var values: [(String, String)] = []
        if text.hasPrefix("@{") {
            for pair in text.stripping("@{}").split(whereSeparator: { $0 == ";" || $0 == "\n" }) {
                let parts = pair.split(separator: "=", maxSplits: 1)
                if parts.count == 2 {
                    values.append((parts[0].bare.stripping("'\""), parts[1].bare.stripping("'\"")))
                }
            }
        } else if let name = named["name"] {
            values = [(name, text)]
        }
        if filter.same("system.ftpServer/firewallSupport") {
            if let path = named["pspath"] ?? named["location"],
                path.lowercased().contains("sites\\")
            {
                return (.invalid, "the range is the whole server's, not a site's")
            }
            return AppcmdReading.join(
                values.map { AppcmdReading.range($0.0, $0.1, source, &model) })
        }
        let plain = filter.lowercased()
        guard let start = plain.firstRange(of: "ftpserver")?.upperBound,
            filter.lowercased().hasPrefix("system.applicationhost/sites")
        else {
            if filter.lowercased().hasPrefix("system.ftpserver/security/ipsecurity") {
                return (.notModelled, "restrictions of clients by address aren't read")
            }
            return nothing
        }
        let tail = plain[start...].split(separator: "/").joined(separator: ".")
        var site: String?
        if let match = filter.firstMatch(of: /(?i)site\[@name=['"]?([^'"\]]*)['"]?\]/) {
            site = String(match.1)
        } else if !filter.lowercased().contains("sitedefaults") {
            return (.notModelled, "of which site isn't read")
        }
        return AppcmdReading.join(
            values.map {
                model.set(
                    tail.isEmpty ? $0.0 : "\(tail).\($0.0)", of: site, value($0.1), source)
            })
    }

    private static func value(_ text: String) -> String { text.stripping("\"'") }

    public static func fix(_ change: Change, _ configuration: Configuration?) -> Fix? {
        let filter = "system.ftpServer/firewallSupport"
        func set(_ low: UInt16, _ high: UInt16) -> [String] {
            [("lowDataChannelPort", low), ("highDataChannelPort", high)].map {
                "Set-WebConfigurationProperty -PSPath 'MACHINE/WEBROOT/APPHOST' -Filter '\(filter)' -Name '\($0.0)' -Value \($0.1)"
            }
        }
        func defaults(_ element: String, _ values: [(String, String)]) -> [String] {
            values.map {
                "Set-WebConfigurationProperty -PSPath 'MACHINE/WEBROOT/APPHOST' -Filter 'system.applicationHost/sites/siteDefaults/ftpServer/\(element)' -Name '\($0.0)' -Value '\($0.1)'"
            }
        }
        let restart = ["Restart-Service ftpsvc"]
        let server = configuration?.server
        switch change {
        case .setPassiveRange(let range):
            guard range.lowerBound >= IIS7Model.accepted.lowerBound else { return nil }
            var undo = set(0, 0)
            if server?.passiveFrom == .set, case .ports(let old)? = server?.passive {
                undo = set(old.lowerBound, old.upperBound)
            }
            return Fix(
                platform: platform, commands: set(range.lowerBound, range.upperBound), undo: undo,
                restart: restart)
        case .advertise(let address):
            guard address.family == .v4 else { return nil }
            let old = server?.advertisedAddress.map { "\($0.value)" } ?? ""
            return Fix(
                platform: platform,
                commands: ["# for all sites that set none of their own"]
                    + defaults("firewallSupport", [("externalIp4Address", "\(address)")]),
                undo: defaults("firewallSupport", [("externalIp4Address", old)]), restart: restart)
        case .requireTLS:
            func lines(_ value: String) -> [String] {
                defaults(
                    "security/ssl",
                    [("controlChannelPolicy", value), ("dataChannelPolicy", value)])
            }
            return Fix(
                platform: platform,
                commands: lines("SslRequire") + ["# serverCertHash must name a certificate"],
                undo: lines(IIS7Writer.policy(configuration) ?? "SslRequire"), restart: restart)
        case .restart: return Fix(platform: platform, commands: [], restart: restart)
        case .refuseForeignPeers, .refuseActive, .permit, .forbid, .translate, .set: return nil
        }
    }
}
