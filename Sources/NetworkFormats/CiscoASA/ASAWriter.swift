import Net
import Policy
import PolicyText

/// Writes ASA commands that carry out a change to a device whose configuration was read.
struct ASAWriter {
    let config: ASAConfig
    let device: Device

    /// The lines as they were read are the configuration; nil where they describe no device.
    init?(_ configuration: Configuration) {
        guard let device = configuration.device else { return nil }
        self.device = device
        let lines = configuration.notes.map(\.text).joined(separator: "\n")
        config = ASAReader(ConfigText(file: configuration.file, lines)).config
    }

    func fix(_ change: Change) -> Fix? {
        switch change {
        case .permit(let ports, let address): permit(ports, address)
        case .forbid(let ports, let address): forbid(ports, address)
        case .translate(let ports, let outside, let inside): translate(ports, outside, inside)
        case .set(.readControl(let ports, _)): readControl(ports)
        case .set(.keepIdle(let seconds)): keepIdle(seconds)
        default: nil
        }
    }

    func script(_ commands: [String], undo: [String]) -> Fix {
        Fix(
            platform: CiscoASA.platform, commands: ["configure terminal"] + commands + ["end"],
            undo: ["configure terminal"] + undo + ["end"])
    }

    // MARK: lists

    /// The list that packets from outside meet, and how it is bound.
    private var outside: (list: ASAList, binding: ASABinding)? {
        let entering = config.bound.filter { $0.way == .entering }
        let everywhere = config.bound.first { $0.way == .global }
        let binding =
            entering.first { $0.interface == device.usualEntering }
            ?? (entering.count == 1 ? entering.first : nil) ?? everywhere
        guard let binding, let list = config.lists[binding.list], list.strange == nil,
            !list.isStandard
        else { return nil }
        return (list, binding)
    }

    /// The address that lists name: the real one since 8.3, the mapped one before.
    private func named(_ address: IPAddress) -> IPAddress {
        for pair in pairs() {
            if config.untranslatesFirst, pair.mapped == address { return pair.real }
            if !config.untranslatesFirst, pair.real == address { return pair.mapped }
        }
        return address
    }

    /// Hosts that are translated one for one.
    private func pairs() -> [(mapped: IPAddress, real: IPAddress)] {
        (device.chains[ASADeviceBuilder.natChain]?.rules ?? []).compactMap { rule in
            guard case .translate(let translation) = rule.action,
                case .addresses(let targets) = translation.address, targets.count == 1,
                let range = rule.match.destinations?.ranges.first,
                range.lowerBound == range.upperBound
            else { return nil }
            return (range.lowerBound, targets[0])
        }
    }

    private func permit(_ ports: PortSet, _ address: IPAddress) -> Fix? {
        let target = named(address)
        let comment = "! lists name the \(config.untranslatesFirst ? "real" : "mapped") address"
        guard let (list, _) = outside else { return bindNew(ports, target, comment) }
        let change = insert("permit", ports, target, list, before: firstDenial(ports, target, list))
        return script([comment] + change.commands, undo: change.undo)
    }

    /// A list of its own, where none is bound and nothing passes from outside anyway.
    private func bindNew(_ ports: PortSet, _ target: IPAddress, _ comment: String) -> Fix? {
        guard let interface = device.usualEntering,
            !config.bound.contains(where: { $0.way != .leaving }),
            let level = config.interface(interface)?.level,
            config.interfaces.allSatisfy({ ($0.level ?? 100) >= level })
        else { return nil }
        let name = "\(interface)_access_in"
        guard config.lists[name] == nil else { return nil }
        let entries = entries("permit", ports, target).map { "access-list \(name) \($0)" }
        let bind = "access-group \(name) in interface \(interface)"
        return script(
            [comment] + entries + [bind],
            undo: ["no \(bind)", "clear configure access-list \(name)"])
    }

    private var keyword: String {
        config.release.map { $0.major < 7 && config.product == "pix" } ?? false ? "" : "extended "
    }

