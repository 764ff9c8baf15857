import Net
public import Policy
public import PolicyText

/// What `show access-lists` and `show ip access-lists` print on Cisco IOS: lists without the
/// interfaces that use them.
public enum CiscoIOSShow: ConfigFormat {
    public static let name = "cisco-ios-show"
    public static let platform = "Cisco IOS (show access-lists)"

    public static func recognise(_ text: ConfigText) -> Recognition {
        text.lines.contains { header($0) != nil } && CiscoIOS.recognise(text) == .no
            ? .certain : .no
    }

    public static func read(_ text: ConfigText) -> Configuration {
        var builder = IOSDeviceBuilder(IOSReader(text, commands: commands(text)))
        let device = builder.build()
        return Configuration(
            file: text.file, format: name, kinds: [.firewall], device: device,
            notes: builder.reader.notes)
    }

    /// Which interface uses a list isn't shown, so nothing can be said to mend.
    public static func fix(_ change: Change, _ configuration: Configuration?) -> Fix? { nil }

    /// `Extended IP access list 101` as the command that opens the list.
    private static func header(_ line: String) -> String? {
        let words = line.words
        guard words.count >= 5, words[1...3] == ["IP", "access", "list"],
            words[0] == "Extended" || words[0] == "Standard"
        else { return nil }
        return "ip access-list \(words[0].lowercased()) \(words[4])"
    }

    /// The lines as the commands that make the lists: counters go, wildcards come bare. A list that
    /// the commands before it make is not made again.
    static func commands(_ text: ConfigText) -> [String] {
        var known: Set<String> = []
        var isAgain = false
        return text.lines.map { line in
            let words = line.words.map { $0.lowercased() }
            if let header = header(line) {
                isAgain = known.contains(header.words[3])
                return isAgain ? "!" : header
            }
            if words.first == "access-list", words.count > 1 { known.insert(words[1]) }
            if words.starts(with: ["ip", "access-list"]), words.count > 3 {
                known.insert(line.words[3])
            }
            isAgain = isAgain && line.first == " "
            return isAgain ? "!" : line.replacing(", wildcard bits", with: "")
        }
    }
}
