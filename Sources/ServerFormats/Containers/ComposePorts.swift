import Net
import Policy
import PolicyText

/// What a compose file says of published ports (Compose Specification, "services": `ports`,
/// `network_mode`, `networks`).
struct ComposePorts {
    private let text: ConfigText
    private(set) var published: PublishedPorts
    private(set) var notes: ElementNotes
    private var networks: JSONWithLines?

    /// Nil where the text is no compose file.
    init?(_ text: ConfigText) {
        guard text.mentions("image:") || text.mentions("build:") else { return nil }
        self.text = text
        published = PublishedPorts(text)
        notes = ElementNotes(text)
        guard let document = (try? StructuredText.documents(text))?.first,
            case .object(let top) = document.value
        else { return nil }
        networks = document["networks"]
        // The first version of the format has its services at the top.
        let services = document["services"] ?? document
        guard case .object(let members) = services.value,
            members.contains(where: { $0.value["image"] != nil || $0.value["build"] != nil })
        else { return nil }
        if let include = top.last(where: { $0.key == "include" }) {
            said(include.value, .notModelled, "another file isn't read")
            published.more = Setting(
                "another file may publish more", text.source(include.value.line))
        }
        for member in members { read(member) }
    }

    private mutating func said(
        _ element: JSONWithLines, _ state: LineNote.State, _ why: String = ""
    ) {
        notes.add(element, state, why)
    }

    private mutating func read(_ member: JSONWithLines.Member) {
        guard case .object = member.value.value else { return }
        let service = Self.merged(member.value)
        guard service["image"] != nil || service["build"] != nil || service["ports"] != nil else {
            return
        }
        var container = PublishingContainer(name: member.key)
        container.isFTP = service["image"]?.text.map(FTPImage.isFTP) ?? false
        readNetwork(service, &container)
        if let extends = service["extends"] {
            said(extends, .notModelled, "another service's settings aren't taken")
            container.open.append(
                ("another service may publish more", text.source(extends.line)))
        }
        if let ports = service["ports"] { readPorts(ports, &container) }
        published.containers.append(container)
    }

    /// With the members that `<<` brings in, which count less than its own.
    private static func merged(_ service: JSONWithLines) -> JSONWithLines {
        guard let base = service["<<"], case .object(let own) = service.value else {
            return service
        }
        var members: [JSONWithLines.Member] = []
        for other in base.array?.reversed() ?? [base] {
            if case .object(let brought) = other.value { members += brought }
        }
        var result = service
        result.value = .object(members + own)
        return result
    }

    // MARK: networks

    private mutating func readNetwork(
        _ service: JSONWithLines, _ container: inout PublishingContainer
    ) {
        if let mode = service["network_mode"] ?? service["net"] {
            let value = mode.text ?? ""
            let network: PublishingContainer.Network
            switch value {
            case "host": network = .host
            case "none": network = .none
            case "bridge", "default": network = .own
            default:
                if value.hasPrefix("service:") {
                    network = .shared(String(value.dropFirst("service:".count)))
                } else {
                    network = .other("what network \(value.excerpt) is isn't known")
                }
            }
            if case .other(let why) = network {
                said(mode, .notModelled, why)
            } else {
                said(mode, .used)
            }
            container.network = Setting(network, text.source(mode.line))
        }
        guard case .object(let joined) = service["networks"]?.value else {
            for name in service["networks"]?.array ?? [] {
                if let name = name.text { readDriver(name, &container) }
            }
            return
        }
        for network in joined {
            readDriver(network.key, &container)
            guard joined.count == 1, let fixed = network.value["ipv4_address"] else { continue }
            container.address = fixed.text.flatMap { IPAddress($0) }
            let isRead = container.address != nil
            said(fixed, isRead ? .used : .notModelled, "no address can be read")
        }
    }

    /// A container of a network that isn't a bridge is reached at its own address.
    private mutating func readDriver(_ name: String, _ container: inout PublishingContainer) {
        guard let driver = networks?[name]?["driver"], let kind = driver.text,
            kind != "bridge", kind != "overlay"
        else { return }
        let why = "a container of a network of driver \(kind.excerpt) has an address of its own"
        said(driver, .notModelled, why)
        container.network = Setting(.other(why), text.source(driver.line))
    }

    // MARK: ports

    private mutating func readPorts(
        _ ports: JSONWithLines, _ container: inout PublishingContainer
    ) {
        guard let items = ports.array else {
            said(ports, .notModelled, "no list of ports")
            container.open.append(("its ports can't be read", text.source(ports.line)))
            return
        }
        if let line = text.lines.indices.contains(ports.line - 1) ? ports.line : nil {
            notes.add(JSONWithLines(value: .null, line: line, last: line), .used)
        }
        for item in items {
            guard container.network.value == .own else {
                said(item, .irrelevant, "without a network of its own nothing is published")
                continue
            }
            do throws(PublishedPort.Fault) {
                let port = try Self.port(item)
                if port.isTCP {
                    container.ports.append((port, text.source(Self.line(item))))
                    said(item, .used)
                } else {
                    said(item, .irrelevant, "not for TCP")
                }
            } catch {
                switch error {
                case .refused(let why): said(item, .invalid, why)
                case .open(let why):
                    said(item, .notModelled, why)
                    container.open.append((why, text.source(Self.line(item))))
                }
            }
        }
    }

    /// The line of the long form that names the host's port.
    private static func line(_ item: JSONWithLines) -> Int {
        item["published"]?.line ?? item["target"]?.line ?? item.line
    }

    private static func port(_ item: JSONWithLines) throws(PublishedPort.Fault) -> PublishedPort {
        if let short = item.text { return try PublishedPort(short) }
        guard let target = item["target"]?.text else { throw .refused("it names no port") }
        var port = PublishedPort(host: nil, container: try PublishedPort.ports(target))
        if let published = item["published"]?.text, !published.isEmpty {
            port.host = try PublishedPort.ports(published)
        }
        if let address = item["host_ip"]?.text { port.address = try PublishedPort.address(address) }
        switch item["protocol"]?.text ?? "tcp" {
        case "tcp": port.isTCP = true
        case "udp", "sctp": port.isTCP = false
        case let other:
            if other.contains("$") { throw .open("a variable sets the protocol") }
            throw .refused("no protocol that can be published")
        }
        try port.check()
        return port
    }
}
