/// Blocks of `netsh advfirewall firewall show rule`, as Windows prints them.
struct AdvancedListing {
    enum Language { case english, german }

    static let dashes = String(repeating: "-", count: 70)

    var language = Language.english
    /// By English label, in the order of the print; those that a test doesn't name are as usual.
    var fields: [String: String] = [:]
    var verbose = true

    private static let usual: [(label: String, german: String, value: String, inWords: String)] = [
        ("Rule Name", "Regelname", "FTP", "FTP"),
        ("Description", "Beschreibung", "", ""),
        ("Enabled", "Aktiviert", "Yes", "Ja"),
        ("Direction", "Richtung", "In", "Eingehend"),
        ("Profiles", "Profile", "Domain,Private,Public", "Domäne,Privat,Öffentlich"),
        ("Grouping", "Gruppierung", "", ""),
        ("LocalIP", "Lokales IP", "Any", "Beliebig"),
        ("RemoteIP", "Remote-IP", "Any", "Beliebig"),
        ("Protocol", "Protokoll", "TCP", "TCP"),
        ("LocalPort", "Lokaler Port", "21", "21"),
        ("RemotePort", "Remoteport", "Any", "Beliebig"),
        ("Edge traversal", "Edgeausnahme", "No", "Nein"),
        ("Program", "Programm", "", ""),
        ("Service", "Dienst", "", ""),
        ("InterfaceTypes", "Schnittstellentypen", "Any", "Beliebig"),
        ("Security", "Sicherheit", "NotRequired", "NotRequired"),
        ("Rule source", "Regelquelle", "Local Setting", "Lokale Einstellung"),
        ("Action", "Aktion", "Allow", "Zulassen"),
    ]
    private static let onlyVerbose: Set<String> = [
        "Description", "Program", "Service", "InterfaceTypes", "Security", "Rule source",
    ]
    private static let leftOutEmpty: Set<String> = ["Description", "Program", "Service"]

    /// The block's lines; a field whose value is `-` is left out.
    var lines: [String] {
        var result = [""]
        for (label, german, value, inWords) in Self.usual {
            if !verbose, Self.onlyVerbose.contains(label) { continue }
            let text = fields[label] ?? (language == .german ? inWords : value)
            if text == "-" || text.isEmpty && Self.leftOutEmpty.contains(label) { continue }
            let name = (language == .german ? german : label) + ":"
            result.append(name + String(repeating: " ", count: max(1, 38 - name.count)) + text)
            if label == "Rule Name" { result.append(Self.dashes) }
        }
        return result
    }

    static func rule(_ fields: [String: String] = [:]) -> [String] {
        AdvancedListing(fields: fields).lines
    }

    static func german(_ fields: [String: String] = [:]) -> [String] {
        AdvancedListing(language: .german, fields: fields).lines
    }

    static func plain(_ fields: [String: String] = [:]) -> [String] {
        AdvancedListing(fields: fields, verbose: false).lines
    }

    /// A section of `show allprofiles`.
    static func profile(
        _ name: String, state: String = "ON", policy: String = "BlockInbound,AllowOutbound"
    ) -> [String] {
        [
            "", "\(name) Profile Settings: ", dashes,
            "State                                 \(state)",
            "Firewall Policy                       \(policy)",
            "LocalFirewallRules                    N/A (GPO-store only)",
            "LocalConSecRules                      N/A (GPO-store only)",
            "InboundUserNotification               Disable",
            "RemoteManagement                      Disable",
            "UnicastResponseToMulticast            Enable", "", "Logging:",
            "LogAllowedConnections                 Disable",
            "FileName                              %systemroot%\\pfirewall.log",
            "MaxFileSize                           4096", "",
        ]
    }

    static func profiles(
        _ state: String = "ON", policy: String = "BlockInbound,AllowOutbound"
    ) -> [String] {
        ["Domain", "Private", "Public"].flatMap { profile($0, state: state, policy: policy) }
    }
}
