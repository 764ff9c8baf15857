import Net
public import Policy
public import PolicyText

/// A container that serves FTP: a compose file, `docker run`, or a Dockerfile, by its image, its
/// environment and its command.
///
/// What an image does that isn't known here, and what comes from a host's environment, is unknown.
/// The ports that the host hands on to the container are a hop of their own, in the same file: as a
/// server's configuration the file says the one, on a path the other.
public enum FTPContainer: ConfigFormat {
    public static let name = "ftp-container"
    public static let platform = "container (FTP)"

    public static func recognise(_ text: ConfigText) -> Recognition {
        guard text.mentions("ftp") else { return .no }
        return ContainerReading(text).services.contains(where: \.isFTP) ? .certain : .no
    }

    public static func read(_ text: ConfigText) -> Configuration {
        let reading = ContainerReading(text)
        var notes = reading.notes
        let services = reading.services.filter(\.isFTP)
        for other in services.dropFirst() {
            notes.set(
                other.image?.source.line ?? 0, .notModelled, "another container that serves FTP")
        }
        var settings: ServerSettings?
        if let service = services.first { settings = self.settings(service, text, &notes) }
        if KubernetesService.holdsServices(text) {
            return joined(KubernetesService.read(text), settings, notes)
        }
        let published = DockerPorts.published(text, reading, &notes)
        return Configuration(
            file: text.file, format: name, kinds: published == nil ? [.server] : [.server, .nat],
            server: settings, device: published?.device(),
            notes: notes.finish { _, line in
                let bare = line.bare
                if bare.isEmpty || bare.hasPrefix("#") { return (.irrelevant, "comment or blank") }
                let isBare = bare.allSatisfy { " \t{}[](),-".contains($0) }
                return published == nil || isBare
                    ? (.irrelevant, "no setting of FTP's ports or addresses, and none published")
                    : (.notRecognised, "it isn't known")
            })
    }

    /// Manifests of Kubernetes that hold the pods and the services before them.
    private static func joined(
        _ services: Configuration, _ settings: ServerSettings?, _ notes: LineNotes
    ) -> Configuration {
        Configuration(
            file: services.file, format: name, kinds: [.server, .nat], server: settings,
            device: services.device,
            notes: services.notes.map { note in
                guard let state = notes.state(note.line) else { return note }
                return LineNote(
                    line: note.line, state: state, text: note.text, why: notes.why(note.line))
            })
    }

    private static func settings(
        _ service: ContainerReading.Service, _ text: ConfigText, _ notes: inout LineNotes
    ) -> ServerSettings {
        let source = service.image?.source ?? text.absence("an image")
        if let line = source.line { notes.add(line, .used) }
        guard let image = service.image.flatMap({ FTPImage.named($0.value) }) else {
            return unknown(service, text, &notes)
        }
        var settings = ServerSettings(
            unset: .ports(image.usual), of: image.behaviour, in: text)
        settings.passiveSources = [
            text.absence("\(image.name) sets \(image.usual.lowerBound)-\(image.usual.upperBound)")
        ]
        takeRange(service, image, &settings, &notes)
        if let address = service.environment[image.address] {
            notes.add(address.source.line ?? 0, .used)
            if let literal = ServerText.v4(address.value) {
                settings.advertisedAddress = Setting(literal, address.source)
            } else if !address.value.isEmpty {
                settings.advertisedName = address
            }
        }
        if image.product == .pureFTPd { takeFlags(service, &settings, text, &notes) }
        if let enable = service.environment["PASV_ENABLE"], enable.value.uppercased() == "NO" {
            settings.passiveDisabled = Setting(true, enable.source)
            notes.add(enable.source.line ?? 0, .used)
        }
        if image.product == .vsftpd {
            func promiscuous(_ name: String) -> Setting<Bool>? {
                service.environment[name].map { said in
                    notes.add(said.source.line ?? 0, .used)
                    return Setting(said.value.uppercased() == "YES", said.source)
                }
            }
            settings.foreignPassivePeers = promiscuous("PASV_PROMISCUOUS")
            settings.foreignActivePeers = promiscuous("PORT_PROMISCUOUS")
        }
        if let encryption = service.environment.keys.sorted().first(where: Self.isOfTLS) {
            settings.tlsProblem = "what the image makes of \(encryption) isn't known"
        }
        for mount in service.mounts where mount.value.contains(".conf") {
            notes.set(mount.source.line ?? 0, .notModelled, "a configuration of its own isn't read")
            settings.void(.unknown, "a configuration that is mounted may set it", [mount.source])
            settings.tlsProblem = "a configuration that is mounted may set it"
            settings.foreignPassivePeers = nil
            settings.foreignActivePeers = nil
        }
        return settings
    }

