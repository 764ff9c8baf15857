import Net
import Policy
import PolicyText

/// What a compose file says of published ports (Compose Specification, "services": `ports`,
/// `network_mode`, `networks`).
struct ComposePorts {
    private let text: ConfigText
    private(set) var published: PublishedPorts
    private(set) var notes: ElementNotes
    private var networks: [String: JSONWithLines] = [:]

    /// Nil where the text is no compose file.
    init?(_ text: ConfigText) {
        guard text.mentions("image:") || text.mentions("build:") else { return nil }
        self.text = text
        published = PublishedPorts(text)
        notes = ElementNotes(text)
        guard let (document, count) = ComposeModel.read(text),
            case .object(let top) = document.value
        else { return nil }
        if case .object(let members) = document["networks"]?.value {
            for member in members { networks[member.key] = member.value }
        }
        // The first version of the format has its services at the top.
        let services = document["services"] ?? document
        guard case .object(let members) = services.value,
            members.contains(where: { $0.value["image"] != nil || $0.value["build"] != nil })
        else { return nil }
        if document["services"] != nil {
            readParts(top)
            if let line = text.lines.firstIndex(where: { $0.hasPrefix("services") }) {
                notes.addLine(line + 1, .used)
            }
        }
        if count > 1,
            let line = text.lines.firstIndex(where: {
                $0.contains("!reset") || $0.contains("!override")
            })
        {
            let why = "a tag decides how the documents are merged"
            notes.addLine(line + 1, .notModelled, why)
            published.refusal = Setting(why, text.source(line + 1))
        }
        for member in members { read(member) }
    }

    private mutating func said(
        _ element: JSONWithLines, _ state: LineNote.State, _ why: String = ""
    ) {
        notes.add(element, state, why)
    }

    private mutating func readParts(_ top: [JSONWithLines.Member]) {
        for member in top {
            switch member.key {
            case "services": break
            case "networks": said(member.value, .irrelevant, "no container of its own")
            case "include":
                said(member.value, .notModelled, "another file isn't read")
                published.more = Setting(
                    "another file may publish more", text.source(member.value.line))
            default:
                if ComposeModel.parts.contains(member.key) || member.key.hasPrefix("x-") {
                    said(member.value, .irrelevant, "no part of published ports")
                } else {
                    refuse(member)
                }
            }
        }
    }

    /// Compose refuses the file for a key that it doesn't know.
    private mutating func refuse(_ member: JSONWithLines.Member) {
        let why = "key \(member.key.excerpt) isn't known, and compose refuses what it doesn't know"
        said(member.value, .notRecognised, why)
        published.refusal = published.refusal ?? Setting(why, text.source(member.value.line))
    }

    private mutating func read(_ member: JSONWithLines.Member) {
        guard case .object(let attributes) = member.value.value else { return }
        let service = member.value
        guard service["image"] != nil || service["build"] != nil || service["ports"] != nil else {
            return
        }
        notes.addLine(service.line, .irrelevant, "the name of a service")
        for attribute in attributes {
            if ComposeModel.idle.contains(attribute.key) || attribute.key.hasPrefix("x-") {
                said(attribute.value, .irrelevant, "no influence on which ports are published")
            } else if !ComposeModel.read.contains(attribute.key) {
                refuse(attribute)
            }
        }
        var container = PublishingContainer(name: member.key)
        container.isFTP = service["image"]?.text.map(FTPImage.isFTP) ?? false
        readNetwork(service, &container)
        readStart(service, &container)
        if let extends = service["extends"] {
            said(extends, .notModelled, "another service's settings aren't taken")
            container.open.append(
                ("another service may publish more", text.source(extends.line)))
        }
        if let ports = service["ports"] { readPorts(ports, &container) }
        published.containers.append(container)
    }

    /// Whether it is started: only with its profile, and not as no copy.
    private mutating func readStart(
        _ service: JSONWithLines, _ container: inout PublishingContainer
    ) {
        func doubt(_ element: JSONWithLines, _ why: String) {
            said(element, .notModelled, why)
            container.doubt = Setting(why, text.source(element.line))
        }
        if let profiles = service["profiles"] {
            if profiles.array?.isEmpty == true {
                said(profiles, .used)
            } else {
                doubt(profiles, "it is started with its profile only")
            }
        }
        if let deploy = service["deploy"] {
            said(deploy, .irrelevant, "no influence on which ports are published")
        }
        for element in [service["scale"], service["deploy"]?["replicas"]].compactMap(\.self) {
            if let count = element.text.flatMap({ Int($0) }), count > 0 {
                said(element, .used)
            } else {
                doubt(element, "how many of it are started isn't known")
            }
        }
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
        guard container.network.value == .own else { return }
        guard case .object(let joined) = service["networks"]?.value else {
            let names = service["networks"]?.array?.compactMap(\.text) ?? ["default"]
            if let list = service["networks"] { said(list, .used) }
            return readDrivers(names, service["networks"]?.line ?? service.line, &container)
        }
        for network in joined { said(network.value, .used) }
        readDrivers(joined.map(\.key), service.line, &container)
        guard joined.count == 1, let fixed = joined[0].value["ipv4_address"] else { return }
        container.address = fixed.text.flatMap { IPAddress($0) }
        let isRead = container.address != nil
        said(fixed, isRead ? .used : .notModelled, "no address can be read")
    }

    /// A container is published by a bridge that isn't cut off; in a network of another driver it is
    /// reached at its own address.
    private mutating func readDrivers(
        _ names: [String], _ line: Int, _ container: inout PublishingContainer
    ) {
        var (isPublished, isAlone) = (false, false)
        var reason: Setting<String>?
        for name in names {
            guard let network = networks[name] else {
                isPublished = isPublished || name == "default"
                if name != "default" {
                    reason = Setting("network \(name.excerpt) isn't in the file", text.source(line))
                }
                continue
            }
            guard let doubt = Self.doubt(network) else {
                isPublished = true
                continue
            }
            said(doubt.element, .notModelled, doubt.why)
            if reason == nil || doubt.isAlone && !isAlone {
                reason = Setting(doubt.why, text.source(doubt.element.line))
            }
            isAlone = isAlone || doubt.isAlone
        }
        guard let reason, isAlone || !isPublished else { return }
        container.network = Setting(.other(reason.value), reason.source)
    }

    /// Why a network may not publish; whether that holds even beside another network.
    private static func doubt(
        _ network: JSONWithLines
    ) -> (element: JSONWithLines, why: String, isAlone: Bool)? {
        if let driver = network["driver"], let kind = driver.text, kind != "bridge",
            kind != "overlay"
        {
            let why = "a container of a network of driver \(kind.excerpt) has an address of its own"
            return (driver, why, true)
        }
        if let external = network["external"], external.value != .bool(false) {
            return (external, "of what driver the network is isn't in the file", true)
        }
        if let options = network["driver_opts"], case .object(let members) = options.value,
            members.contains(where: {
                $0.key.contains("gateway_mode") || $0.key.contains("host_binding")
            })
        {
            return (options, "how the network publishes ports isn't modelled", true)
        }
        if let own = network["internal"], own.value != .bool(false) {
            return (own, "nothing of a network without a way out is published", false)
        }
        return nil
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
        if let published = item["published"]?.text, !published.isEmpty, published != "0" {
            port.host = try PublishedPort.ports(published)
        }
        if let address = item["host_ip"]?.text { port.address = try PublishedPort.address(address) }
        switch item["protocol"]?.text?.lowercased() ?? "tcp" {
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
