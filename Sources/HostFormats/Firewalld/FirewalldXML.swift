import Net
import Policy
import PolicyText

/// Reads the elements of one of firewalld's files (firewalld.zone(5), .policy(5), .service(5),
/// .helper(5), .direct(5)).
struct FirewalldXML {
    private let text: ConfigText
    private let elements: [XMLScanner.Element]
    private var lines: LineNotes

    init(_ text: ConfigText, _ elements: [XMLScanner.Element]) {
        self.text = text
        self.elements = elements
        lines = LineNotes(text)
    }

    private mutating func note(
        _ element: XMLScanner.Element, _ state: LineNote.State, _ why: String = ""
    ) {
        let last = element.attributes.map(\.lastLine).max() ?? element.line
        for line in element.line...max(element.line, last) { lines.add(line, state, why) }
    }

    /// Lines without an element are text, comments, and ends of elements.
    func finish() -> [LineNote] { lines.finish { _, _ in (.irrelevant, "") } }

    // MARK: zones and policies

    mutating func set(_ kind: FirewalldSet.Kind, _ name: String) -> FirewalldSet {
        let standard = Setting(
            kind == .zone ? FirewalldSet.Target.standard : .proceed,
            text.absence(kind == .zone ? "target default" : "target CONTINUE"))
        var set = FirewalldSet(kind, name: name, target: standard)
        guard let root = elements.first else { return set }
        readRoot(root, &set)
        var index = 1
        while index < elements.count {
            let element = elements[index]
            var end = index + 1
            while end < elements.count, elements[end].depth > element.depth { end += 1 }
            if element.name == "rule" {
                readRule(element, elements[(index + 1)..<end], &set)
            } else if !readBinding(element, &set) {
                readEntry(element, &set)
            }
            index = end
        }
        return set
    }

    private mutating func readRoot(_ root: XMLScanner.Element, _ set: inout FirewalldSet) {
        note(root, .used)
        for attribute in root.attributes {
            let source = text.source(attribute.line)
            switch attribute.name {
            case "target":
                if let target = FirewalldWords.target(attribute.value) {
                    set.target = Setting(target, source)
                } else {
                    refuse(root, "'\(attribute.value.excerpt)' is no target", &set)
                }
            case "priority" where set.kind == .policy:
                if let number = Int(attribute.value) {
                    set.priority = number
                } else {
                    refuse(root, "its priority can't be read", &set)
                }
            case "version": break
            case "egress-priority": break
            case "ingress-priority" where set.kind == .zone:
                if let number = Int(attribute.value) {
                    set.ingressPriority = number
                } else {
                    refuse(root, "its ingress-priority can't be read", &set)
                }
            default: refuse(root, "attribute \(attribute.name.excerpt) isn't known", &set)
            }
        }
    }

    /// firewalld refuses a file with what it doesn't know.
    private mutating func refuse(
        _ element: XMLScanner.Element, _ why: String, _ set: inout FirewalldSet
    ) {
        lines.set(element.line, .invalid, why)
        if set.broken == nil { set.broken = (why, text.source(element.line)) }
    }

    /// What says whose packets it is for; false where the element says something else.
    private mutating func readBinding(
        _ element: XMLScanner.Element, _ set: inout FirewalldSet
    ) -> Bool {
        let source = text.source(element.line)
        switch element.name {
        case "short", "description":
            note(element, .irrelevant)
        case "interface" where set.kind == .zone:
            note(element, .used)
            set.bindings.append(.init(interface: element["name"]?.value ?? "", source: source))
        case "source" where set.kind == .zone:
            if let addresses = element["address"]?.value.flatMapped(FirewalldWords.addresses) {
                note(element, .used)
                set.bindings.append(.init(sources: addresses, source: source))
            } else {
                let why = "its addresses aren't in the file"
                note(element, .notModelled, why)
                set.bindings.append(.init(doubt: why, source: source))
            }
        case "forward" where set.kind == .zone:
            note(element, .used)
            set.forwards = source
        case "disable" where set.kind == .policy:
            note(element, .used)
            set.disabled = true
        case "ingress-zone" where set.kind == .policy:
            note(element, .used)
            set.ingress.append(element["name"]?.value ?? "")
        case "egress-zone" where set.kind == .policy:
            note(element, .used)
            set.egress.append(element["name"]?.value ?? "")
        default: return false
        }
        return true
    }

    private mutating func readEntry(_ element: XMLScanner.Element, _ set: inout FirewalldSet) {
        var wanted: FirewalldSet.Element?
        switch element.name {
        case "service": wanted = element["name"].map { .service($0.value) }
        case "port":
            wanted = FirewalldWords.element(element["port"]?.value, element["protocol"]?.value)
        case "source-port":
            wanted = FirewalldWords.element(
                element["port"]?.value, element["protocol"]?.value, source: true)
        case "protocol": wanted = FirewalldWords.transport(element["value"]?.value)
        case "forward-port":
            wanted = FirewalldWords.forward(
                element["port"]?.value, element["protocol"]?.value,
                toPort: element["to-port"]?.value, toAddress: element["to-addr"]?.value)
        case "icmp-block", "icmp-block-inversion", "masquerade": wanted = .other
        default:
            return refuse(element, "element \(element.name.excerpt) isn't known", &set)
        }
        guard let wanted else {
            return refuse(element, "its attributes can't be read", &set)
        }
        note(element, wanted == .other ? .irrelevant : .used, "not for TCP")
        set.entries.append(.init(element: wanted, source: text.source(element.line)))
    }