    private static func isOfTLS(_ variable: String) -> Bool {
        variable.contains("TLS") || variable.contains("SSL")
    }

    private static func takeRange(
        _ service: ContainerReading.Service, _ image: FTPImage, _ settings: inout ServerSettings,
        _ notes: inout LineNotes
    ) {
        let set = Set([image.low, image.high]).compactMap { service.environment[$0] }
        if let more = service.moreVariables,
            set.isEmpty || set.count == 1 && image.low != image.high
        {
            return settings.void(.unknown, more.value, [more.source])
        }
        guard !set.isEmpty else { return }
        let sources = set.map(\.source).sorted { ($0.line ?? 0) < ($1.line ?? 0) }
        for value in set {
            if ServerText.isOpen(value.value) || value.value.contains("$") || value.value.isEmpty {
                notes.set(value.source.line ?? 0, .notModelled, "its value comes from elsewhere")
                settings.void(
                    .unknown, "\(value.source.text.bare.excerpt) comes from elsewhere", sources)
                return
            }
            notes.add(value.source.line ?? 0, .used)
        }
        let bounds: [UInt16?]
        if image.low == image.high {
            bounds = set[0].value.split(whereSeparator: { $0 == ":" || $0 == "-" })
                .map { ServerText.port($0) }
        } else {
            let low = service.environment[image.low].map { ServerText.port($0.value) }
            let high = service.environment[image.high].map { ServerText.port($0.value) }
            bounds = [low ?? image.usual.lowerBound, high ?? image.usual.upperBound]
        }
        guard bounds.count == 2, let range = ServerText.range(bounds[0], bounds[1]),
            range.lowerBound >= 1024
        else {
            settings.void(.invalid, "not two ports from 1024 up, the first below the last", sources)
            for source in sources { notes.set(source.line ?? 0, .invalid, "no range of ports") }
            return
        }
        settings.set(range, sources)
    }

    /// Options of Pure-FTPd in the command and in `ADDED_FLAGS`; a `-p` among them counts more than
    /// the variable.
    private static func takeFlags(
        _ service: ContainerReading.Service, _ settings: inout ServerSettings, _ text: ConfigText,
        _ notes: inout LineNotes
    ) {
        for flags in [service.command, service.environment["ADDED_FLAGS"]].compactMap(\.self) {
            var reading = PureFTPdReading(text)
            let words = CommandLine.words(flags.value).drop { !$0.hasPrefix("-") }
            let (state, why) = PureFTPdCommand.take(
                "pure-ftpd", Array(words), flags.source, &reading)
            notes.set(flags.source.line ?? 0, state, why)
            let own = reading.settings()
            if own.passiveFrom == .invalid || reading.doubt != nil {
                settings.void(own.passiveFrom, own.passiveProblem ?? "", [flags.source])
            } else if let range = reading.range {
                settings.set(range.value, [flags.source])
            }
            if own.tls.value != .none { settings.tls = own.tls }
            settings.tlsProblem = settings.tlsProblem ?? own.tlsProblem
            settings.maxUsers = own.maxUsers ?? settings.maxUsers
            if own.foreignActivePeers?.value == true {
                settings.foreignActivePeers = own.foreignActivePeers
                settings.foreignPassivePeers = own.foreignPassivePeers
            }
            if own.advertisedAddress != nil { settings.advertisedAddress = own.advertisedAddress }
            if own.control.first?.source.line != nil { settings.control = own.control }
        }
    }

