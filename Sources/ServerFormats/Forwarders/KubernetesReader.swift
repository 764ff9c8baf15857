import Net
import Policy
import PolicyText

/// Reads services and what stands beside them: of kinds, fields and annotations that aren't known it
/// isn't known what they shut.
struct KubernetesReader {
    /// Pods of one kind.
    private struct Pods {
        var labels: [String: String]
        var namespace: String
        /// Ports with names.
        var names: [String: UInt16] = [:]
        var hostPorts: [(ports: ForwardedPorts.Forward, pods: String)] = []
    }

    private struct Selection: Hashable {
        var selector: [String: String]
        var namespace: String
    }

    /// Where a port is taken from outside.
    private struct Place {
        var addresses: AddressSet?
        var clients: AddressSet?
        var doubts: [String] = []
    }

    private let text: ConfigText
    private var notes: ElementNotes
    private var forwards: ForwardedPorts
    private var pods: [Pods] = []
    /// What pods are meant by a service for FTP; empty where none says so.
    private var servers: Set<Selection> = []
    private var doubts: [String] = []
    private var hidesClients = false
    /// What is said of elements whatever else stands on their lines.
    private var said: [(element: JSONWithLines, state: LineNote.State, why: String)] = []

    /// Where the API server takes ports of nodes from, unless it is told otherwise.
    private static let nodePorts: ClosedRange<UInt16> = 30000...32767
    /// Objects with pods that are read; with more, names of ports aren't known.
    private static let maximumPods = 1024

    init(_ text: ConfigText) {
        self.text = text
        notes = ElementNotes(text)
        forwards = ForwardedPorts(
            ending: Setting(.deny(answered: nil), text.absence("no service takes the port")))
    }

