import Net
import Policy
import PolicyText

/// Turns an export's commands into chains.
struct RouterOSBuilder {
    var reader: RouterOSReader
    private(set) var device = Device(usualPlace: .through)
    var members: [String: [String]] = [:]
    var lists: [String: ZonedFirewall.Hosts] = [:]
    var own = AddressSet()
    /// The router's own addresses, each with its line.
    private var ownLines: [(address: IPAddress, line: Int)] = []
    /// Interfaces to which somebody else gives an address, each with its line.
    var givenLines: [(interface: String, line: Int)] = []
    /// Networks that are reached by others.
    private(set) var routes: [Prefix] = []
    /// Lists to which rules add: `src name` or `dst name`.
    var growing: Set<String> = []
    /// Lists of interfaces that hold more than their members.
    var composed: Set<String> = []

    init(_ reader: RouterOSReader) { self.reader = reader }

    mutating func build() -> Device {
        // IPv6 has rules of its own (`/ipv6 firewall`), which aren't read.
        device.families = [.v4]
        objects()
        for table in ["raw", "nat", "filter"] { chains(table) }
        strange()
        if device.chains["raw prerouting"] != nil { stage("raw prerouting", .filter) }
        if device.chains["nat dstnat"] != nil { stage("nat dstnat", .translate) }
        if !reader.commands.contains(where: { $0.menu == "ip firewall filter" }) { noFilter() }
        stage("filter input", .filter, [.host])
        stage(passing(), .filter, [.through])
        if let line = reader.commands.first(where: { $0.menu.hasPrefix("ip firewall mangle") })?
            .first
        {
            device.assumptions.append("marks are not followed (\(reader.text.file):\(line))")
        }
        helper()
        return device
    }

    /// What wasn't understood may let pass, or take away what drops.
    private mutating func strange() {
        func rules(_ lines: [(line: Int, why: String)]) -> [FilterRule] {
            lines.map { FilterRule(Match(), .unknown($0.why), reader.text.source($0.line)) }
        }
        let all = reader.strange + [reader.untracked].compactMap(\.self)
        guard !all.isEmpty else { return }
        device.chains["strange"] = Chain(name: "strange", rules: rules(all))
        stage("strange", .filter)
        for name in ["raw prerouting", "filter input", "filter forward"] {
            guard device.chains[name] != nil || name != "raw prerouting" else { continue }
            device.chains[name, default: Chain(name: name)].rules.insert(
                contentsOf: rules(reader.strange), at: 0)
        }
    }

    private mutating func stage(
        _ name: String, _ work: Stage.Work, _ places: Set<Device.Place> = [.host, .through]
    ) {
        let text = reader.text.absence("the chain's end: RouterOS lets it pass")
        device.stages.append(
            Stage(
                work, chain: name, ending: Setting(work == .filter ? .permit : .keep, text),
                places: places, families: [.v4]))
    }

    /// What `forward` judges, and by the way `input` what is bound for one of the router's own
    /// addresses, wherever the question places the router.
    private mutating func passing() -> String {
        guard !ownLines.isEmpty || !givenLines.isEmpty else { return "filter forward" }
        let rules = ownLines.map { address, line in
            FilterRule(
                Match(destinations: AddressSet(address)), .go("filter input"),
                reader.text.source(line))
        }
        let doubtful = givenLines.map { interface, line in
            let why = "whether that is the address that \(interface) is given isn't in the file"
            return FilterRule(
                Match(destinations: elsewhere, notModelled: [why]), .go("filter input"),
                reader.text.source(line))
        }
        // These decide nothing, but name in `input` what is the router's own.
        let naming = rules.map { FilterRule($0.match, .next, $0.source) }
        device.chains["filter input", default: Chain(name: "filter input")].rules += naming
        let forward = device.chains["filter forward"]?.rules ?? []
        device.chains["passing"] = Chain(name: "passing", rules: rules + doubtful + forward)
        return "passing"
    }

    /// A router without a filter passes everything; an excerpt may have left it out.
    private mutating func noFilter() {
        let isWhole =
            reader.text.lines.prefix(5).contains { $0.contains("by RouterOS") }
            && reader.commands.contains { $0.menu == "ip address" }
        if isWhole {
            device.assumptions.append("no filter is in the file: everything is taken to pass")
            return
        }
        let why = "the file shows no filter"
        for name in ["filter input", "filter forward"] {
            device.chains[name] = Chain(
                name: name,
                rules: [FilterRule(Match(), .unknown(why), reader.text.absence(why))])
        }
    }

