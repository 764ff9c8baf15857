import Net
import Policy
import PolicyText

/// Writes what carries out a change on Pure-FTPd, in each of the three ways to configure it.
enum PureFTPdWriter {
    private typealias Value = (option: String, value: String)

    private static func values(_ change: Change) -> [Value]? {
        switch change {
        case .setPassiveRange(let range):
            guard range.lowerBound >= 1024 else { return nil }
            return [("PassivePortRange", "\(range.lowerBound) \(range.upperBound)")]
        case .advertise(let address):
            // A 227 can carry no IPv6 address.
            return address.family == .v4 ? [("ForcePassiveIP", "\(address)")] : nil
        case .requireTLS: return [("TLS", "3")]
        case .refuseForeignPeers: return [("AllowUserFXP", "no"), ("AllowAnonymousFXP", "no")]
        case .restart: return []
        case .refuseActive, .permit, .forbid, .translate, .set: return nil
        }
    }

    private static func certificate(_ change: Change) -> [String] {
        change == .requireTLS ? ["# /etc/ssl/private/pure-ftpd.pem must hold a certificate"] : []
    }

    private static let restart = ["systemctl restart pure-ftpd"]

    static func file(_ change: Change, _ configuration: Configuration?) -> Fix? {
        guard let values = values(change) else { return nil }
        let place = "# in \(configuration?.file ?? "pure-ftpd.conf")"
        guard !values.isEmpty else {
            return Fix(platform: PureFTPd.platform, commands: [], restart: restart)
        }
        var commands = [place]
        var undo = [place]
        for (option, value) in values {
            let old =
                configuration?.notes.filter { note in
                    (note.state == .used || note.state == .invalid)
                        && PureFTPdLine.split(note.text.bare)?.0.name == option
                } ?? []
            for note in old {
                commands.append("# in place of line \(note.line): \(note.text.bare)")
                undo.append(note.text.bare)
            }
            if old.isEmpty { undo.append("# take out the line that sets \(option)") }
            commands.append("\(option) \(value)")
        }
        return Fix(
            platform: PureFTPd.platform, commands: commands + certificate(change), undo: undo,
            restart: restart)
    }

    static func folder(_ change: Change, _ configuration: Configuration?) -> Fix? {
        guard let values = values(change) else { return nil }
        let folder = "/etc/pure-ftpd/conf"
        var commands: [String] = []
        var undo: [String] = []
        for (option, value) in values {
            commands.append("echo '\(value)' > \(folder)/\(option)")
            let old = configuration?.notes.first { note in
                note.state == .used
                    && (note.text.contains("/\(option):")
                        || configuration?.file.hasSuffix("/\(option)") == true)
            }
            if let old {
                let text =
                    old.text.split(separator: ":", maxSplits: 1).last.map { String($0) } ?? ""
                undo.append("echo '\(text.bare)' > \(folder)/\(option)")
            } else {
                undo.append("rm \(folder)/\(option)")
            }
        }
        return Fix(
            platform: PureFTPdFolder.platform, commands: commands + certificate(change), undo: undo,
            restart: restart)
    }

    static func command(_ change: Change, _ configuration: Configuration?) -> Fix? {
        guard let values = values(change) else { return nil }
        var commands: [String] = []
        for (option, value) in values {
            switch option {
            case "PassivePortRange":
                commands.append("-p \(value.split(separator: " ").joined(separator: ":"))")
            case "ForcePassiveIP": commands.append("-P \(value)")
            case "TLS": commands.append("-Y \(value)")
            default: break
            }
        }
        if change == .refuseForeignPeers { commands = ["# without -w and -W"] }
        if !commands.isEmpty {
            commands.insert("# options of pure-ftpd, each in place of one of its letter", at: 0)
        }
        return Fix(
            platform: PureFTPdCommand.platform, commands: commands + certificate(change),
            undo: commands.isEmpty ? [] : ["# the command as it was"],
            restart: ["# start pure-ftpd anew with these options"])
    }
}
