import Net
public import Policy
public import PolicyText

/// The `vsftpd.conf` of vsftpd 3: one `key=value` a line, read as the server itself reads it
/// (`parseconf.c`, `privops.c`; vsftpd.conf(5) where they agree).
public enum VsftpdConf: ConfigFormat {
    public static let name = "vsftpd"
    public static let platform = "vsftpd"

    public static func recognise(_ text: ConfigText) -> Recognition {
        var known = 0
        var telling = 0
        var others = 0
        if text.lines.first?.hasPrefix("#!") == true { return .no }
        for line in text.lines {
            let bare = line.drop { $0 == " " || $0 == "\t" }
            if bare.isEmpty || bare.hasPrefix("#") || VsftpdSetting.isTemplate(line) {
                if let key = VsftpdSetting.key(of: line), VsftpdKeys.kind(of: key) != nil,
                    !VsftpdKeys.common.contains(key)
                {
                    telling += 1
                    known += 1
                }
                continue
            }
            if bare.hasPrefix("[") || bare.hasPrefix("<") { return .no }
            guard let key = VsftpdSetting.key(of: line), VsftpdKeys.kind(of: key) != nil else {
                others += 1
                continue
            }
            known += 1
            if !VsftpdKeys.common.contains(key) { telling += 1 }
        }
        guard telling > 0, known >= others else { return .no }
        return known > 2 * others ? .certain : .perhaps
    }

    public static func read(_ text: ConfigText) -> Configuration {
        var reader = VsftpdReader(text)
        reader.readLines()
        return Configuration(
            file: text.file, format: name, kinds: [.server], server: reader.settings(),
            notes: reader.notes)
    }

    public static func fix(_ change: Change, _ configuration: Configuration?) -> Fix? {
        VsftpdWriter(configuration).fix(change)?.minding(configuration, for: change)
    }
}

/// One line of a `vsftpd.conf` that is neither blank nor a comment.
struct VsftpdSetting {
    var line: Int
    /// As written, for the server compares it byte for byte.
    var key: String
    /// Nil where there is no `=`.
    var value: String?

    /// Leading blanks are skipped; everything up to the first `=` is the key.
    init(line: Int, text: String) {
        self.line = line
        let bare = text.drop { $0 == " " || $0 == "\t" }
        guard let equals = bare.firstIndex(of: "=") else {
            key = String(bare)
            return
        }
        key = String(bare[..<equals])
        value = String(bare[bare.index(after: equals)...])
    }

    /// The key that a line is meant to set, blanks around it forgiven; nil without an `=`.
    static func key(of text: String) -> String? {
        guard let equals = text.firstIndex(of: "=") else { return nil }
        let key = text[..<equals].filter { $0 != " " && $0 != "\t" }
        return key.isEmpty ? nil : key
    }

    /// Whether a template or a shell has yet to fill the line in.
    static func isTemplate(_ text: String) -> Bool {
        guard text.utf8.contains(where: { $0 == 0x7b || $0 == 0x25 }) else { return false }
        if ["{{", "{%", "<%", "${"].contains(where: { text.contains($0) }) { return true }
        return text.ranges(of: "%%").count > 1
    }

    /// `YES`, `TRUE`, `1`, `NO`, `FALSE`, `0` in any case, and nothing beside them.
    var bool: Bool? {
        switch value?.uppercased() {
        case "YES", "TRUE", "1": true
        case "NO", "FALSE", "0": false
        default: nil
        }
    }

    /// As `atoi` reads it; a value that begins with 0 is octal up to the first other character.
    /// The lower 32 bits count: 4295017296 is 50000.
    var number: UInt64 {
        let text = (value ?? "").drop { $0 == " " || $0 == "\t" }
        if value?.first == "0" {
            return text.utf8.prefix { (0x30...0x37).contains($0) }
                .reduce(0) { ($0 << 3 | UInt64($1 - 0x30)) & 0xffff_ffff }
        }
        let negative = text.first == "-"
        let digits = negative || text.first == "+" ? text.dropFirst() : text
        let most = Int64.max
        let value = digits.utf8.prefix { (0x30...0x39).contains($0) }
            .reduce(Int64(0)) { value, digit in
                let (digit, tens) = (Int64(digit - 0x30), value.multipliedReportingOverflow(by: 10))
                let sum = tens.partialValue.addingReportingOverflow(digit)
                return tens.overflow || sum.overflow ? most : sum.partialValue
            }
        return UInt64(UInt32(truncatingIfNeeded: negative ? -value : value))
    }
}