    // MARK: objects

    /// Menus of what an interface's address comes by.
    private static let given: Set = [
        "ip dhcp-client", "interface pppoe-client", "interface lte", "interface pptp-client",
        "interface l2tp-client", "interface sstp-client", "interface ovpn-client",
    ]

    private mutating func objects() {
        var entries: [String: [ZonedFirewall.Hosts]] = [:]
        for command in reader.commands where !command.isDisabled {
            switch command.menu {
            case let menu where Self.given.contains(menu):
                let name = menu == "ip dhcp-client" ? "interface" : "name"
                reader.note(command.first, command.last, .used)
                givenLines.append((command.values[name] ?? "an interface", command.first))
            case "ip route":
                guard let prefix = command.values["dst-address"].flatMap({ Prefix($0) }),
                    prefix.length > 0
                else { continue }
                routes.append(prefix)
            case "interface list":
                guard let list = command.values["name"],
                    command.values["include"] != nil || command.values["exclude"] != nil
                else { continue }
                composed.insert(list)
            case "ip address":
                guard let word = command.values["address"], let prefix = Prefix(word),
                    let address = IPAddress(String(word.prefix { $0 != "/" })),
                    let name = command.values["interface"]
                else { continue }
                reader.note(command.first, command.last, .used)
                own = own.union(AddressSet(address))
                ownLines.append((address, command.first))
                let known = device.interfaces.firstIndex { $0.name == name }
                let index = known ?? device.interfaces.count
                if known == nil { device.interfaces.append(DeviceInterface(name: name)) }
                device.interfaces[index].addresses.append(address)
                device.interfaces[index].networks.append(prefix)
            case "interface list member":
                guard let list = command.values["list"], let name = command.values["interface"]
                else { continue }
                reader.note(command.first, command.last, .used)
                members[list, default: []].append(name)
            case "ip firewall filter", "ip firewall raw", "ip firewall nat":
                guard let list = command.values["address-list"] else { continue }
                let isDst = command.values["action"] == "add-dst-to-address-list"
                growing.insert("\(isDst ? "dst" : "src") \(list)")
            case "ip firewall address-list":
                guard let list = command.values["list"], let word = command.values["address"]
                else { continue }
                reader.note(command.first, command.last, .used)
                entries[list, default: []].append(Self.hosts(word))
            default: continue
            }
        }
        lists = entries.mapValues { ZonedFirewall.Hosts(joining: $0) }
        for name in members.values.joined()
        where !device.interfaces.contains(where: { $0.name == name }) {
            device.interfaces.append(DeviceInterface(name: name))
        }
        if let outside = members["WAN"], outside.count == 1 { device.usualEntering = outside[0] }
        if let inside = members["LAN"], inside.count == 1 { device.usualLeaving = inside[0] }
        // Interfaces that only rules name may be asked for too.
        for command in reader.commands where command.menu.hasPrefix("ip firewall") {
            for key in ["in-interface", "out-interface"] {
                guard let word = command.values[key]?.drop(while: { $0 == "!" }), !word.isEmpty,
                    !device.interfaces.isEmpty,
                    !device.interfaces.contains(where: { $0.name == word })
                else { continue }
                device.interfaces.append(DeviceInterface(name: String(word)))
            }
        }
    }

    static func hosts(_ word: String) -> ZonedFirewall.Hosts {
        var hosts = ZonedFirewall.Hosts()
        for part in word.split(separator: ",") {
            let ends = part.split(separator: "-").map { IPAddress(String($0)) }
            if let prefix = Prefix(String(part)) {
                hosts.set = hosts.set.union(AddressSet(prefix))
            } else if ends.count == 2, let first = ends[0], let last = ends[1],
                first.family == last.family, first <= last
            {
                hosts.set = hosts.set.union(AddressSet(first...last))
            } else {
                hosts.unknown.append("\(part) is no address that is in the file")
            }
        }
        return hosts
    }

    // MARK: rules

