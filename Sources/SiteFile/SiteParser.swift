import Net
import Policy
import Yams

/// Turns the nodes of a site file into a site.
struct SiteParser {
    let reader: YAMLReader
    let vocabulary: SiteFile.Vocabulary
    let load: SiteFile.Loader

    mutating func site(_ top: [String: Node]) -> Site {
        var site = Site()
        site.servers = servers(top["servers"])
        site.hops = reader.items(top["path"], "path").compactMap { hop($0, site.servers) }
        if let capture = top["capture"] {
            let values = reader.mapping(capture, "capture", known: ["seen-from", "limits"])
            let names = Site.Tap.allCases.map(\.rawValue)
            site.tap =
                reader.value(
                    values["seen-from"], "seen-from", expected: names.joined(separator: " | "),
                    Site.Tap.init(rawValue:)) ?? .unknown
            if let limits = values["limits"] { site.limits = self.limits(limits) }
        }
        site.waivers = reader.items(top["accept"], "accept").compactMap { waiver($0, site.servers) }
        if let report = top["report"] {
            let values = reader.mapping(report, "report", known: ["title", "standards"])
            site.title = reader.text(values["title"], "title")
            let known = vocabulary.standards
            site.standards = reader.oneOrMore(
                values["standards"], "standards", expected: known.joined(separator: ", ")
            ) { known.contains($0) ? $0 : nil }
        }
        return site
    }

    private func limits(_ node: Node) -> [String: Int] {
        let values = reader.mapping(node, "limits", known: vocabulary.limits)
        return Dictionary(
            uniqueKeysWithValues: values.compactMap { name, node in
                let most = reader.value(node, name, expected: "a number from 1 to 1073741824") {
                    Int($0).flatMap { (1...1 << 30).contains($0) ? $0 : nil }
                }
                return most.map { (name, $0) }
            })
    }

    private func servers(_ node: Node?) -> [SiteServer] {
        var servers: [SiteServer] = []
        var owners: [Endpoint: String] = [:]
        for item in reader.items(node, "servers") {
            guard let server = server(item) else { continue }
            guard !servers.contains(where: { $0.name == server.name }) else {
                reader.report(item, "server '\(server.name)': the name is taken already")
                continue
            }
            for address in server.addresses {
                for port in server.control {
                    let end = Endpoint(address, port)
                    if let owner = owners[end] {
                        reader.report(item, "server '\(server.name)': \(end) is '\(owner)' already")
                    }
                    owners[end] = server.name
                }
            }
            servers.append(server)
        }
        return servers
    }

    private func server(_ node: Node) -> SiteServer? {
        let values = reader.mapping(
            node, "server",
            known: [
                "name", "address", "inside", "control", "config", "as", "passive", "changed",
                "clients", "sessions",
            ])
        let what = "server '\(values["name"]?.string ?? "")'"
        let addresses = reader.oneOrMore(
            values["address"], "\(what): address", expected: "an IPv4 or IPv6 address",
            IPAddress.init)
        guard let name = reader.text(values["name"], "server: name"), !addresses.isEmpty else {
            // An address that is no address was reported where it stands.
            if values["name"] == nil || values["address"] == nil {
                reader.report(node, "\(what): expected at least `name` and `address`")
            }
            return nil
        }
        let inside = reader.oneOrMore(
            values["inside"], "\(what): inside", expected: "an IPv4 or IPv6 address", IPAddress.init
        )
        var server = SiteServer(
            name: name, addresses: addresses, inside: inside.isEmpty ? nil : inside,
            source: line(node))
        let control = reader.oneOrMore(
            values["control"], "\(what): control", expected: "a port from 1 to 65535", Self.port)
        server.configuration = configuration(values, what, mustBe: .server)?
            .serving(server.ends, control: control)
        let ownControl = server.configuration?.server?.control.map(\.value) ?? []
        server.control = control.isEmpty ? (ownControl.isEmpty ? [21] : ownControl) : control
        if let passive = values["passive"] {
            server.statedPassive = reader.value(
                passive, "\(what): passive", expected: "ports from 1 to 65535 such as 5001-5201",
                Self.ports
            ).map { Setting($0, line(passive)) }
        }
        server.changed = reader.value(
            values["changed"], "\(what): changed", expected: "a date such as 2026-11-01",
            Timestamp.init)
        let clients = reader.oneOrMore(
            values["clients"], "\(what): clients", expected: "`any` or prefixes", Self.clients)
        if !clients.isEmpty {
            let meant = AddressSet(clients.flatMap(\.ranges))
            let ends = addresses.map { $0.family == .v4 ? AddressSet.allV4 : .allV6 }
            if ends.allSatisfy(meant.isDisjoint) {
                reader.report(
                    values["clients"] ?? node,
                    "\(what): clients: expected some of the family of its addresses")
            } else {
                server.clients = meant
            }
        }
        server.sessions = reader.value(
            values["sessions"], "\(what): sessions", expected: "a number of sessions above 0"
        ) { Int($0).flatMap { $0 > 0 ? $0 : nil } }
        return server
    }

