import Net
import Policy
import PolicyText

/// The ports that a host hands on to its containers: Docker's rules of translation, as a hop.
struct PublishedPorts {
    let text: ConfigText
    var containers: [PublishingContainer] = []
    /// Why more may be published than the file says.
    var more: Setting<String>?
    /// Why nothing is published as the file says.
    var refusal: Setting<String>?

    init(_ text: ConfigText) { self.text = text }

    /// Whether anything is said of how clients reach a container.
    var saysAnything: Bool {
        containers.contains { !$0.ports.isEmpty || !$0.open.isEmpty || $0.network.value == .host }
    }

    /// Containers that serve FTP, with those whose network they use.
    private var servers: Set<String> {
        var names = Set(containers.filter(\.isFTP).map(\.name))
        for container in containers where container.isFTP {
            if case .shared(let other) = container.network.value { names.insert(other) }
        }
        return names
    }

    func device() -> Device {
        var forwards = ForwardedPorts(
            ending: Setting(
                .deny(answered: true), text.absence("no container publishes the port")))
        if let refusal { forwards.doubtAll(refusal) }
        let servers = servers
        for container in containers {
            if let address = container.address, let source = container.mayBeAskedDirectly {
                let why = "whether other hosts reach the container at its own address isn't known"
                forwards.add(
                    ForwardedPorts.Forward(
                        ports: 1...65535, addresses: AddressSet(address), target: .unknown(why),
                        source: source))
            }
        }
        for container in containers {
            guard container.network.value == .own else { continue }
            let isServer = servers.isEmpty || servers.contains(container.name)
            let target: Translation.Target =
                if let address = container.address { .addresses([address]) } else if isServer {
                    .unchanged
                } else { .unknown("it goes to the container \(container.name.excerpt)") }
            for (port, source) in container.ports where port.isTCP {
                var forward = Self.forward(port, target, source)
                if let doubt = container.doubt { forward.doubts.append(doubt.value) }
                forwards.add(forward)
            }
            for open in container.open {
                forwards.add(
                    ForwardedPorts.Forward(
                        ports: 1...65535, target: .unknown(open.why), source: open.source))
            }
        }
        // A settled port is taken before one that may be any.
        forwards.putLast(Self.isDoubtful)
        if let open = ending(servers) { forwards.ending = open }
        if containers.contains(where: { $0.address == nil && !$0.ports.isEmpty }) {
            forwards.assumptions.append(
                "\(text.file): a container's own address is given when it starts: it is taken for the host's"
            )
        }
        forwards.assumptions.append(
            "\(text.file): published ports are handed on before the host's own filter for what it receives (INPUT, ufw) is asked"
        )
        return forwards.device(.host)
    }

    private static func isDoubtful(_ forward: ForwardedPorts.Forward) -> Bool {
        if case .unknown = forward.target, forward.ports.count > 1, forward.addresses == nil {
            return true
        }
        return !forward.doubts.isEmpty
    }

    private static func forward(
        _ port: PublishedPort, _ target: Translation.Target, _ source: SourceLine
    ) -> ForwardedPorts.Forward {
        var forward = ForwardedPorts.Forward(
            ports: port.host ?? 1024...65535, addresses: port.addresses, target: target,
            source: source)
        if port.isSettled {
            forward.mapping = .from(port.container.lowerBound)
        } else {
            forward.doubts = ["the host's port is chosen when the container starts"]
            forward.mapping = port.container.count == 1 ? .one(port.container.lowerBound) : .kept
        }
        return forward
    }

    /// What becomes of ports that nobody publishes, where it isn't a refusal.
    private func ending(_ servers: Set<String>) -> Setting<Action>? {
        let names = Set(containers.map(\.name))
        let meant = containers.filter { servers.isEmpty || servers.contains($0.name) }
        for container in meant {
            if let doubt = container.doubt, container.network.value != .own {
                return Setting(.unknown(doubt.value), doubt.source)
            }
            switch container.network.value {
            case .host: return Setting(.permit, container.network.source)
            case .other(let why): return Setting(.unknown(why), container.network.source)
            case .shared(let other):
                guard names.contains(other) else {
                    let why = "the container whose network it uses isn't in the file"
                    return Setting(.unknown(why), container.network.source)
                }
            case .own, .none: break
            }
        }
        return more.map { Setting(.unknown($0.value), $0.source) }
    }
}
