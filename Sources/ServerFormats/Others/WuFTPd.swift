import Net
public import Policy
public import PolicyText

/// `ftpaccess` of wu-ftpd: ranges and addresses for each network of clients.
///
/// `passive ports <network> <min> <max>`, `passive address <announced> <network>`; the closest
/// network counts. Source: ftpaccess(5) of 2.6.
public enum WuFTPd: ConfigFormat {
    public static let name = "wu-ftpd"
    public static let platform = "wu-ftpd"

    private static let telling: Set<String> = [
        "autogroup", "chmod", "delete-fail", "deny-gid", "deny-uid", "defaultserver",
        "dns-refuse_mismatch", "file-limit", "ftpaccess", "greeting-text", "guestgroup",
        "guestserver", "guest-root", "guestuser", "loginfails", "lslong", "lsshort",
        "noretrieve", "passive", "passwd-check", "pasv-allow", "path-filter", "port-allow",
        "realgroup", "realuser", "restricted-gid", "restricted-uid", "throughput",
        "unrestricted-gid", "upload",
    ]
    private static let others: Set<String> = [
        "alias", "allow-gid", "allow-retrieve", "allow-uid", "anonymous-root", "banner",
        "byte-limit", "cdpath", "class", "compress", "daemonaddress", "data-limit",
        "defumask", "delete", "deny", "dns", "email", "greeting", "hostname", "keepalive",
        "limit", "limit-time", "log", "mailfrom", "mailserver", "message", "nice", "overwrite",
        "private", "privatefile", "readme", "rename", "root", "rhostlookup", "shutdown",
        "signoff", "stat", "tar", "tcpwindow", "timeout", "umask", "virtual", "xferlog",
        "incmail", "lsplain", "site-exec-max-lines",
    ]

    public static func recognise(_ text: ConfigText) -> Recognition {
        var known = 0
        var sure = 0
        var strange = 0
        for line in text.lines {
            let words = line.fields
            guard let first = words.first?.lowercased(), !first.hasPrefix("#") else { continue }
            if telling.contains(first) {
                sure +=
                    first == "passive"
                        && !["ports", "address"].contains(
                            words.dropFirst().first?.lowercased() ?? "")
                    ? 0 : 1
                known += 1
            } else if others.contains(first) {
                known += 1
            } else {
                strange += 1
            }
        }
        guard sure > 0, known > strange else { return .no }
        return known > 2 * strange ? .certain : .perhaps
    }

    private struct Statement<Value: Hashable> {
        var network: Prefix
        var value: Value
        var source: SourceLine
    }

    static let behaviour = ServerBehaviour(
        product: "wu-ftpd", acceptedPorts: 1...65535, onePortAccepted: true, restartNeeded: false)

