import Net
public import Policy
public import PolicyText

/// `firewall-cmd --list-all`, `--list-all-zones` and `--list-all-policies`.
///
/// Source: firewall-cmd(1), firewalld.richlanguage(5).
public enum FirewallCmd: ConfigFormat {
    public static let name = "firewall-cmd"
    public static let platform = Firewalld.platform

    public static func recognise(_ text: ConfigText) -> Recognition {
        let lines = text.lines.prefix(4000)
        let target = lines.contains { FirewallCmdReader.field($0)?.key == "target" }
        let services = lines.contains { FirewallCmdReader.field($0)?.key == "services" }
        let rich = lines.contains { FirewallCmdReader.field($0)?.key == "rich rules" }
        return target && services && rich ? .certain : .no
    }

    public static func read(_ text: ConfigText) -> Configuration { read(together: [text]) }

    public static func fix(_ change: Change, _ configuration: Configuration?) -> Fix? {
        FirewalldWriter.fix(change, configuration)
    }
}

extension FirewallCmd: JointFormat {
    /// A listing, and files of firewalld's beside it that say what services mean.
    package static func takes(_ texts: [ConfigText]) -> Bool {
        texts.contains { recognise($0) == .certain }
            && texts.allSatisfy {
                recognise($0) == .certain || FirewalldFile.recognise($0) == .certain
            }
    }

    package static func read(together texts: [ConfigText]) -> Configuration {
        var device = FirewalldDevice(file: texts.first?.file ?? "")
        var notes: [LineNote]?
        for text in texts {
            var own: [LineNote]
            if recognise(text) == .no, FirewalldFile.recognise(text) == .certain {
                let file = FirewalldFile(text)
                Firewalld.take(file, &device)
                own = file.notes
            } else {
                var reader = FirewallCmdReader(text)
                for set in reader.read() {
                    if set.kind == .zone {
                        device.zones.append(set)
                    } else {
                        device.policies.append(set)
                    }
                }
                own = reader.notes()
            }
            notes = notes ?? own
        }
        return Configuration(
            file: device.file, format: name, kinds: [.firewall], device: device.device(),
            notes: notes ?? [])
    }
}

/// Reads a listing line by line.
struct FirewallCmdReader {
    private let text: ConfigText
    private var lines: LineNotes
    private var sets: [FirewalldSet] = []
    private var key = ""

    init(_ text: ConfigText) {
        self.text = text
        lines = LineNotes(text)
    }

    private static let keys: Set<String> = [
        "target", "icmp-block-inversion", "interfaces", "sources", "services", "ports",
        "protocols", "forward", "masquerade", "forward-ports", "source-ports", "icmp-blocks",
        "rich rules", "priority", "ingress-zones", "egress-zones", "ingress-priority",
        "egress-priority", "description", "summary", "short",
    ]

    /// `  ports: 21/tcp 5001-5201/tcp`; nil for another line.
    static func field(_ line: String) -> (key: String, value: String)? {
        guard line.hasPrefix(" "), let colon = line.firstIndex(of: ":") else { return nil }
        let key = String(line[..<colon]).bare
        guard keys.contains(key) || line.hasPrefix("  ") && !line.hasPrefix("   ") else {
            return nil
        }
        return (key, String(line[line.index(after: colon)...]).bare)
    }

    func notes() -> [LineNote] {
        lines.finish { _, text in
            text.bare.isEmpty ? (.irrelevant, "") : (.notRecognised, "no line of a listing")
        }
    }

    mutating func read() -> [FirewalldSet] {
        for (number, line) in zip(1..., text.lines) {
            if line.bare.isEmpty { continue }
            if let field = Self.field(line) {
                key = field.key
                if sets.isEmpty {
                    lines.set(number, .notRecognised, "it belongs to no zone")
                } else {
                    read(number, field.value)
                }
            } else if line.hasPrefix("\t") || line.hasPrefix("   ") {
                readMore(number, line.bare)
            } else {
                open(number, line)
            }
        }
        return sets
    }

    /// `public (default, active)`
    private mutating func open(_ number: Int, _ line: String) {
        let words = line.fields
        guard let name = words.first, words.count == 1 || words[1].hasPrefix("("),
            !line.hasPrefix("-"), !line.hasPrefix("$"), !line.hasPrefix("#")
        else {
            key = ""
            return lines.set(number, .notRecognised, "no line of a listing")
        }
        lines.set(number, .used)
        var set = FirewalldSet(
            .zone, name: name, target: Setting(.standard, text.source(number)))
        set.isDefault = line.contains("default")
        sets.append(set)
        key = ""
    }

