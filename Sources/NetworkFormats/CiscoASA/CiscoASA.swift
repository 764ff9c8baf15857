import Net
public import Policy
public import PolicyText

/// A running configuration of Cisco ASA, or of PIX and FWSM before it.
public enum CiscoASA: ConfigFormat {
    public static let name = "cisco-asa"
    public static let platform = "Cisco ASA"

    public static func recognise(_ text: ConfigText) -> Recognition {
        var points = 0
        let margin = IOSLine.margin(text.lines)
        for raw in text.lines {
            let line = IOSLine(number: 0, text: raw, margin: margin)
            let (first, second, third) = (line.keyword(0), line.keyword(1), line.keyword(2))
            switch (first, second) {
            case ("asa", "version"), ("pix", "version"), ("fwsm", "version"): points += 8
            case ("access-list", _):
                // What a listing prints has counters and hashes.
                if raw.contains("(hitcnt=") || line.keyword(1).hasSuffix(";") { return .no }
                points += third == "extended" || third == "line" ? 4 : 0
            case ("ip", "access-list"), ("ip", "access-group"), ("feature", _), ("vdc", _):
                return line.indent == 0 || second == "access-group" ? .no : .perhaps
            case ("access-group", _):
                points += line.keyword(3) == "interface" || third == "global" ? 4 : 0
            case ("nameif", _), ("security-level", _): points += 2
            case ("network-object", _), ("service-object", _), ("port-object", _),
                ("same-security-traffic", _):
                points += 2
            case ("object", "network"), ("object", "service"), ("fixup", "protocol"):
                points += 2
            case ("static", _), ("nat", _), ("global", _):
                points += second.hasPrefix("(") && second.hasSuffix(")") ? 2 : 0
            case ("object-group", "icmp-type"), ("object-group", "protocol"): points += 2
            default: break
            }
        }
        return points >= 4 ? .certain : points >= 2 ? .perhaps : .no
    }

    public static func read(_ text: ConfigText) -> Configuration {
        var builder = ASADeviceBuilder(ASAReader(text))
        let device = builder.build()
        let translates = device.chains[ASADeviceBuilder.natChain] != nil
        return Configuration(
            file: text.file, format: name, kinds: translates ? [.firewall, .nat] : [.firewall],
            device: device, notes: builder.reader.notes)
    }

    public static func fix(_ change: Change, _ configuration: Configuration?) -> Fix? {
        configuration.flatMap { ASAWriter($0)?.fix(change) }
    }
}
