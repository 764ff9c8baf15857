import Net
import Policy
import PolicyText

/// A file of firewalld's, read: a zone, a policy, a service, a helper, direct rules, or settings.
struct FirewalldFile {
    enum Content {
        case set(FirewalldSet)
        case service(String, FirewalldService)
        /// Control ports of TCP that a helper watches.
        case helper(String, module: String, PortSet)
        case direct(SourceLine?)
        case settings(zone: Setting<String>?, drifts: SourceLine?)
        /// It can't be read.
        case broken(String, SourceLine)
    }

    private(set) var content: Content
    private(set) var notes: [LineNote] = []

    private static let roots: [String: Set<String>] = [
        "zone": [
            "short", "description", "interface", "source", "service", "port", "protocol",
            "icmp-block", "icmp-block-inversion", "masquerade", "forward-port", "source-port",
            "rule", "forward",
        ],
        "policy": [
            "short", "description", "disable", "ingress-zone", "egress-zone", "service", "port",
            "protocol", "icmp-block", "masquerade", "forward-port", "source-port", "rule",
        ],
        "service": [
            "short", "description", "port", "protocol", "source-port", "module", "destination",
            "include", "helper",
        ],
        "helper": ["short", "description", "port"],
        "direct": ["chain", "rule", "passthrough"],
    ]

    /// How sure it is that the text is a file of firewalld's.
    static func recognise(_ text: ConfigText) -> Recognition {
        if isSettings(text) { return .certain }
        guard text.whole.unicodeScalars.first(where: { !$0.properties.isWhitespace }) == "<" else {
            return .no
        }
        let scanner = XMLScanner(text.whole, elementLimit: 2000)
        guard let root = scanner.elements.first, let known = roots[root.name] else { return .no }
        let children = scanner.elements.filter { $0.depth == 1 }.map(\.name)
        let own = children.count { known.contains($0) }
        if own == children.count, !children.isEmpty { return .certain }
        if children.isEmpty, root["module"]?.value.hasPrefix("nf_conntrack_") ?? false {
            return .certain
        }
        // A zone may be nothing but its target.
        if children.isEmpty { return root.name == "zone" ? .perhaps : .no }
        return own > 0 ? .perhaps : .no
    }

    private static func isSettings(_ text: ConfigText) -> Bool {
        let lines = text.lines.prefix(500).filter { !$0.bare.isEmpty && !$0.hasPrefix("#") }
        return lines.contains { $0.hasPrefix("DefaultZone=") }
            && lines.allSatisfy { line in
                let key = line.prefix { $0 != "=" }
                return key.count < line.count
                    && key.allSatisfy { $0.isLetter || $0.isNumber || $0 == "_" }
            }
    }

    /// The file's name without folder and ending, as firewalld names what it holds.
    static func stem(_ path: String) -> String {
        let name = path.split(separator: "/").last.map(String.init) ?? path
        return name.hasSuffix(".xml") ? String(name.dropLast(4)) : name
    }

    init(_ text: ConfigText) {
        if Self.isSettings(text) {
            (content, notes) = Self.settings(text)
            return
        }
        let scanner = XMLScanner(text.whole)
        let name = Self.stem(text.file)
        if let fault = scanner.fault {
            let why = "line \(fault.line): \(fault.why)"
            content = .broken("firewalld refuses the file: \(why)", text.source(fault.line))
            var lines = LineNotes(text)
            lines.set(min(fault.line, text.lines.count), .invalid, fault.why)
            notes = lines.finish { _, _ in (.invalid, "the file doesn't load: \(why)") }
            return
        }
        var reader = FirewalldXML(text, scanner.elements)
        switch scanner.elements.first?.name {
        case "zone": content = .set(reader.set(.zone, name))
        case "policy": content = .set(reader.set(.policy, name))
        case "service": content = .service(name, reader.service())
        case "helper":
            let helper = reader.helper()
            content = .helper(name, module: helper.module, helper.ports)
        case "direct": content = .direct(reader.direct())
        default: content = .broken("it is no file of firewalld's", text.absence("no zone"))
        }
        notes = reader.finish()
    }

    private static func settings(_ text: ConfigText) -> (Content, [LineNote]) {
        var lines = LineNotes(text)
        var zone: Setting<String>?
        var drifts: SourceLine?
        for (number, line) in zip(1..., text.lines) {
            let bare = line.bare
            if bare.hasPrefix("DefaultZone=") {
                zone = Setting(String(bare.dropFirst("DefaultZone=".count)), text.source(number))
                lines.set(number, .used)
            } else if bare.hasPrefix("AllowZoneDrifting=") {
                let word = bare.dropFirst("AllowZoneDrifting=".count).bare.lowercased()
                drifts = ["yes", "true"].contains(word) ? text.source(number) : nil
                lines.set(number, .used)
            } else if bare.isEmpty || bare.hasPrefix("#") || bare.contains("=") {
                lines.set(number, .irrelevant)
            } else {
                lines.set(number, .notRecognised, "no assignment")
            }
        }
        return (.settings(zone: zone, drifts: drifts), lines.finish { _, _ in (.irrelevant, "") })
    }
}
