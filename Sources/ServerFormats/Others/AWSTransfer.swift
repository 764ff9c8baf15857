import Net
public import Policy
public import PolicyText

/// `aws transfer describe-server`, as JSON or YAML.
///
/// Facts: passive ports 8192 to 8200 whatever is set, control port 21, no active mode, FTPS by
/// `AUTH TLS` alone. Source: docs.aws.amazon.com, Transfer Family.
public enum AWSTransfer: ConfigFormat {
    public static let name = "aws-transfer"
    public static let platform = "AWS Transfer Family"

    public static func recognise(_ text: ConfigText) -> Recognition {
        guard text.mentions("protocols"), text.mentions("serverid") || text.mentions("arn:aws")
        else {
            return .no
        }
        let isOwn =
            text.lines.contains { $0.contains(":server/s-") && $0.contains(":transfer:") }
            || (text.mentions("protocoldetails") && text.mentions("passiveip"))
        return isOwn ? .certain : .no
    }

    static let behaviour = ServerBehaviour(
        product: "AWS Transfer Family", acceptedPorts: 8192...8200, onePortAccepted: false,
        leavesRangeWhenFull: false, restartNeeded: true)

    public static func read(_ text: ConfigText) -> Configuration {
        var notes = LineNotes(text)
        var protocols: Set<String> = []
        var source: SourceLine?
        var inProtocols = false
        var address: Setting<String>?
        for (index, line) in text.lines.enumerated() {
            let bare = line.bare.stripping(",")
            let words = bare.split { "\"':[],- {}".contains($0) }.map { $0.bare }
            if words.first == "Protocols" {
                inProtocols = true
                source = text.source(index + 1)
            } else if words.first == "PassiveIp" {
                inProtocols = false
                address = Setting(
                    String(bare.split(separator: ":", maxSplits: 1).last ?? "").stripping(" \"',"),
                    text.source(index + 1))
                notes.set(index + 1, .used)
                continue
            } else if bare.contains(":") {
                inProtocols = false
            }
            if inProtocols {
                let found = Set(words).intersection(["FTP", "FTPS", "SFTP", "AS2"])
                if !found.isEmpty || words.first == "Protocols" { notes.set(index + 1, .used) }
                protocols.formUnion(found)
                if bare.contains("]") { inProtocols = false }
            }
        }
        let serves = !protocols.isDisjoint(with: ["FTP", "FTPS"])
        var server: ServerSettings?
        if serves, let source {
            var settings = ServerSettings(
                unset: .ports(8192...8200), of: behaviour, in: text)
            settings.passiveSources = [text.absence("AWS Transfer Family: 8192-8200")]
            settings.active = Setting(false, text.absence("AWS Transfer Family has no active mode"))
            let tls: ServerSettings.TLS =
                !protocols.contains("FTPS")
                ? .none : protocols.contains("FTP") ? .optional : .required
            settings.tls = Setting(tls, source)
            // AUTO and 0.0.0.0 stand for the address that clients connected to.
            if let address, let literal = ServerText.v4(address.value), address.value != "0.0.0.0" {
                settings.advertisedAddress = Setting(literal, address.source)
            }
            server = settings
        }
        return Configuration(
            file: text.file, format: name, kinds: [.server], server: server,
            notes: notes.finish { _, _ in
                (
                    .irrelevant,
                    serves ? "no setting of FTP's ports or addresses" : "FTP isn't served"
                )
            })
    }

    public static func fix(_ change: Change, _ configuration: Configuration?) -> Fix? {
        let id =
            configuration?.notes.lazy.compactMap { $0.text.firstMatch(of: /\bs-[0-9a-f]{17}\b/) }
            .first.map { String($0.0) } ?? "SERVER-ID"
        let stop = "aws transfer stop-server --server-id \(id)"
        let start = "aws transfer start-server --server-id \(id)"
        let update = "aws transfer update-server --server-id \(id)"
        switch change {
        case .advertise(let address):
            guard address.family == .v4 else { return nil }
            let old = configuration?.server?.advertisedAddress.map { "\($0.value)" } ?? "AUTO"
            return Fix(
                platform: platform,
                commands: ["\(update) --protocol-details PassiveIp=\(address)"],
                undo: ["\(update) --protocol-details PassiveIp=\(old)"], restart: [stop, start])
        case .requireTLS:
            return Fix(
                platform: platform,
                commands: [
                    "# the server needs a certificate: --certificate ARN",
                    "\(update) --protocols FTPS",
                ], undo: ["\(update) --protocols FTP FTPS"], restart: [stop, start])
        case .restart: return Fix(platform: platform, commands: [], restart: [stop, start])
        case .setPassiveRange, .refuseForeignPeers, .refuseActive, .permit, .forbid, .translate,
            .set:
            return nil
        }
    }
}