    private func entries(_ verb: String, _ ports: PortSet, _ target: IPAddress) -> [String] {
        ports.ranges.map {
            "\(keyword)\(verb) tcp any host \(target) \(ASAPorts.text($0))"
        }
    }

    private func insert(
        _ verb: String, _ ports: PortSet, _ target: IPAddress, _ list: ASAList, before place: Int?
    ) -> (commands: [String], undo: [String]) {
        let entries = entries(verb, ports, target)
        let commands = entries.enumerated().map { offset, entry in
            let line = place.map { "line \($0 + offset + 1) " } ?? ""
            return "access-list \(list.name) \(line)\(entry)"
        }
        return (commands, entries.map { "no access-list \(list.name) \($0)" })
    }

    private func firstDenial(_ ports: PortSet, _ target: IPAddress, _ list: ASAList) -> Int? {
        list.entries.firstIndex { !$0.isRemark && !$0.permits && touches($0, ports, target) }
    }

    private func touches(_ entry: ASAEntry, _ ports: PortSet, _ address: IPAddress) -> Bool {
        guard let matches = try? config.matches(entry) else { return true }
        return matches.contains { match in
            match.never == nil && match.destinations?.contains(address) ?? true
                && !(match.destinationPorts ?? .all).isDisjoint(with: ports)
        }
    }

    private func forbid(_ ports: PortSet, _ address: IPAddress) -> Fix? {
        guard let (list, _) = outside else { return nil }
        let target = named(address)
        var whole: [ASAEntry] = []
        for (index, entry) in list.entries.enumerated()
        where !entry.isRemark && entry.permits && touches(entry, ports, target) {
            guard let matches = try? config.matches(entry),
                matches.allSatisfy({
                    $0.destinations == AddressSet(target)
                        && ($0.destinationPorts?.isSubset(of: ports) ?? false)
                })
            else {
                // It opens more than is to be closed: a denial goes before it.
                let change = insert("deny", ports, target, list, before: index)
                return script(change.commands, undo: change.undo)
            }
            whole.append(entry)
        }
        guard !whole.isEmpty else { return nil }
        let lines = whole.map { entry -> (line: Int, text: String) in
            let words = entry.words.joined(separator: " ")
            let place = list.entries.firstIndex { $0.line == entry.line } ?? 0
            return (place + 1, "\(keyword)permit \(words)")
        }
        return script(
            lines.map { "no access-list \(list.name) \($0.text)" },
            undo: lines.map { "access-list \(list.name) line \($0.line) \($0.text)" })
    }

    // MARK: translation

    private func translate(_ ports: PortSet, _ outside: IPAddress, _ inside: IPAddress) -> Fix? {
        guard let mapped = device.usualEntering,
            let real = device.interface(towards: inside) ?? device.usualLeaving, real != mapped
        else { return nil }
        let own = config.interface(mapped)?.addresses.contains(outside) ?? false
        guard config.untranslatesFirst else {
            guard ports.count <= 1024 else { return nil }
            let global = own ? "interface" : "\(outside)"
            let lines = ports.ports.map {
                "static (\(real),\(mapped)) tcp \(global) \($0) \(inside) \($0) "
                    + "netmask 255.255.255.255"
            }
            return script(lines, undo: lines.map { "no \($0)" })
        }
        let (server, face) = ("pinhole-real-\(inside)", "pinhole-mapped-\(outside)")
        var commands = ["object network \(server)", " host \(inside)"]
        if !own { commands += ["object network \(face)", " host \(outside)"] }
        var undo: [String] = []
        for range in ports.ranges {
            let service = "pinhole-tcp-\(range.lowerBound)-\(range.upperBound)"
            commands += [
                "object service \(service)", " service tcp source \(ASAPorts.text(range))",
            ]
            let line =
                "source static \(server) \(own ? "interface" : face) service \(service) \(service)"
            commands.append("nat (\(real),\(mapped)) 1 \(line)")
            undo.insert("no nat (\(real),\(mapped)) \(line)", at: 0)
            undo.append("no object service \(service)")
        }
        undo.append("no object network \(server)")
        if !own { undo.append("no object network \(face)") }
        return script(commands, undo: undo)
    }
}