    public static func read(_ text: ConfigText) -> Configuration {
        var notes = LineNotes(text)
        var ranges: [Statement<ClosedRange<UInt16>>] = []
        var addresses: [Statement<IPAddress>] = []
        var foreign: [String: SourceLine] = [:]
        for (index, line) in text.lines.enumerated() {
            let words = line.fields
            guard let first = words.first?.lowercased(), !first.hasPrefix("#") else { continue }
            let source = text.source(index + 1)
            switch (first, words.dropFirst().first?.lowercased()) {
            case ("passive", "ports"?):
                guard words.count >= 5, let network = network(words[2]) else {
                    notes.set(index + 1, .invalid, "not passive ports <network> <min> <max>")
                    continue
                }
                guard
                    let range = ServerText.range(
                        ServerText.port(words[3]), ServerText.port(words[4]))
                else {
                    notes.set(
                        index + 1, .invalid,
                        "\(words[3].excerpt) to \(words[4].excerpt) is no range of ports")
                    continue
                }
                ranges.append(Statement(network: network, value: range, source: source))
                notes.set(index + 1, .used)
            case ("passive", "address"?):
                guard words.count >= 4, let address = ServerText.v4(words[2]),
                    let network = network(words[3])
                else {
                    notes.set(index + 1, .invalid, "not passive address <address> <network>")
                    continue
                }
                addresses.append(Statement(network: network, value: address, source: source))
                notes.set(index + 1, .used)
            case ("pasv-allow", _), ("port-allow", _):
                foreign[first] = source
                notes.set(index + 1, .notModelled, "which peers it lets in isn't read")
            case ("virtual", _), ("defaultserver", _):
                notes.set(index + 1, .irrelevant, "a virtual server shares the passive ports")
            default:
                if telling.contains(first) || others.contains(first) {
                    notes.set(index + 1, .irrelevant, "no influence on who reaches which port")
                } else {
                    notes.set(index + 1, .notRecognised, "no statement of ftpaccess")
                }
            }
        }
        var settings = ServerSettings(unset: .osDynamic(usual: nil), of: behaviour, in: text)
        settings.passiveSources = [
            text.absence("passive ports unset: ports that the system hands out")
        ]
        take(ranges, &settings)
        take(addresses, &settings)
        let strict = Setting(
            false, text.absence("peers of data connections are matched by default"))
        settings.foreignPassivePeers = foreign["pasv-allow"] == nil ? strict : nil
        settings.foreignActivePeers = foreign["port-allow"] == nil ? strict : nil
        return Configuration(
            file: text.file, format: name, kinds: [.server], server: settings,
            notes: notes.finish { _, _ in (.irrelevant, "comment or blank") })
    }

    /// A network with its length, or a single address; `0.0.0.0/0` is everybody.
    private static func network(_ text: String) -> Prefix? {
        Prefix(text) ?? ServerText.v4(text).flatMap { Prefix("\($0)/32") }
    }

    private static func take(
        _ said: [Statement<ClosedRange<UInt16>>], _ settings: inout ServerSettings
    ) {
        guard let first = said.first else { return }
        let sources = said.map(\.source)
        let all = said.first { $0.network.length == 0 }
        if all != nil, said.allSatisfy({ $0.value == first.value }) {
            settings.set(first.value, sources)
        } else {
            settings.void(
                .unknown,
                all == nil
                    ? "it is set for some networks of clients only"
                    : "clients of several networks get several ranges", sources)
        }
    }

    private static func take(_ said: [Statement<IPAddress>], _ settings: inout ServerSettings) {
        guard let first = said.first else { return }
        let all = said.contains { $0.network.length == 0 }
        if all, said.allSatisfy({ $0.value == first.value }) {
            // 0.0.0.0 stands for the address that it really has.
            if "\(first.value)" != "0.0.0.0" {
                settings.advertisedAddress = Setting(first.value, first.source)
            }
        } else {
            let names = said.map { "\($0.value) for \($0.network)" }.joined(separator: ", ")
            settings.advertisedName = Setting(names, first.source)
        }
    }

    public static func fix(_ change: Change, _ configuration: Configuration?) -> Fix? {
        let line: String
        let kind: String
        switch change {
        case .setPassiveRange(let range):
            kind = "ports"
            line = "passive ports 0.0.0.0/0 \(range.lowerBound) \(range.upperBound)"
        case .advertise(let address):
            guard address.family == .v4 else { return nil }
            kind = "address"
            line = "passive address \(address) 0.0.0.0/0"
        case .requireTLS, .refuseForeignPeers, .refuseActive, .restart, .permit, .forbid,
            .translate, .set:
            return nil
        }
        let place = "# in \(configuration?.file ?? "/etc/ftpaccess")"
        let old = (configuration?.notes ?? []).filter {
            let words = $0.text.fields.map { $0.lowercased() }
            return words.starts(with: ["passive", kind])
        }
        return Fix(
            platform: platform,
            commands: [place] + old.map { "# in place of line \($0.line): \($0.text.bare)" } + [
                line
            ],
            undo: [place]
                + (old.isEmpty ? ["# take out the line passive \(kind)"] : old.map(\.text.bare)))
    }
}
