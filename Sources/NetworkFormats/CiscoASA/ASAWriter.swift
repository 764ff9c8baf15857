import Net
import Policy
import PolicyText

/// Writes ASA commands that carry out a change to a device whose configuration was read.
struct ASAWriter {
    let config: ASAConfig
    let device: Device
    private let present: Set<String>

    /// The lines as they were read are the configuration; nil where they describe no device.
    init?(_ configuration: Configuration) {
        guard let device = configuration.device else { return nil }
        self.device = device
        present = Set(configuration.notes.map(\.text))
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
            ?? everywhere
            ?? (entering.count == 1 && device.usualEntering == nil ? entering.first : nil)
        return binding.flatMap(writable)
    }

    private func writable(_ binding: ASABinding) -> (list: ASAList, binding: ASABinding)? {
        guard let list = config.lists[binding.list], list.strange == nil, !list.isStandard else {
            return nil
        }
        return (list, binding)
    }

    /// The list that packets to the address meet where they leave.
    private func inner(_ address: IPAddress) -> ASAList? {
        let leaving = device.leaving(towards: address)
        let binding = config.bound.first { $0.way == .leaving && $0.interface == leaving }
        return binding.flatMap(writable)?.list
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
        guard address.family == .v4 || config.isUnified else { return nil }
        let target = named(address)
        let comment = "! lists name the \(config.untranslatesFirst ? "real" : "mapped") address"
        var lists: [(list: ASAList, address: IPAddress, ports: PortSet)] = []
        if let (list, _) = outside { lists.append((list, target, ports)) }
        if let (host, seen) = device.filteredHost(ports, of: address), let list = inner(host),
            list.name != lists.first?.list.name
        {
            lists.append((list, host, seen))
        }
        guard !lists.isEmpty else { return bindNew(ports, target, comment) }
        let shut = lists.filter { !device.permits($0.ports, of: $0.address, by: $0.list.name) }
        let changes = shut.map { list, address, ports in
            insert("permit", ports, address, list, before: firstDenial(ports, address, list))
        }
        let opened = shut.map { ($0.list.name, [($0.address, $0.ports)]) }
        let commands = changes.flatMap(\.commands)
        guard !commands.isEmpty,
            !device.stillDenies(
                ports, of: address, opening: Dictionary(uniqueKeysWithValues: opened))
        else { return nil }
        return script([comment] + commands, undo: changes.reversed().flatMap(\.undo))
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
        ports.ranges.map { "\(keyword)\(verb) \(words($0, target).joined(separator: " "))" }
    }

    private func words(_ range: ClosedRange<UInt16>, _ target: IPAddress) -> [String] {
        ["tcp", "any", "host", "\(target)"]
            + ASAPorts.text(range).split(separator: " ").map { "\($0)" }
    }

    /// Entries at a place, at the end where it is nil. ASA takes none that the list holds already,
    /// wherever it stands: one that stands above does the work, one below is moved.
    private func insert(
        _ verb: String, _ ports: PortSet, _ target: IPAddress, _ list: ASAList, before place: Int?
    ) -> (commands: [String], undo: [String]) {
        var wanted: [ClosedRange<UInt16>] = []
        var moved: [(line: Int, text: String)] = []
        for range in ports.ranges {
            let new = ASAEntry(line: 0, permits: verb == "permit", words: words(range, target))
            let alike = list.entries.firstIndex {
                !$0.isRemark && $0.permits == new.permits && isAlike($0, new)
            }
            guard let alike else {
                wanted.append(range)
                continue
            }
            guard let place, alike > place else { continue }
            wanted.append(range)
            let words = list.entries[alike].words.joined(separator: " ")
            moved.append(
                (home(of: alike, PortSet(range), target, list), "\(keyword)\(verb) \(words)"))
        }
        let entries = entries(verb, PortSet(wanted), target)
        let fixed = place.map { self.fixed(above: $0, in: list) }
        let commands = entries.enumerated().map { offset, entry in
            let line = fixed.map { "line \($0 + offset + 1) " } ?? ""
            return "access-list \(list.name) \(line)\(entry)"
        }
        moved.sort { $0.line < $1.line }
        return (
            moved.map { "no access-list \(list.name) \($0.text)" } + commands,
            entries.map { "no access-list \(list.name) \($0)" }
                + moved.map { "access-list \(list.name) line \($0.line) \($0.text)" }
        )
    }

    /// Entries above a place that no change takes away: lines are counted anew after each command,
    /// and what others take away moves them up.
    private func fixed(above place: Int, in list: ASAList) -> Int {
        list.entries[..<place].count { !mayGo($0) }
    }

    /// The line to which an entry is put back: a permit that no denial above cuts stands as well
    /// above others that may be away then.
    private func home(
        of index: Int, _ ports: PortSet, _ target: IPAddress, _ list: ASAList
    ) -> Int {
        let isFree =
            list.entries[index].permits
            && firstDenial(ports, target, list).map { $0 > index } ?? true
        return (isFree ? fixed(above: index, in: list) : index) + 1
    }

