import Net
import Policy
import PolicyText

struct KubernetesReader {
    private let text: ConfigText
    private var notes: ElementNotes
    private var forwards: ForwardedPorts
    /// Numbers of the ports that pods of the file give a name.
    private var names: [String: Set<UInt16>] = [:]
    /// What pods are meant by a service for FTP; empty where none says so.
    private var servers: Set<JSONWithLines.Value> = []
    private var doubts: [String] = []
    private var hidesClients = false

    /// Where the API server takes ports of nodes from, unless it is told otherwise.
    private static let nodePorts: ClosedRange<UInt16> = 30000...32767

    init(_ text: ConfigText) {
        self.text = text
        notes = ElementNotes(text)
        forwards = ForwardedPorts(
            ending: Setting(.deny(answered: nil), text.absence("no service takes the port")))
    }

    mutating func read(_ objects: [JSONWithLines]) -> Configuration {
        for object in objects { notes.add(object, .irrelevant, "no part of a service's ports") }
        for object in objects { readOther(object) }
        let services = objects.filter { $0["kind"]?.string == "Service" }
        for service in services where isFTP(service) {
            servers.insert(Self.bare(service["spec"]?["selector"]))
        }
        for service in services { read(service: service) }
        forwards.hidesClients = hidesClients
        forwards.assumptions += [
            "\(text.file): pods' own addresses aren't in the file: they are taken for the address asked for",
            "\(text.file): with more than one pod, control and data connections may land on different ones",
        ]
        return Configuration(
            file: text.file, format: KubernetesService.name, kinds: [.nat],
            device: forwards.device(.host),
            notes: notes.lines.finish { _, line in
                let isBare = line.allSatisfy { " \t{}[](),-".contains($0) }
                let isIdle =
                    isBare || line.bare.hasPrefix("#")
                    || ["apiVersion", "kind", "metadata", "items", "resourceVersion"].contains {
                        line.contains($0)
                    }
                return isIdle
                    ? (.irrelevant, "") : (.notRecognised, "no part of what is read of a service")
            })
    }

    // MARK: what stands beside services

    private mutating func readOther(_ object: JSONWithLines) {
        switch object["kind"]?.string {
        case "Service": break
        case "NetworkPolicy":
            notes.set(object, .notModelled, "what a network policy shuts isn't modelled")
            doubts.append("a network policy may shut it")
        default:
            let spec = object["spec"]
            guard let pod = spec?["template"]?["spec"] ?? spec else { return }
            if let own = pod["hostNetwork"], own.value == .bool(true) {
                notes.set(own, .notModelled, "a pod in the node's network")
                forwards.ending = Setting(
                    .unknown("a pod is in the node's network"), text.source(own.line))
            }
            for container in pod["containers"]?.array ?? [] {
                for port in container["ports"]?.array ?? [] { readContainer(port) }
            }
        }
    }

    private mutating func readContainer(_ port: JSONWithLines) {
        guard port["protocol"]?.text ?? "TCP" == "TCP",
            let number = port["containerPort"]?.text.flatMap({ UInt16($0) })
        else { return }
        if let name = port["name"]?.text {
            names[name, default: []].insert(number)
            notes.add(port, .used)
        }
        guard let host = port["hostPort"] else { return }
        guard let own = host.text.flatMap({ UInt16($0) }), own > 0 else {
            notes.set(host, .notModelled, "no port can be read")
            return
        }
        notes.set(host, .used)
        forwards.forwards.append(
            ForwardedPorts.Forward(
                ports: own...own,
                addresses: port["hostIP"]?.text.flatMap { IPAddress($0) }.map { AddressSet($0) },
                target: .unchanged, mapping: .one(number), source: text.source(host.line)))
    }

    // MARK: services

    /// A value without its lines, to be compared.
    private static func bare(_ element: JSONWithLines?) -> JSONWithLines.Value {
        guard case .object(let members) = element?.value else { return .null }
        return .object(
            members.sorted { $0.key < $1.key }.map {
                .init(key: $0.key, value: .init(value: $0.value.value, line: 0, last: 0))
            })
    }

    private func isFTP(_ service: JSONWithLines) -> Bool {
        (service["spec"]?["ports"]?.array ?? []).contains { port in
            [port["port"]?.text, port["targetPort"]?.text].contains("21")
                || port["name"]?.text?.lowercased().hasPrefix("ftp") == true
        }
    }

