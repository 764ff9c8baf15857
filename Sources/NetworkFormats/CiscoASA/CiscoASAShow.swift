import Net
public import Policy
public import PolicyText

/// What `show access-list` prints on Cisco ASA: lists without the interfaces that use them.
public enum CiscoASAShow: ConfigFormat {
    public static let name = "cisco-asa-show"
    public static let platform = "Cisco ASA (show access-list)"

    public static func recognise(_ text: ConfigText) -> Recognition {
        var entries = false
        for raw in text.lines {
            let line = IOSLine(number: 0, text: raw)
            guard line.keyword(0) == "access-list" else {
                if ["nameif", "interface", "access-group"].contains(line.keyword(0)) { return .no }
                continue
            }
            if line.keyword(1).hasSuffix(";"), line.keyword(3).hasPrefix("element") {
                return .certain
            }
            if line.keyword(2) == "line", raw.contains("(hitcnt=") { entries = true }
        }
        return entries ? .certain : .no
    }

    public static func read(_ text: ConfigText) -> Configuration {
        let listing = ASAListing(text)
        var reader = ASAReader(text, commands: listing.commands)
        for (line, why) in listing.heads { reader.mark(line, .irrelevant, why) }
        for number in listing.headers { reader.mark(number, .used) }
        for (name, gap) in listing.gaps {
            reader.config.lists[name, default: ASAList(name: name)].strange = gap
        }
        // Lists are of any release: `any` says which addresses it means, or means both kinds.
        reader.config.release = (9, 0)
        var builder = ASADeviceBuilder(reader)
        let device = builder.build()
        for (name, gap) in listing.gaps {
            builder.reader.mark(gap, .notModelled, "lines of list \(name) aren't shown")
        }
        return Configuration(
            file: text.file, format: name, kinds: [.firewall], device: device,
            notes: builder.reader.notes)
    }

    /// Which interface uses a list isn't shown, so nothing can be said to mend.
    public static func fix(_ change: Change, _ configuration: Configuration?) -> Fix? { nil }
}

/// The lines of a listing as the commands that make them.
struct ASAListing {
    /// One for each line; empty where it makes no entry.
    private(set) var commands: [String] = []
    /// Entries that stand for the ones below them.
    private(set) var heads: [(line: Int, why: String)] = []
    /// `access-list L; 3 elements; …`
    private(set) var headers: [Int] = []
    /// Lists of which lines aren't shown, and where.
    private(set) var gaps: [String: Int] = [:]

    init(_ text: ConfigText) {
        let lines = text.lines.enumerated().map { IOSLine(number: $0.offset + 1, text: $0.element) }
        var claimed: [String: (count: Int, line: Int)] = [:]
        var shown: [String: Int] = [:]
        var last: [String: Int] = [:]
        for (index, line) in lines.enumerated() {
            guard line.keyword(0) == "access-list", line.words.count > 2 else {
                commands.append(line.text)
                continue
            }
            if line.words[1].hasSuffix(";") {
                let name = String(line.words[1].dropLast())
                claimed[name] = (Int(line.words[2]) ?? 0, line.number)
                headers.append(line.number)
                commands.append("")
                continue
            }
            let name = line.words[1]
            guard line.keyword(2) == "line", let number = Int(line.keyword(3)) else {
                commands.append(line.text)
                continue
            }
            let before = last[name] ?? 0
            if number > before + 1 { gaps[name] = gaps[name] ?? line.number }
            last[name] = max(before, number)
            guard line.keyword(4) != "remark" else {
                commands.append("access-list \(name) remark")
                continue
            }
            let below = lines.indices.contains(index + 1) ? lines[index + 1] : nil
            if line.indent == 0, let below, below.indent > 0, below.keyword(0) == "access-list",
                below.words.count > 3, below.words[1] == name, below.words[3] == line.words[3]
            {
                heads.append((line.number, "the lines below say what it stands for"))
                commands.append("")
                continue
            }
            shown[name, default: 0] += 1
            commands.append(
                (["access-list", name] + line.words.dropFirst(4)).joined(separator: " "))
        }
        for (name, claim) in claimed where shown[name, default: 0] < claim.count {
            gaps[name] = gaps[name] ?? claim.line
        }
    }
}