    private mutating func chains(_ table: String) {
        for command in reader.commands
        where command.menu == "ip firewall \(table)" && command.verb == "add" {
            guard !command.isDisabled else {
                reader.note(command.first, command.last, .irrelevant, "the rule is disabled")
                continue
            }
            let name = "\(table) \(command.values["chain"] ?? "")"
            guard name != "nat srcnat" else {
                reader.note(command.first, command.last, .irrelevant, "it translates the sender")
                continue
            }
            let made = rules(command, table)
            let isFirst = command.values["place-before"] == "0"
            if !isFirst, command.values["place-before"] != nil {
                reader.doubt(command.first, "a rule put before another that isn't named here")
            }
            device.chains[name, default: Chain(name: name)].rules.insert(
                contentsOf: made,
                at: isFirst ? 0 : device.chains[name]?.rules.count ?? 0)
            let why = made.flatMap { rule -> [String] in
                if case .unknown(let why) = rule.action { return [why] }
                return rule.match.never == nil ? rule.match.notModelled : []
            }
            if why.isEmpty {
                reader.note(command.first, command.last, .used)
            } else {
                reader.note(
                    command.first, command.last, .notModelled, why.joined(separator: ", "))
            }
        }
    }

    private func rules(_ command: RouterOSCommand, _ table: String) -> [FilterRule] {
        var matches = [Match()]
        for (key, value) in command.values.sorted(by: { $0.key < $1.key }) {
            let negated = value.hasPrefix("!")
            let bare = negated ? String(value.dropFirst()) : value
            matches = matches.flatMap { condition(key, bare, negated, $0) }
        }
        let source = reader.text.source(command.first)
        let action = action(command, table)
        guard command.values["action"] == "notrack" else {
            return matches.map {
                FilterRule($0, action, source, effects: effects(command))
            }
        }
        return matches.flatMap { match -> [FilterRule] in
            var last = match
            last.notModelled.append("whether later rules judge what isn't tracked")
            return [
                FilterRule(match, .next, source, effects: [.untrack]),
                FilterRule(last, .permit, source),
            ]
        }
    }

    /// That the sender is on a list from now on (help.mikrotik.com, Filter, `address-list`).
    private func effects(_ command: RouterOSCommand) -> [Effect] {
        guard command.values["action"] == "add-src-to-address-list",
            let list = command.values["address-list"]
        else { return [] }
        return [.tag(list)]
    }

    private func action(_ command: RouterOSCommand, _ table: String) -> Action {
        switch command.values["action"] ?? "accept" {
        case "accept": return table == "nat" ? .keep : .permit
        case "drop": return .deny(answered: false)
        case "reject": return .deny(answered: true)
        case "tarpit": return .deny(answered: true)
        case "log", "passthrough", "add-src-to-address-list", "add-dst-to-address-list":
            return .next
        // It marks the connection: its first packet goes on to the next rule.
        case "fasttrack-connection": return .next
        case "return": return .return
        case "jump":
            return .jump("\(table) \(command.values["jump-target"] ?? "")")
        case "redirect":
            return .translate(Translation(address: .device, ports: toPorts(command)))
        case "dst-nat", "netmap":
            let words = command.values["to-addresses"] ?? ""
            let hosts = words.isEmpty ? ZonedFirewall.Hosts() : Self.hosts(words)
            if let why = hosts.unknown.first { return .unknown(why) }
            var all: [IPAddress] = []
            for range in hosts.set.ranges {
                var next: IPAddress? = range.lowerBound
                while let address = next, address <= range.upperBound, all.count <= 256 {
                    all.append(address)
                    next = address.next
                }
            }
            guard all.count <= 256 else { return .unknown("a network of more than 256 addresses") }
            if command.values["action"] == "netmap", all.count > 1 { return .unknown("netmap") }
            return .translate(
                Translation(
                    address: all.isEmpty ? .unchanged : .addresses(all), ports: toPorts(command)))
        case let word: return .unknown("\(word) is no action known here")
        }
    }

    /// Several ports are one for one where they are those asked for.
    private func toPorts(_ command: RouterOSCommand) -> ClosedRange<UInt16>? {
        guard let word = command.values["to-ports"], word != command.values["dst-port"] else {
            return nil
        }
        return JunosPorts.range(word)?.ranges.first
    }

    private mutating func helper() {
        var ports = PortSet(21...21)
        var line = reader.text.absence("service-port ftp (the default)")
        for command in reader.commands
        where command.menu == "ip firewall service-port" && command.target.contains("ftp")
            && !command.target.contains("tftp")
        {
            reader.note(command.first, command.last, .used)
            line = reader.text.source(command.first)
            if command.isDisabled { return }
            if let words = command.values["ports"] {
                ports = words.split(separator: ",").reduce(PortSet()) {
                    $0.union(JunosPorts.range(String($1)) ?? PortSet())
                }
            }
        }
        device.inspections.append(
            Inspection(
                controlPorts: ports, opensFilter: false,
                rewritesAddress: device.chains["nat dstnat"] != nil, source: line))
    }
}
