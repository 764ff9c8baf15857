public import Policy
public import PolicyText

/// Commands and console output of `adsutil.vbs` about the FTP service of IIS 6.
public enum IIS6Adsutil: ConfigFormat {
    public static let name = "iis6-adsutil"
    public static let platform = IISFTPService.Generation.six.platform

    public static func recognise(_ text: ConfigText) -> Recognition {
        guard text.mentions("adsutil") || text.mentions("PassivePortRange") else { return .no }
        var reading = AdsutilReading()
        var found = Recognition.no
        for (index, line) in text.lines.enumerated() {
            if line.mentions("netsh"),
                line.firstMatch(of: /(?i)netsh(?:\.exe)?\s+(?:adv)?firewall/) != nil
            {
                return found == .no ? .no : .perhaps
            }
            if found == .no, line.utf8.count < 1000,
                let (state, _) = reading.take(line, text.source(index + 1)),
                state != .irrelevant
                    || line.lowercased().contains("msftpsvc")
            {
                found = .certain
            }
        }
        return found
    }

    public static func read(_ text: ConfigText) -> Configuration {
        WindowsScript.read(text, as: name)
    }

    public static func fix(_ change: Change, _ configuration: Configuration?) -> Fix? {
        IISFTPService.fix(change, .six, configuration)
    }
}