    /// A container whose image isn't known: what its command says, and nothing else.
    private static func unknown(
        _ service: ContainerReading.Service, _ text: ConfigText, _ notes: inout LineNotes
    ) -> ServerSettings {
        if let command = service.command {
            let line = command.value
            if let found = CommandLine.arguments(of: PureFTPdCommand.isServer, in: line) {
                var reading = PureFTPdReading(text)
                let said = PureFTPdCommand.take(
                    found.program, found.arguments, command.source, &reading)
                notes.set(command.source.line ?? 0, said.0, said.1)
                return reading.settings()
            }
            if let found = CommandLine.arguments(of: VsftpdCommand.isServer, in: line) {
                let (settings, said) = VsftpdCommand.settings(found.arguments, command.source, text)
                notes.set(command.source.line ?? 0, said.0, said.1)
                return settings
            }
            notes.set(command.source.line ?? 0, .notModelled, "what it starts isn't read")
        }
        var settings = ServerSettings(
            unset: .osDynamic(usual: nil),
            of: ServerBehaviour(
                product: "the container's server", acceptedPorts: 1024...65535,
                onePortAccepted: true, restartNeeded: true), in: text)
        let image = service.image?.value ?? "its image"
        settings.tlsProblem = "what \(image.excerpt) sets isn't known"
        settings.void(
            .unknown, "what \(image.excerpt) sets isn't known",
            [service.image?.source ?? text.absence("an image")])
        if let line = service.image?.source.line {
            notes.set(line, .notModelled, "what the image sets isn't known")
        }
        for (key, value) in service.environment
        where key.contains("PASV") || key.contains("PASSIVE") || key.contains("MASQUERADE") {
            notes.set(
                value.source.line ?? 0, .notModelled, "what the image makes of it isn't known")
        }
        return settings
    }

    public static func fix(_ change: Change, _ configuration: Configuration?) -> Fix? {
        if let published = DockerPorts.publish(change, platform) { return published }
        let text = (configuration?.notes ?? []).map(\.text)
        let image = text.lazy.flatMap { line in
            FTPImage.known.filter { line.contains($0.name) }
        }.first
        guard let image else { return nil }
        let values: [(String, String)]
        switch change {
        case .setPassiveRange(let range):
            guard range.lowerBound >= 1024 else { return nil }
            values =
                image.low == image.high
                ? [(image.low, "\(range.lowerBound):\(range.upperBound)")]
                : [(image.low, "\(range.lowerBound)"), (image.high, "\(range.upperBound)")]
        case .advertise(let address):
            guard address.family == .v4 else { return nil }
            values = [(image.address, "\(address)")]
        case .restart: values = []
        case .requireTLS, .refuseForeignPeers, .refuseActive, .permit, .forbid, .translate, .set:
            return nil
        }
        let place = "# in the environment of the container of \(image.name)"
        var undo = [place]
        for (key, _) in values {
            let old = (configuration?.notes ?? []).filter {
                $0.state != .irrelevant && $0.text.contains(key)
            }
            undo += old.isEmpty ? ["# take \(key) out"] : old.map { $0.text.bare }
        }
        let publish =
            change.isRange ? ["# and publish these ports in place of the former ones"] : []
        return Fix(
            platform: platform,
            commands: values.isEmpty ? [] : [place] + values.map { "\($0.0)=\($0.1)" } + publish,
            undo: values.isEmpty ? [] : undo, restart: ["docker compose up -d"])
    }
}

extension Change {
    fileprivate var isRange: Bool {
        if case .setPassiveRange = self { return true }
        return false
    }
}