    private mutating func refuse(_ number: Int, _ why: String) {
        lines.set(number, .notModelled, why)
        guard let last = sets.indices.last, sets[last].broken == nil else { return }
        sets[last].broken = (why, text.source(number))
    }

    private mutating func add(_ number: Int, _ element: FirewalldSet.Element?) {
        guard let last = sets.indices.last else { return }
        guard let element else { return refuse(number, "a value can't be read") }
        sets[last].entries.append(.init(element: element, source: text.source(number)))
    }

    private mutating func read(_ number: Int, _ value: String) {
        guard let last = sets.indices.last else { return }
        let words = value.fields
        let source = text.source(number)
        lines.set(number, words.isEmpty ? .irrelevant : .used)
        switch key {
        case "target":
            guard let target = FirewalldWords.target(value) else {
                return refuse(number, "'\(value.excerpt)' is no target")
            }
            if target == .proceed { sets[last].kind = .policy }
            sets[last].target = Setting(target, source)
        case "interfaces":
            sets[last].bindings += words.map { .init(interface: $0, source: source) }
        case "sources":
            for word in words {
                if let set = FirewalldWords.addresses(word) {
                    sets[last].bindings.append(.init(sources: set, source: source))
                } else {
                    let why = "the addresses of \(word.excerpt) aren't in the listing"
                    lines.set(number, .notModelled, why)
                    sets[last].bindings.append(.init(doubt: why, source: source))
                }
            }
        case "services": for word in words { add(number, .service(word)) }
        case "ports", "source-ports":
            for word in words {
                let halves = word.split(separator: "/").map(String.init)
                add(
                    number,
                    halves.count == 2
                        ? FirewalldWords.element(
                            halves[0], halves[1], source: key == "source-ports") : nil)
            }
        case "protocols": for word in words { add(number, FirewalldWords.transport(word)) }
        case "forward": if value == "yes" { sets[last].forwards = source }
        case "priority":
            sets[last].kind = .policy
            guard let number = Int(value) else {
                return refuse(number, "its priority can't be read")
            }
            sets[last].priority = number
        case "ingress-priority":
            guard let priority = Int(value) else {
                return refuse(number, "its ingress-priority can't be read")
            }
            sets[last].ingressPriority = priority
        case "ingress-zones":
            sets[last].kind = .policy
            sets[last].ingress = words
        case "egress-zones":
            sets[last].kind = .policy
            sets[last].egress = words
        case "forward-ports", "rich rules": if !value.isEmpty { readMore(number, value) }
        case "masquerade", "icmp-blocks", "icmp-block-inversion", "description", "summary",
            "short", "egress-priority":
            lines.set(number, .irrelevant)
        default: refuse(number, "'\(key.excerpt)' isn't known")
        }
    }

    /// A line that belongs to the field before it.
    private mutating func readMore(_ number: Int, _ line: String) {
        guard let last = sets.indices.last else {
            return lines.set(number, .notRecognised, "it belongs to no zone")
        }
        lines.set(number, .used)
        switch key {
        case "rich rules":
            guard let parts = FirewalldRich.parts(line) else {
                return refuse(number, "the rich rule can't be read")
            }
            guard let entry = FirewalldRich.entry(parts, text.source(number)) else {
                return lines.set(number, .irrelevant, "it decides nothing of TCP")
            }
            if let why = entry.doubts.first { lines.set(number, .notModelled, why) }
            sets[last].entries.append(entry)
        case "forward-ports":
            for word in line.fields { add(number, Self.forward(word)) }
        default: refuse(number, "the line belongs to no field that is known")
        }
    }

    /// `port=2121:proto=tcp:toport=21:toaddr=10.0.0.5`
    private static func forward(_ word: String) -> FirewalldSet.Element? {
        var values: [String: String] = [:]
        var key = ""
        for part in word.split(separator: ":", omittingEmptySubsequences: false) {
            if let sign = part.firstIndex(of: "=") {
                key = String(part[..<sign])
                values[key] = String(part[part.index(after: sign)...])
            } else {
                // The rest of an IPv6 address.
                values[key, default: ""] += ":\(part)"
            }
        }
        return FirewalldWords.forward(
            values["port"], values["proto"], toPort: values["toport"],
            toAddress: values["toaddr"])
    }
}
