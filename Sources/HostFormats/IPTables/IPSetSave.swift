import Net
public import Policy
public import PolicyText

/// `ipset save`: the sets that iptables rules name.
///
/// By itself it permits and denies nothing; given beside the rule set, its rules are judged by it.
public enum IPSetSave: ConfigFormat {
    public static let name = "ipset-save"
    public static let platform = "Linux (ipset)"

    public static func recognise(_ text: ConfigText) -> Recognition {
        var creates = false
        for line in text.lines where !line.isEmpty && !line.hasPrefix("#") {
            let words = line.split(separator: " ")
            guard let verb = words.first else { continue }
            if verb == "create", words.count >= 3, words[2].contains(":") {
                creates = true
            } else if verb != "add" || !creates {
                return .no
            }
        }
        return creates ? .certain : .no
    }

    public static func read(_ text: ConfigText) -> Configuration {
        let (_, notes) = IPSet.read(text)
        return Configuration(file: text.file, format: name, kinds: [.firewall], notes: notes)
    }

    public static func fix(_ change: Change, _ configuration: Configuration?) -> Fix? { nil }
}

/// A set of an `ipset save`, as what its elements match in each of its dimensions.
struct IPSet: Hashable {
    struct Element: Hashable {
        /// Nil where the dimension is none of addresses.
        var addresses: [AddressSet?]
        var ports: PortSet?
        var excluded = false
    }

    /// `ip`, `net`, `port`, `iface`, `mac`, … in order.
    var dimensions: [String]
    var elements: [Element] = []
    /// Why its contents can't be told.
    var problem: String?
    /// The first line of it.
    var source: SourceLine

    /// Elements beyond this many make a set unknown.
    static let maximumAlternatives = 2048

    static func read(_ text: ConfigText) -> (sets: [String: IPSet], notes: [LineNote]) {
        var sets: [String: IPSet] = [:]
        var notes: [LineNote] = []
        for (index, line) in text.lines.enumerated() {
            let words = line.split(separator: " ").map(String.init)
            func note(_ state: LineNote.State, _ why: String = "") {
                notes.append(LineNote(line: index + 1, state: state, text: line, why: why))
            }
            guard let verb = words.first, !verb.hasPrefix("#") else {
                note(.irrelevant)
                continue
            }
            if verb == "create", words.count >= 3 {
                let type = words[2].split(
                    separator: ":", maxSplits: 1, omittingEmptySubsequences: false
                ).map(String.init)
                let dimensions =
                    type.count == 2 ? type[1].split(separator: ",").map(String.init) : []
                var set = IPSet(dimensions: dimensions, source: text.source(index + 1))
                if Set(dimensions).isSubset(of: ["ip", "net", "port"]), type[0] != "list" {
                    note(.used)
                } else {
                    set.problem = "sets of type \(words[2]) aren't modelled"
                    note(.notModelled, "type \(words[2])")
                }
                sets[words[1]] = set
            } else if verb == "add", words.count >= 3, sets[words[1]] != nil {
                if var element = element(words[2], sets[words[1]]?.dimensions ?? []) {
                    element.excluded = words.dropFirst(3).contains("nomatch")
                    sets[words[1]]?.elements.append(element)
                    note(.used)
                } else if sets[words[1]]?.problem != nil {
                    note(.notModelled, "its set's type isn't modelled")
                } else if words[2].contains("udp:") || words[2].contains("icmp") {
                    note(.irrelevant, "another protocol")
                } else {
                    sets[words[1]]?.problem = "element \(words[2]) isn't understood"
                    note(.notRecognised, "no element of this type")
                }
            } else {
                note(.notRecognised, "no create or add")
            }
        }
        return (sets, notes)
    }

    private static func element(_ text: String, _ dimensions: [String]) -> Element? {
        let parts = text.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == dimensions.count else { return nil }
        var element = Element(addresses: [])
        for (part, dimension) in zip(parts, dimensions) {
            switch dimension {
            case "ip", "net":
                guard let set = addresses(part) else { return nil }
                element.addresses.append(set)
            case "port":
                guard let ports = ports(part) else { return nil }
                element.ports = ports
                element.addresses.append(nil)
            default: return nil
            }
        }
        return element
    }