    private func hop(_ node: Node, _ servers: [SiteServer]) -> Hop? {
        let values = reader.mapping(
            node, "path",
            known: ["name", "config", "as", "outside", "inside", "select", "on", "place"])
        let name = reader.text(values["name"], "path: name")
        let what = "hop '\(name ?? "")'"
        guard let name, values["config"] != nil else {
            reader.report(node, "\(what): expected at least `name` and `config`")
            return nil
        }
        let on = reader.oneOrMore(values["on"], "\(what): on", expected: "names of servers") { $0 }
        for server in on where !servers.contains(where: { $0.name == server }) {
            reader.report(values["on"] ?? node, "\(what): on: no server is named '\(server)'")
        }
        let place = reader.value(
            values["place"], "\(what): place", expected: "host | through",
            Device.Place.init(rawValue:)
        )
        let configuration =
            configuration(values, what, mustBe: .firewall)
            ?? Configuration(
                file: values["config"]?.string ?? "", format: "", kinds: [.firewall], notes: [])
        for (key, side) in [("outside", DeviceInterface.Side.outside), ("inside", .inside)] {
            guard let node = values[key], let text = node.string, let device = configuration.device
            else { continue }
            if let why = device.lacks(interface: text) ?? device.contradicts(text, as: side) {
                reader.report(node, "\(what): \(key): \(configuration.file): \(why)")
            }
        }
        return Hop(
            name: name, configuration: configuration,
            place: place ?? configuration.device?.usualPlace ?? .through,
            outside: reader.text(values["outside"], "\(what): outside"),
            inside: reader.text(values["inside"], "\(what): inside"),
            select: reader.text(values["select"], "\(what): select"), on: on, source: line(node))
    }

    private func configuration(
        _ values: [String: Node], _ what: String, mustBe kind: Configuration.Kind
    ) -> Configuration? {
        guard let node = values["config"], let path = reader.text(node, "\(what): config") else {
            return nil
        }
        do {
            let configuration = try load(path, reader.text(values["as"], "\(what): as"))
            let fits = kind == .server ? configuration.server != nil : configuration.device != nil
            if !fits {
                reader.report(
                    node,
                    "\(what): config: \(path) was read as \(configuration.format), which says nothing of a \(kind == .server ? "server" : "device on the path")"
                )
            }
            return configuration
        } catch {
            reader.report(node, "\(what): config: \(error.reason)")
            guard kind == .firewall else { return nil }
            // Still on the path: what passes it is unknown.
            var unread = Configuration(file: path, format: "", kinds: [kind], notes: [])
            unread.problem = error.reason
            return unread
        }
    }

    private func waiver(_ node: Node, _ servers: [SiteServer]) -> Waiver? {
        let before = reader.problems.count
        let values = reader.mapping(
            node, "accept", known: ["rule", "server", "reason", "owner", "until"])
        // A key that isn't known may be a limit: what it limits is not accepted without it.
        guard reader.problems.count == before else { return nil }
        let rule = reader.value(
            values["rule"], "accept: rule", expected: "a rule's number such as PH116"
        ) { $0.wholeMatch(of: /(?i)PH\d{3}/) == nil ? nil : $0.uppercased() }
        guard let rule, let reason = reader.text(values["reason"], "accept: reason") else {
            reader.report(node, "accept: expected at least `rule` and `reason`")
            return nil
        }
        if !vocabulary.rules.contains(rule) {
            reader.report(values["rule"] ?? node, "accept: rule: no rule is named '\(rule)'")
        }
        let server = reader.text(values["server"], "accept: server")
        if let server, !servers.contains(where: { $0.name == server }) {
            reader.report(
                values["server"] ?? node, "accept: server: no server is named '\(server)'")
        }
        var waiver = Waiver(rule: rule, server: server, reason: reason, source: line(node))
        waiver.owner = reader.text(values["owner"], "accept: owner")
        waiver.until = reader.value(
            values["until"], "accept: until", expected: "a date such as 2027-03-31", Timestamp.init)
        // A limit that can't be read is no reason to accept for ever.
        if values["until"] != nil, waiver.until == nil { return nil }
        return waiver
    }

    private func line(_ node: Node) -> SourceLine {
        let number = node.mark?.line ?? 1
        let text = reader.lines.indices.contains(number - 1) ? reader.lines[number - 1] : ""
        return SourceLine(
            file: reader.file, line: number, text: String(text.drop { $0 == " " }))
    }

    static func port(_ text: String) -> UInt16? { UInt16(text).flatMap { $0 > 0 ? $0 : nil } }

    static func ports(_ text: String) -> PortSet? {
        PortSet(text).flatMap { $0.isEmpty || $0.contains(0) ? nil : $0 }
    }

    static func clients(_ text: String) -> AddressSet? {
        text == "any" ? .all : Prefix(text).map { AddressSet($0) }
    }
}