    private mutating func readRule(
        _ rule: XMLScanner.Element, _ inner: ArraySlice<XMLScanner.Element>,
        _ set: inout FirewalldSet
    ) {
        let known: Set<String> = [
            "source", "destination", "service", "port", "protocol", "icmp-block", "icmp-type",
            "masquerade", "forward-port", "source-port", "log", "nflog", "audit", "accept",
            "reject", "drop", "mark", "limit", "tcp-mss-clamp",
        ]
        for element in inner where !known.contains(element.name) {
            refuse(element, "element \(element.name.excerpt) isn't known", &set)
        }
        let parts = ([rule] + inner).map { element in
            FirewalldRich.Part(
                name: element.name,
                attributes: Dictionary(
                    element.attributes.map { ($0.name.lowercased(), $0.value) },
                    uniquingKeysWith: { $1 }))
        }
        let entry = FirewalldRich.entry(parts, text.source(rule.line))
        for element in [rule] + inner {
            if let why = entry?.doubts.first {
                note(element, .notModelled, why)
            } else if entry == nil || entry?.element == .other {
                note(element, .irrelevant, "it decides nothing of TCP")
            } else {
                note(element, .used)
            }
        }
        if let entry { set.entries.append(entry) }
    }

    // MARK: services, helpers, direct rules

    mutating func service() -> FirewalldService {
        var service = FirewalldService()
        for element in elements {
            switch element.name {
            case "service", "include":
                note(element, .used)
                if element.depth > 0, let name = element["service"]?.value {
                    service.includes.append(name)
                }
            case "short", "description", "module": note(element, .irrelevant)
            case "port", "source-port":
                let isSource = element.name == "source-port"
                let ports = element["port"]?.value ?? ""
                let transport = element["protocol"]?.value
                // A port may be left out: all of the protocol.
                if ports.isEmpty, !isSource {
                    take(element, FirewalldWords.transport(transport), &service)
                } else {
                    take(
                        element, FirewalldWords.element(ports, transport, source: isSource),
                        &service)
                }
            case "protocol":
                take(element, FirewalldWords.transport(element["value"]?.value), &service)
            case "destination": readDestination(element, &service)
            case "helper":
                note(element, .used)
                if let name = element["name"]?.value { service.helpers.append(name) }
            default:
                note(element, .notRecognised, "element \(element.name.excerpt) isn't known")
                service.doubt = "element \(element.name.excerpt) isn't known"
            }
        }
        return service
    }

    private mutating func take(
        _ element: XMLScanner.Element, _ wanted: FirewalldSet.Element?,
        _ service: inout FirewalldService
    ) {
        switch wanted {
        case .ports(let set): service.ports = service.ports.union(set)
        case .sourcePorts(let set): service.sourcePorts = service.sourcePorts.union(set)
        case .tcp: service.anyPort = true
        case .other: return note(element, .irrelevant, "not for TCP")
        default:
            service.doubt = "its attributes can't be read"
            return note(element, .notModelled, "its attributes can't be read")
        }
        note(element, .used)
    }

    private mutating func readDestination(
        _ element: XMLScanner.Element, _ service: inout FirewalldService
    ) {
        var set = AddressSet()
        for attribute in element.attributes {
            if let part = FirewalldWords.addresses(attribute.value) {
                set = set.union(part)
            } else {
                service.doubt = "its destination can't be read"
            }
        }
        service.destinations = set
        note(element, .used)
    }

    mutating func helper() -> (module: String, ports: PortSet) {
        var set = PortSet()
        for element in elements {
            switch element.name {
            case "helper": note(element, .used)
            case "port":
                let wanted = FirewalldWords.element(
                    element["port"]?.value, element["protocol"]?.value)
                if case .ports(let part) = wanted { set = set.union(part) }
                note(element, .used)
            case "short", "description": note(element, .irrelevant)
            default: note(element, .notRecognised, "element \(element.name.excerpt) isn't known")
            }
        }
        return (elements.first?["module"]?.value ?? "", set)
    }

    /// The first direct rule that may touch a new connection of TCP/IP.
    mutating func direct() -> SourceLine? {
        var first: SourceLine?
        for element in elements.dropFirst() {
            if element.name == "chain" || element["ipv"]?.value == "eb"
                || element["chain"]?.value == "OUTPUT" || element["chain"]?.value == "POSTROUTING"
            {
                note(element, .irrelevant)
                continue
            }
            note(element, .notModelled, "direct rules aren't modelled")
            first = first ?? text.source(element.line)
        }
        if let root = elements.first { note(root, .used) }
        return first
    }
}

extension String {
    fileprivate func flatMapped<Value>(_ read: (String) -> Value?) -> Value? { read(self) }
}
