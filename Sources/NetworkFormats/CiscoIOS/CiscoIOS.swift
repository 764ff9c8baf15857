import Net
public import Policy
public import PolicyText

/// A running configuration of Cisco IOS or IOS-XE: lists, and what NAT carries from outside in.
public enum CiscoIOS: ConfigFormat {
    public static let name = "cisco-ios"
    public static let platform = "Cisco IOS"

    public static func recognise(_ text: ConfigText) -> Recognition {
        var points = 0
        var (isListing, showsInterfaces) = (false, false)
        let margin = IOSLine.margin(text.lines)
        for raw in text.lines {
            let line = IOSLine(number: 0, text: raw, margin: margin)
            let (first, second, third) = (line.keyword(0), line.keyword(1), line.keyword(2))
            switch (first, second) {
            case ("asa", "version"), ("pix", "version"), ("nameif", _), ("security-level", _),
                ("service-object", _), ("port-object", _), ("network-object", _),
                ("feature", _) where line.indent == 0, ("vdc", _), ("set", "firewall"),
                ("set", "interfaces"), ("set", "system"),
                ("boot", "nxos:"):
                return .no
            case let (first, second) where IOSKeywords.isForeign(first, second): return .no
            case ("standard", "ip") where third == "access",
                ("extended", "ip") where third == "access":
                isListing = true
            case ("access-group", _) where line.keyword(3) == "interface": return .no
            case ("access-list", _) where third == "extended" || third == "line": points -= 4
            case ("ip", "access-list") where third == "standard" || third == "extended":
                points += line.words.count == 4 ? 4 : 0
            case ("ip", "access-group") where line.words.count == 4:
                showsInterfaces = true
                points += 4
            case ("ip", "nat") where ["inside", "outside", "pool", "service"].contains(third):
                points += 4
            case ("access-list", _) where Int(second).flatMap(IOSAccessList.isExtended) != nil:
                points += ["permit", "deny", "remark"].contains(third) ? 2 : 0
            case ("object-group", "network"), ("object-group", "service"),
                ("zone-pair", "security"), ("ip", "inspect"):
                points += 2
            case ("hostname", _), ("interface", _), ("version", _), ("router", _):
                points += line.indent == 0 ? 1 : 0
            case ("ip", "address") where line.keyword(3).contains("."): points += 1
            default: break
            }
        }
        if isListing, !showsInterfaces { return .no }
        return points >= 4 ? .certain : points >= 2 ? .perhaps : .no
    }

    public static func read(_ text: ConfigText) -> Configuration {
        // What `show access-lists` printed may stand beside what shows the interfaces.
        let commands = text.mentions("IP access list") ? CiscoIOSShow.commands(text) : nil
        var builder = IOSDeviceBuilder(IOSReader(text, commands: commands))
        let device = builder.build()
        let translates = device.stages.contains { $0.work == .translate }
        return Configuration(
            file: text.file, format: name, kinds: translates ? [.firewall, .nat] : [.firewall],
            device: device, notes: builder.reader.notes)
    }

    public static func fix(_ change: Change, _ configuration: Configuration?) -> Fix? {
        configuration.flatMap { IOSWriter($0)?.fix(change) }
    }

    public static func fixer(_ configuration: Configuration) -> (Change) -> Fix? {
        let writer = IOSWriter(configuration)
        return { writer?.fix($0) }
    }
}