    private mutating func read(service: JSONWithLines) {
        guard let spec = service["spec"] else { return }
        let name = service["metadata"]?["name"]?.text ?? "a service"
        let type = spec["type"]?.text ?? "ClusterIP"
        for key in ["type", "clusterIP", "clusterIPs", "externalIPs", "externalTrafficPolicy"] {
            if let element = spec[key] { notes.add(element, .used) }
        }
        guard ["ClusterIP", "NodePort", "LoadBalancer"].contains(type) else {
            if let element = spec["type"] {
                let why = "it hands on no ports"
                notes.set(element, type == "ExternalName" ? .irrelevant : .notModelled, why)
            }
            return
        }
        // With the policy Local a pod sees the client.
        if type != "ClusterIP", spec["externalTrafficPolicy"]?.text != "Local" {
            hidesClients = true
        }
        let isServer = servers.isEmpty || servers.contains(Self.bare(spec["selector"]))
        let target: Translation.Target =
            isServer ? .unchanged : .unknown("it goes to the pods of \(name.excerpt)")
        let outside = self.outside(service, spec, type)
        for port in spec["ports"]?.array ?? [] {
            guard port["protocol"]?.text ?? "TCP" == "TCP" else {
                notes.add(port, .irrelevant, "not TCP")
                continue
            }
            read(port: port, type, target, outside)
        }
    }

    /// Where it takes `port`: addresses that the file names, with whom the balancer lets in.
    private mutating func outside(
        _ service: JSONWithLines, _ spec: JSONWithLines, _ type: String
    ) -> [(addresses: AddressSet?, clients: AddressSet?, doubts: [String])] {
        func addresses(_ elements: [JSONWithLines]) -> AddressSet {
            AddressSet(elements.compactMap { $0.text.flatMap { IPAddress($0) } }.map { $0...$0 })
        }
        var places: [(addresses: AddressSet?, clients: AddressSet?, doubts: [String])] = []
        let own = addresses(
            (spec["clusterIPs"]?.array ?? []) + [spec["clusterIP"]].compactMap(\.self)
                + (spec["externalIPs"]?.array ?? []))
        if !own.isEmpty { places.append((own, nil, [])) }
        guard type == "LoadBalancer" else { return places }
        var clients: AddressSet?
        var doubts: [String] = []
        if let ranges = spec["loadBalancerSourceRanges"] {
            notes.add(ranges, .used)
            let prefixes = (ranges.array ?? []).map { $0.text.flatMap { Prefix($0.bare) } }
            if prefixes.contains(nil) {
                notes.set(ranges, .notModelled, "whom it lets in can't be read")
                doubts.append("whom the load balancer lets in can't be read")
            } else if !prefixes.isEmpty {
                clients = AddressSet(prefixes.compactMap(\.self).flatMap { AddressSet($0).ranges })
            }
        }
        let ingress = service["status"]?["loadBalancer"]?["ingress"]?.array ?? []
        let given = addresses(ingress.compactMap { $0["ip"] })
        for entry in ingress { notes.add(entry, .used) }
        places.append((given.isEmpty ? nil : given, clients, doubts))
        return places
    }

    private mutating func read(
        port: JSONWithLines, _ type: String, _ target: Translation.Target,
        _ outside: [(addresses: AddressSet?, clients: AddressSet?, doubts: [String])]
    ) {
        guard let number = port["port"]?.text.flatMap({ UInt16($0) }), number > 0 else {
            notes.set(port, .invalid, "no port from 1 to 65535")
            return
        }
        notes.add(port, .used)
        var target = target
        var mapping = ForwardedPorts.Mapping.one(number)
        if let goal = port["targetPort"], let word = goal.text {
            if let own = UInt16(word), own > 0 {
                mapping = .one(own)
            } else if let own = names[word], own.count == 1, let only = own.first {
                mapping = .one(only)
            } else {
                let why = "which port \(word.excerpt) is isn't in the file"
                notes.set(goal, .notModelled, why)
                target = .unknown(why)
            }
        }
        let source = text.source(port["port"]?.line ?? port.line)
        for place in outside {
            forwards.forwards.append(
                ForwardedPorts.Forward(
                    ports: number...number, addresses: place.addresses, clients: place.clients,
                    target: target, mapping: mapping, source: source,
                    doubts: doubts + place.doubts))
        }
        guard type != "ClusterIP" else { return }
        if let node = port["nodePort"], let own = node.text.flatMap({ UInt16($0) }), own > 0 {
            forwards.forwards.append(
                ForwardedPorts.Forward(
                    ports: own...own, target: target, mapping: mapping,
                    source: text.source(node.line), doubts: doubts))
        } else if type == "NodePort" {
            let why = "the node's port is chosen when the service is made"
            notes.set(port, .notModelled, why)
            forwards.forwards.append(
                ForwardedPorts.Forward(
                    ports: Self.nodePorts, target: target, mapping: mapping, source: source,
                    doubts: doubts + [why]))
        }
    }
}