    mutating func read(_ objects: [JSONWithLines]) -> Configuration {
        for object in objects {
            let kind = object["kind"]?.string ?? ""
            let isKnown = KubernetesWords.pods.union(KubernetesWords.idle).union(["Service"])
                .contains(kind)
            if isKnown { notes.add(object, .irrelevant, "no part of a service's ports") }
            refuseMerges(object)
        }
        for object in objects { readOther(object) }
        let services = objects.filter { $0["kind"]?.string == "Service" }
        for service in services where isFTP(service) {
            servers.insert(
                Selection(
                    selector: Self.labels(service["spec"]?["selector"]),
                    namespace: Self.namespace(service)))
        }
        for service in services { read(service: service) }
        for own in pods { readHostPorts(own) }
        for (element, state, why) in said { notes.set(element, state, why) }
        // A settled port is taken before one that may be any.
        forwards.putLast { $0.ports.count > 1 }
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
                    || [
                        "apiVersion", "kind: List", "\"kind\": \"List\"", "metadata", "items",
                        "resourceVersion",
                    ]
                    .contains { line.contains($0) }
                return isIdle
                    ? (.irrelevant, "") : (.notRecognised, "no part of what is read of a service")
            })
    }

    private mutating func refuseMerges(_ element: JSONWithLines) {
        switch element.value {
        case .array(let items): for item in items { refuseMerges(item) }
        case .object(let members):
            for member in members {
                guard member.key == "<<" else {
                    refuseMerges(member.value)
                    continue
                }
                let why = "merges (<<) aren't read: write out what they bring in"
                notes.set(member.value, .notModelled, why)
                forwards.doubtAll(Setting(why, text.source(member.value.line)))
            }
        default: break
        }
    }

    // MARK: what stands beside services

    private static func labels(_ element: JSONWithLines?) -> [String: String] {
        guard case .object(let members) = element?.value else { return [:] }
        return Dictionary(
            members.map { ($0.key, $0.value.text ?? "") }, uniquingKeysWith: { $1 })
    }

    private static func namespace(_ object: JSONWithLines) -> String {
        object["metadata"]?["namespace"]?.text ?? "default"
    }

    private static func holds(_ selector: [String: String], _ labels: [String: String]) -> Bool {
        !selector.isEmpty && selector.allSatisfy { labels[$0.key] == $0.value }
    }

    private mutating func readOther(_ object: JSONWithLines) {
        guard let kind = object["kind"]?.string, kind != "Service" else { return }
        if KubernetesWords.policies.contains(kind) {
            notes.add(object, .notModelled, "what a network policy shuts isn't modelled")
            doubts = ["a network policy may shut it"]
        } else if KubernetesWords.pods.contains(kind) {
            readPods(object)
        } else if !KubernetesWords.idle.contains(kind) {
            let why = "what \(kind.excerpt) opens or shuts isn't known"
            notes.add(object, .notRecognised, why)
            forwards.doubtAll(Setting(why, text.source(object["kind"]?.line ?? object.line)))
        }
    }

    private mutating func readPods(_ object: JSONWithLines) {
        let spec = object["spec"]?["jobTemplate"]?["spec"] ?? object["spec"]
        let template = spec?["template"] ?? object
        guard let pod = template["spec"] else { return }
        if let own = pod["hostNetwork"], own.value == .bool(true) {
            notes.set(own, .notModelled, "a pod in the node's network")
            forwards.ending = Setting(
                .unknown("a pod is in the node's network"), text.source(own.line))
        }
        guard pods.count < Self.maximumPods else {
            let why = "limit of \(Self.maximumPods) objects with pods reached"
            return forwards.doubtAll(Setting(why, text.source(object.line)))
        }
        var own = Pods(
            labels: Self.labels(template["metadata"]?["labels"]),
            namespace: Self.namespace(object))
        let name = object["metadata"]?["name"]?.text ?? "a pod"
        for container in (pod["containers"]?.array ?? []) + (pod["initContainers"]?.array ?? []) {
            for port in container["ports"]?.array ?? [] { readContainer(port, name, &own) }
        }
        pods.append(own)
    }

    private mutating func readContainer(_ port: JSONWithLines, _ name: String, _ pods: inout Pods) {
        guard port["protocol"]?.text ?? "TCP" == "TCP",
            let number = port["containerPort"]?.text.flatMap({ UInt16($0) }), number > 0
        else { return }
        if let name = port["name"]?.text {
            pods.names[name] = number
            notes.add(port, .used)
        }
        guard let host = port["hostPort"], host.text != "0" else { return }
        guard let own = host.text.flatMap({ UInt16($0) }) else {
            notes.set(host, .notModelled, "no port can be read")
            forwards.doubtAll(Setting("no port can be read", text.source(host.line)))
            return
        }
        notes.set(host, .used)
        var forward = ForwardedPorts.Forward(
            ports: own...own,
            addresses: port["hostIP"]?.text.flatMap { IPAddress($0) }.map { AddressSet($0) },
            target: .unchanged, mapping: .one(number), source: text.source(host.line))
        if forward.addresses == .init(IPAddress(v4: 0)) { forward.addresses = nil }
        pods.hostPorts.append((forward, name))
    }

    private mutating func readHostPorts(_ own: Pods) {
        let isServer =
            servers.isEmpty
            || servers.contains {
                Self.holds($0.selector, own.labels) && $0.namespace == own.namespace
            }
        for (forward, name) in own.hostPorts {
            var forward = forward
            forward.doubts = doubts
            if !isServer { forward.target = .unknown("it goes to the pods of \(name.excerpt)") }
            forwards.add(forward)
        }
    }

    // MARK: services

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
        let selector = Self.labels(spec["selector"])
        let namespace = Self.namespace(service)
        let isServer =
            servers.isEmpty
            || servers.contains(Selection(selector: selector, namespace: namespace))
        let target: Translation.Target =
            isServer ? .unchanged : .unknown("it goes to the pods of \(name.excerpt)")
        let known = doubts
        doubts += doubtsOf(service, spec).prefix(8)
        defer { doubts = known }
        let named = pods.filter { Self.holds(selector, $0.labels) && $0.namespace == namespace }
        let outside = self.outside(service, spec, type)
        for port in spec["ports"]?.array ?? [] {
            switch port["protocol"]?.text ?? "TCP" {
            case "UDP", "SCTP": notes.add(port, .irrelevant, "not TCP")
            default: read(port: port, spec, type, target, outside, named)
            }
        }
    }

    /// What the API refuses of a service, and what isn't known of it.
    private mutating func doubtsOf(
        _ service: JSONWithLines, _ spec: JSONWithLines
    ) -> [String] {
        var found: [String] = []
        for key in notes.take(
            spec, shaping: KubernetesWords.shaping, idle: KubernetesWords.fields)
        {
            found.append("field \(key.excerpt) isn't known")
        }
        for port in spec["ports"]?.array ?? [] {
            for key in notes.take(port, shaping: [], idle: KubernetesWords.portFields) {
                found.append("field \(key.excerpt) isn't known")
                said.append((port, .notRecognised, "field \(key.excerpt) isn't known"))
            }
            let word = port["protocol"]?.text ?? "TCP"
            if !["TCP", "UDP", "SCTP"].contains(word) {
                said.append((port, .invalid, "protocol \(word.excerpt) isn't TCP, UDP or SCTP"))
                found.append("the API refuses the service: its protocol \(word.excerpt)")
            }
            for key in ["port", "nodePort"] {
                guard let element = port[key], element.value != .null,
                    element.text != "0" || key == "port",
                    element.text.flatMap({ UInt16($0) }).map({ $0 > 0 }) != true
                else { continue }
                said.append((element, .invalid, "no port from 1 to 65535"))
                found.append("the API refuses the service: no port from 1 to 65535")
            }
        }
        guard case .object(let annotations) = service["metadata"]?["annotations"]?.value else {
            return found
        }
        for annotation in annotations
        where annotation.key != KubernetesWords.sourceRanges
            && !KubernetesWords.isIdle(annotation: annotation.key)
        {
            let why = "what annotation \(annotation.key.excerpt) does isn't known"
            notes.add(annotation.value, .notRecognised, why)
            found.append(why)
        }
        return found
    }

    /// Where it takes `port`: addresses that the file names, with whom the balancer lets in.
    private mutating func outside(
        _ service: JSONWithLines, _ spec: JSONWithLines, _ type: String
    ) -> [Place] {
        func addresses(_ elements: [JSONWithLines]) -> AddressSet {
            AddressSet(elements.compactMap { $0.text.flatMap { IPAddress($0) } }.map { $0...$0 })
        }
        var places: [Place] = []
        let own = addresses(
            (spec["clusterIPs"]?.array ?? []) + [spec["clusterIP"]].compactMap(\.self)
                + (spec["externalIPs"]?.array ?? []))
        if !own.isEmpty { places.append(Place(addresses: own)) }
        guard type == "LoadBalancer" else { return places }
        let ingress = service["status"]?["loadBalancer"]?["ingress"]?.array ?? []
        let given = addresses(ingress.compactMap { $0["ip"] })
        for entry in ingress { notes.add(entry, .used) }
        var place = Place(addresses: given.isEmpty ? nil : given)
        let annotation = service["metadata"]?["annotations"]?[KubernetesWords.sourceRanges]
        if let ranges = spec["loadBalancerSourceRanges"], ranges.array?.isEmpty == false {
            clients(ranges, (ranges.array ?? []).map { $0.text ?? "" }, &place)
        } else if let annotation {
            clients(
                annotation, (annotation.text ?? "").split(separator: ",").map(String.init), &place)
            places.append(place)
            // Only some load balancers heed it.
            place.clients = nil
            place.doubts = ["whether the load balancer heeds the annotation isn't known"]
        }
        places.append(place)
        return places
    }

    /// Whom a load balancer lets in.
    private mutating func clients(
        _ element: JSONWithLines, _ words: [String], _ place: inout Place
    ) {
        notes.add(element, .used)
        let prefixes = words.map { Prefix($0.bare) }
        if prefixes.contains(nil) {
            notes.set(element, .notModelled, "whom it lets in can't be read")
            place.doubts.append("whom the load balancer lets in can't be read")
        } else if !prefixes.isEmpty {
            place.clients = AddressSet(
                prefixes.compactMap(\.self).flatMap { AddressSet($0).ranges })
        }
    }

    private mutating func read(
        port: JSONWithLines, _ spec: JSONWithLines, _ type: String, _ target: Translation.Target,
        _ outside: [Place], _ named: [Pods]
    ) {
        guard let number = port["port"]?.text.flatMap({ UInt16($0) }), number > 0 else { return }
        notes.add(port, .used)
        var target = target
        var mapping = ForwardedPorts.Mapping.one(number)
        if let goal = port["targetPort"], let word = goal.text {
            let numbers = Set(named.compactMap { $0.names[word] })
            if let own = UInt16(word), own > 0 {
                mapping = .one(own)
            } else if numbers.count == 1, let only = numbers.first {
                mapping = .one(only)
            } else {
                let why = "which port \(word.excerpt) is isn't in the file"
                notes.set(goal, .notModelled, why)
                target = .unknown(why)
            }
        }
        let source = text.source(port["port"]?.line ?? port.line)
        for place in outside {
            forwards.add(
                ForwardedPorts.Forward(
                    ports: number...number, addresses: place.addresses, clients: place.clients,
                    target: target, mapping: mapping, source: source,
                    doubts: doubts + place.doubts))
        }
        guard type != "ClusterIP" else { return }
        if let node = port["nodePort"], let own = node.text.flatMap({ UInt16($0) }), own > 0 {
            forwards.add(
                ForwardedPorts.Forward(
                    ports: own...own, target: target, mapping: mapping,
                    source: text.source(node.line), doubts: doubts))
        } else if type == "NodePort" || spec["allocateLoadBalancerNodePorts"]?.value != .bool(false)
        {
            let why = "the node's port is chosen when the service is made"
            if type == "NodePort" { notes.set(port, .notModelled, why) }
            forwards.add(
                ForwardedPorts.Forward(
                    ports: Self.nodePorts, target: target, mapping: mapping, source: source,
                    doubts: doubts + [why]))
        }
    }
}
