import Net
import Policy
import PolicyText

/// What runs, as `docker ps` lists it or `docker inspect` prints it.
struct DockerState {
    private let text: ConfigText
    private var notes: LineNotes
    private var published: PublishedPorts
    /// Names of containers by their names without a stroke, and by their ids.
    private var names: [String: String] = [:]
    private var isListing = false

    func configuration() -> Configuration {
        Configuration(
            file: text.file, format: DockerPorts.name, kinds: [.nat], device: published.device(),
            notes: notes.finish { _, line in
                if line.bare.isEmpty { return (.irrelevant, "blank") }
                return isListing
                    ? (.notRecognised, "no container's line")
                    : (.irrelevant, "no influence on which ports are published")
            })
    }

    // MARK: docker ps

    static func isListing(_ text: ConfigText) -> Bool {
        text.lines.prefix(20).contains { line in
            line.hasPrefix("CONTAINER ID") && line.contains("PORTS")
        }
    }

    /// Of `docker ps`: a head, and a line for each container.
    init(listing text: ConfigText) {
        self.text = text
        notes = LineNotes(text)
        published = PublishedPorts(text)
        isListing = true
        guard let head = text.lines.firstIndex(where: { $0.hasPrefix("CONTAINER ID") }) else {
            return
        }
        notes.add(head + 1, .irrelevant, "the head of the table")
        for (index, line) in text.lines.enumerated().dropFirst(head + 1) {
            let words = line.fields
            guard words.count > 2 else { continue }
            var container = PublishingContainer(name: words.last ?? "")
            container.isFTP = FTPImage.isFTP(words[1])
            let source = text.source(index + 1)
            for word in words where word.contains("->") {
                read(String(word.drop { $0 == "," }), source, &container)
            }
            if line.contains("Exited (") || line.contains("Created ") && container.ports.isEmpty {
                notes.add(index + 1, .irrelevant, "it doesn't run")
                continue
            }
            if container.ports.isEmpty, container.open.isEmpty {
                // A container in the host's network shows no ports, as one that publishes none.
                let why = "it publishes nothing, or its network is the host's"
                container.network = Setting(.other(why), source)
                notes.add(index + 1, .notModelled, why)
            }
            published.containers.append(container)
        }
    }

    /// `0.0.0.0:30000-30009->30000-30009/tcp,`
    private mutating func read(
        _ word: String, _ source: SourceLine, _ container: inout PublishingContainer
    ) {
        let entry = word.split(separator: ",").first.map(String.init) ?? ""
        guard let arrow = entry.firstRange(of: "->") else { return }
        let line = source.line ?? 0
        var left = String(entry[..<arrow.lowerBound])
        // `:::21` is every address of IPv6, as older ones print it.
        if left.hasPrefix(":::") { left = "[::]:" + left.dropFirst(3) }
        do throws(PublishedPort.Fault) {
            let port = try PublishedPort(left + ":" + entry[arrow.upperBound...])
            container.ports.append((port, source))
            notes.add(line, .used)
        } catch {
            let why = "\(entry.excerpt) can't be read"
            container.open.append((why, source))
            notes.set(line, .notModelled, why)
        }
    }

    // MARK: docker inspect

    static func isInspection(_ text: ConfigText) -> Bool {
        text.mentions("\"NetworkSettings\"") && text.mentions("\"HostConfig\"")
    }

    /// Of `docker inspect` of containers.
    init(inspection text: ConfigText) {
        self.text = text
        notes = LineNotes(text)
        published = PublishedPorts(text)
        do throws(JSONWithLines.Fault) {
            let documents = try StructuredText.documents(text)
            let items = documents.flatMap { $0.array ?? [$0] }
            for item in items {
                guard let name = item["Name"]?.text else { continue }
                names[String(name.drop { $0 == "/" })] = name
                if let id = item["Id"]?.text { names[id] = name }
            }
            for item in items { inspect(item) }
        } catch {
            notes.set(min(error.line, max(1, text.lines.count)), .invalid, error.why)
            published.more = Setting("it can't be read", text.source(error.line))
        }
    }

    private mutating func inspect(_ item: JSONWithLines) {
        guard let settings = item["NetworkSettings"] else { return }
        var container = PublishingContainer(name: item["Name"]?.text ?? item["Id"]?.text ?? "")
        container.isFTP = (item["Config"]?["Image"]?.text).map(FTPImage.isFTP) ?? false
        if let mode = item["HostConfig"]?["NetworkMode"], let name = mode.text {
            readMode(name, text.source(mode.line), &container)
        }
        var addresses: Set<String> = []
        if case .object(let networks) = settings["Networks"]?.value {
            for network in networks {
                guard let address = network.value["IPAddress"], let value = address.text,
                    !value.isEmpty
                else { continue }
                addresses.insert(value)
                notes.add(address.line, .used)
            }
        }
        if addresses.count == 1, let only = addresses.first {
            container.address = IPAddress(only)
        }
        if !addresses.isEmpty, container.network.value == .own,
            let mode = item["HostConfig"]?["NetworkMode"],
            !["bridge", "default", ""].contains(mode.text ?? "")
        {
            container.mayBeAskedDirectly = text.source(mode.line)
        }
        if case .object(let ports) = settings["Ports"]?.value {
            for port in ports { inspect(port, &container) }
        }
        published.containers.append(container)
    }

    private mutating func readMode(
        _ name: String, _ source: SourceLine, _ container: inout PublishingContainer
    ) {
        switch name {
        case "host": container.network = Setting(.host, source)
        case "none": container.network = Setting(.none, source)
        default:
            guard name.hasPrefix("container:") else { return }
            let other = String(name.dropFirst("container:".count))
            container.network = Setting(.shared(names[other] ?? other), source)
        }
        notes.add(source.line ?? 0, .used)
    }

    /// `"21/tcp": [{"HostIp": "0.0.0.0", "HostPort": "21"}]`
    private mutating func inspect(
        _ member: JSONWithLines.Member, _ container: inout PublishingContainer
    ) {
        for binding in member.value.array ?? [] {
            let host = binding["HostPort"]
            let line = host?.line ?? binding.line
            let address = binding["HostIp"]?.text ?? ""
            let bracketed = address.contains(":") ? "[\(address)]" : address
            do throws(PublishedPort.Fault) {
                let port = try PublishedPort("\(bracketed):\(host?.text ?? ""):\(member.key)")
                container.ports.append((port, text.source(line)))
                notes.add(line, .used)
            } catch {
                container.open.append(("its port can't be read", text.source(line)))
                notes.set(line, .notModelled, "its port can't be read")
            }
        }
    }
}
