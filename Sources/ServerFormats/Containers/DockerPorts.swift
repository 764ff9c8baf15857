import Net
public import Policy
public import PolicyText

/// The ports that a host hands on to its containers: a compose file, `docker run` commands, the
/// output of `docker ps` or `docker inspect`; of Podman and nerdctl too.
///
/// A file of those that also tells of an FTP server is an `ftp-container`, which says both.
/// Sources: Compose Specification, "ports" and "network_mode"; Docker's manual, "Port publishing and
/// mapping"; Docker Engine API, `NetworkSettings.Ports`.
public enum DockerPorts: ConfigFormat {
    public static let name = "docker-ports"
    public static let platform = "Docker (published ports)"

    public static func recognise(_ text: ConfigText) -> Recognition {
        if DockerState.isListing(text) { return .certain }
        if DockerState.isInspection(text) { return .certain }
        guard FTPContainer.recognise(text) == .no else { return .no }
        let reading = ContainerReading(text)
        switch reading.form {
        case .compose: return ComposePorts(text)?.published.saysAnything == true ? .certain : .no
        case .commands:
            return commands(reading, text)?.saysAnything == true ? .certain : .no
        case .dockerfile, .none: return .no
        }
    }

    public static func read(_ text: ConfigText) -> Configuration {
        if DockerState.isListing(text) { return DockerState(listing: text).configuration() }
        if DockerState.isInspection(text) { return DockerState(inspection: text).configuration() }
        let reading = ContainerReading(text)
        var notes = reading.notes
        let published = published(text, reading, &notes)
        let why = "nothing published can be read"
        let device =
            published?.device()
            ?? ForwardedPorts(ending: Setting(.unknown(why), text.absence(why))).device(.host)
        return Configuration(
            file: text.file, format: name, kinds: [.nat], device: device,
            notes: notes.finish { _, line in
                let bare = line.bare
                if bare.isEmpty || bare.hasPrefix("#") { return (.irrelevant, "comment or blank") }
                let isBare = bare.allSatisfy { " \t{}[](),-".contains($0) }
                return published != nil && isBare
                    ? (.irrelevant, "")
                    : (.notRecognised, published == nil ? why : "it isn't known")
            })
    }

    /// What a compose file or commands publish, its lines noted; nil where it can't say.
    static func published(
        _ text: ConfigText, _ reading: ContainerReading, _ notes: inout LineNotes
    ) -> PublishedPorts? {
        switch reading.form {
        case .compose:
            guard let compose = ComposePorts(text) else { return nil }
            for number in text.lines.indices.map({ $0 + 1 }) {
                guard let state = compose.notes.lines.state(number) else { continue }
                notes.add(number, state, compose.notes.lines.why(number))
            }
            return compose.published
        case .commands:
            let published = commands(reading, text)
            for container in published?.containers ?? [] {
                for (_, source) in container.ports { notes.add(source.line ?? 0, .used) }
                for (why, source) in container.open {
                    notes.set(source.line ?? 0, .notModelled, why)
                }
                if case .other(let why) = container.network.value {
                    notes.set(container.network.source.line ?? 0, .notModelled, why)
                } else if let line = container.network.source.line {
                    notes.add(line, .used)
                }
                if let doubt = container.doubt {
                    notes.set(doubt.source.line ?? 0, .notModelled, doubt.value)
                }
            }
            for (line, why) in refused(reading) { notes.set(line, .invalid, why) }
            return published
        case .dockerfile, .none: return nil
        }
    }

    /// What `docker run` commands publish.
    private static func commands(
        _ reading: ContainerReading, _ text: ConfigText
    ) -> PublishedPorts? {
        guard reading.form == .commands else { return nil }
        var published = PublishedPorts(text)
        for (number, service) in zip(1..., reading.services) {
            // A container whose command is refused never starts.
            guard refusal(service) == nil else { continue }
            var container = PublishingContainer(name: service.name ?? "\(number)")
            container.isFTP = service.isFTP
            if let network = service.network {
                let kind =
                    service.networkDoubt.map { .other($0) } ?? Self.network(network.value)
                container.network = Setting(kind, network.source)
            }
            container.doubt = service.doubt
            if let open = service.open { container.open.append((open.value, open.source)) }
            container.address = service.address.flatMap { IPAddress($0) }
            if let all = service.publishesAll {
                container.open.append(
                    ("what the image exposes is published at ports chosen then", all))
            }
            for entry in service.published {
                do throws(PublishedPort.Fault) {
                    container.ports.append((try PublishedPort(entry.value), entry.source))
                } catch {
                    guard case .open(let why) = error else { continue }
                    container.open.append((why, entry.source))
                }
            }
            published.containers.append(container)
        }
        return published
    }

    private static func network(_ name: String) -> PublishingContainer.Network {
        switch name {
        case "host": .host
        case "none": .none
        default:
            name.hasPrefix("container:") ? .shared(String(name.dropFirst(10))) : .own
        }
    }

    private static func refusal(
        _ service: ContainerReading.Service
    ) -> (line: Int, why: String)? {
        for entry in service.published {
            do throws(PublishedPort.Fault) {
                _ = try PublishedPort(entry.value)
            } catch {
                if case .refused(let why) = error { return (entry.source.line ?? 0, why) }
            }
        }
        return nil
    }

    private static func refused(_ reading: ContainerReading) -> [(Int, String)] {
        reading.services.compactMap { refusal($0).map { ($0.line, $0.why) } }
    }

    public static func fix(_ change: Change, _ configuration: Configuration?) -> Fix? {
        publish(change, platform)
    }

    /// The entries that publish ports under their own numbers.
    static func publish(_ change: Change, _ platform: String) -> Fix? {
        let ports: PortSet
        switch change {
        case .permit(let wanted, to: _): ports = wanted
        case .translate(let wanted, outside: _, inside: _): ports = wanted
        default: return nil
        }
        let entries = ports.ranges.map { range in
            let text =
                range.count == 1
                ? "\(range.lowerBound)" : "\(range.lowerBound)-\(range.upperBound)"
            return "\(text):\(text)"
        }
        return Fix(
            platform: platform,
            commands: [
                "# below `ports:` of the container; with `docker run`, each as -p in place of the dash"
            ] + entries.map { "- \"\($0)\"" },
            undo: ["# take these entries out"] + entries.map { "# - \"\($0)\"" },
            restart: ["docker compose up -d"])
    }
}