    /// Whether a change may take the entry away: it opens ports of one host.
    private func mayGo(_ entry: ASAEntry) -> Bool {
        guard !entry.isRemark, entry.permits, let matches = try? config.matches(entry) else {
            return false
        }
        return matches.allSatisfy { match in
            let range = match.destinations?.ranges.first
            return match.destinations?.ranges.count == 1
                && range?.lowerBound == range?.upperBound && match.destinationPorts != nil
        }
    }

    private func isAlike(_ entry: ASAEntry, _ other: ASAEntry) -> Bool {
        guard let matches = try? config.matches(entry) else { return false }
        return matches == (try? config.matches(other))
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

    /// Takes away entries that open nothing else; where others open the ports too, or nothing would
    /// be left of the list, which would then go with its binding, a denial goes before them.
    private func forbid(_ ports: PortSet, _ address: IPAddress) -> Fix? {
        guard let (list, _) = outside, address.family == .v4 || config.isUnified else {
            return nil
        }
        let target = named(address)
        let opening = list.entries.indices.filter {
            let entry = list.entries[$0]
            return !entry.isRemark && entry.permits && touches(entry, ports, target)
        }
        guard let first = opening.first else { return nil }
        let areWhole = opening.allSatisfy { index in
            guard let matches = try? config.matches(list.entries[index]) else { return false }
            return matches.allSatisfy {
                $0.destinations == AddressSet(target)
                    && ($0.destinationPorts?.isSubset(of: ports) ?? false)
            }
        }
        guard areWhole, opening.count < list.entries.count(where: { !$0.isRemark }) else {
            let change = insert("deny", ports, target, list, before: first)
            return change.commands.isEmpty ? nil : script(change.commands, undo: change.undo)
        }
        let lines = opening.map { index -> (line: Int, text: String) in
            let words = list.entries[index].words.joined(separator: " ")
            return (home(of: index, ports, target, list), "\(keyword)permit \(words)")
        }
        return script(
            lines.map { "no access-list \(list.name) \($0.text)" },
            undo: lines.map { "access-list \(list.name) line \($0.line) \($0.text)" })
    }

    // MARK: translation

    private func translate(_ ports: PortSet, _ outside: IPAddress, _ inside: IPAddress) -> Fix? {
        guard let mapped = device.usualEntering,
            let real = device.leaving(towards: inside), real != mapped
        else { return nil }
        let own = config.interface(mapped)?.addresses.contains(outside) ?? false
        guard config.untranslatesFirst else {
            return statics(ports, outside, inside, "(\(real),\(mapped))", own: own)
        }
        let (server, face) = ("pinhole-real-\(inside)", "pinhole-mapped-\(outside)")
        var commands = ["object network \(server)", " host \(inside)"]
        if !own { commands += ["object network \(face)", " host \(outside)"] }
        var undo: [String] = []
        let head = "nat (\(real),\(mapped))"
        for range in ports.ranges {
            let service = "pinhole-tcp-\(range.lowerBound)-\(range.upperBound)"
            let line =
                "source static \(server) \(own ? "interface" : face) service \(service) \(service)"
            guard !present.contains("\(head) \(line)") else { continue }
            commands += [
                "object service \(service)", " service tcp source \(ASAPorts.text(range))",
                "\(head) 1 \(line)",
            ]
            undo.insert("no \(head) \(line)", at: 0)
            undo.append("no object service \(service)")
        }
        guard !undo.isEmpty else { return nil }
        undo.append("no object network \(server)")
        if !own { undo.append("no object network \(face)") }
        return script(commands, undo: undo)
    }
    /// Before 8.3: a line a port, each in place of one that has the same port go elsewhere.
    private func statics(
        _ ports: PortSet, _ outside: IPAddress, _ inside: IPAddress, _ sides: String, own: Bool
    ) -> Fix? {
        guard ports.count <= 1024 else { return nil }
        var (commands, undo): ([String], [String]) = ([], [])
        for port in ports.ports {
            let others = config.statics.filter {
                $0.ports?.mapped == port
                    && ($0.to == .address(outside) || own && $0.to == .interface)
            }
            guard !others.contains(where: { $0.local == inside && $0.ports?.real == port }) else {
                continue
            }
            for other in others {
                let line = other.words.joined(separator: " ")
                commands.append("no \(line)")
                undo.append(line)
            }
            let line =
                "static \(sides) tcp \(own ? "interface" : "\(outside)") \(port) \(inside) \(port) "
                + "netmask 255.255.255.255"
            commands.append(line)
            undo.insert("no \(line)", at: 0)
        }
        return commands.isEmpty ? nil : script(commands, undo: undo)
    }
}
