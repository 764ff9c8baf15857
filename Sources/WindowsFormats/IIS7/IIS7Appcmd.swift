public import Policy
public import PolicyText

/// Batch files and transcripts with `appcmd` commands about the FTP service of IIS 7 to 10, judged
/// as run on the product's default state.
public enum IIS7Appcmd: ConfigFormat {
    public static let name = "iis7-appcmd"
    public static let platform = IIS7Writer.platform

    public static func recognise(_ text: ConfigText) -> Recognition {
        guard text.mentions("appcmd"), text.mentions("ftp") else { return .no }
        if IIS7PowerShell.isPowerShell(text) { return .no }
        let found = text.lines.contains { line in
            line.mentions("appcmd")
                && line.firstMatch(of: /(?i)appcmd(?:\.exe)?["”]?\s+(?:set|add|clear|reset|list)\s/)
                    != nil
                && (line.mentions("ftpserver") || line.mentions("ftp/") || line.mentions("ftp:")
                    || line.mentions("'ftp'"))
        }
        guard found else { return .no }
        return text.lines.contains(where: WindowsScript.touchesFirewall) ? .perhaps : .certain
    }

    public static func read(_ text: ConfigText) -> Configuration {
        WindowsScript.read(text, as: name)
    }

    public static func fix(_ change: Change, _ configuration: Configuration?) -> Fix? {
        IIS7Writer.fix(change, configuration)
    }
}