    private static func addresses(_ text: String) -> AddressSet? {
        if text == "0.0.0.0/0" { return .allV4 }
        if let prefix = Prefix(text) { return AddressSet(prefix) }
        let ends = text.split(separator: "-").map { IPAddress(String($0)) }
        guard ends.count == 2, let low = ends[0], let high = ends[1], low <= high else {
            return nil
        }
        return AddressSet(low...high)
    }

    /// `5001`, `tcp:5001-5100`; nil for another protocol.
    private static func ports(_ text: String) -> PortSet? {
        var text = text[...]
        if let colon = text.firstIndex(of: ":") {
            guard ["tcp", "6"].contains(text[..<colon].lowercased()) else { return nil }
            text = text[text.index(after: colon)...]
        }
        if let service = IPTablesValues.services[text.lowercased()] {
            return PortSet(service...service)
        }
        return PortSet(String(text))
    }

    /// The addresses of a set of one dimension: the most specific element decides (`nomatch`).
    func addresses() -> AddressSet {
        var result = AddressSet()
        func size(_ element: Element) -> UInt128 {
            guard let set = element.addresses[0], let range = set.ranges.first else { return 0 }
            return range.upperBound.bits - range.lowerBound.bits
        }
        let plain = elements.filter { !$0.addresses.isEmpty && $0.addresses[0] != nil }
        guard plain.contains(where: \.excluded) else {
            return AddressSet(plain.flatMap { $0.addresses[0]?.ranges ?? [] })
        }
        for element in plain.sorted(by: { size($0) > size($1) }) {
            guard let set = element.addresses[0] else { continue }
            result = element.excluded ? result.subtracting(set) : result.union(set)
        }
        return result
    }
}

extension IPTablesRuleReader {
    /// `--match-set NAME src,dst`
    mutating func matchSet(_ option: String) throws(Problem) {
        let name = try value(option)
        guard index < words.count else { throw .invalid("\(option) needs a name and directions") }
        let directions = words[index].text.split(separator: ",").map(String.init)
        index += 1
        guard directions.allSatisfy({ $0 == "src" || $0 == "dst" }), !directions.isEmpty else {
            throw .invalid("'\(words[index - 1].text)' are no directions")
        }
        guard let set = sets[name] else {
            rule.doubt("the contents of set \(name) aren't known")
            return
        }
        guard set.problem == nil, directions.count >= set.dimensions.count else {
            rule.doubt("set \(name): \(set.problem ?? "it has more dimensions than are asked")")
            return
        }
        if set.dimensions.count == 1, set.dimensions[0] != "port" {
            let addresses = signed(set.addresses())
            let source = directions[0] == "src"
            rule.narrow { source ? $0.narrowSources(addresses) : $0.narrowDestinations(addresses) }
            return
        }
        if set.dimensions == ["port"] {
            let ports = signed(PortSet(set.elements.flatMap { $0.ports?.ranges ?? [] }))
            let source = directions[0] == "src"
            rule.narrow { source ? $0.narrowSourcePorts(ports) : $0.narrowPorts(ports) }
            return
        }
        guard !negated, !set.elements.contains(where: \.excluded),
            set.elements.count <= IPSet.maximumAlternatives
        else {
            rule.doubt("set \(name): negated, with exceptions or too large")
            return
        }
        if set.elements.isEmpty { rule.never("set \(name) is empty") }
        guard !set.elements.isEmpty else { return }
        rule.either(
            set.elements.map { element in
                { match in
                    for (dimension, direction) in zip(set.dimensions.indices, directions) {
                        let source = direction == "src"
                        if let addresses = element.addresses[dimension] {
                            source
                                ? match.narrowSources(addresses)
                                : match.narrowDestinations(addresses)
                        } else if let ports = element.ports {
                            source ? match.narrowSourcePorts(ports) : match.narrowPorts(ports)
                        }
                    }
                }
            })
    }
}
