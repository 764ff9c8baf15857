import Net
import Policy
import PolicyText

/// Writes IOS commands that carry out a change to a device whose configuration was read.
struct IOSWriter {
    let config: IOSConfig
    let device: Device
    /// Of each list its entries in the order in which they are tried, with what they match; nil
    /// for what can't be told.
    private let entries: [String: [(entry: IOSEntry, matches: [Match]?)]]

    private let numbering = Numbering()

    /// The lines as they were read are the configuration; nil where they describe no device.
    init?(_ configuration: Configuration) {
        guard let device = configuration.device else { return nil }
        self.device = device
        let lines = configuration.notes.map(\.text).joined(separator: "\n")
        let config = IOSReader(ConfigText(file: configuration.file, lines)).config
        self.config = config
        entries = config.lists.mapValues { list in
            list.ordered.map { ($0, try? config.matches($0, extended: list.extended)) }
        }
    }

    func fix(_ change: Change) -> Fix? { numbering.fix(change, made) }

    private func made(_ change: Change) -> Fix? {
        switch change {
        case .permit(let ports, let address): permit(ports, address)
        case .forbid(let ports, let address): forbid(ports, address)
        case .translate(let ports, let outside, let inside): translate(ports, outside, inside)
        case .set(.readControl(let ports, let server)): readControl(ports, server)
        case .set(.keepIdle(let seconds)): keepIdle(seconds)
        default: nil
        }
    }

    func script(_ commands: [String], undo: [String]) -> Fix {
        Fix(
            platform: CiscoIOS.platform, commands: ["configure terminal"] + commands + ["end"],
            undo: ["configure terminal"] + undo + ["end"])
    }

    /// The list that packets from outside meet, which sees the address before translation.
    private var outsideList: IOSAccessList? {
        if let entering = config.interfaces.first(where: { $0.name == device.usualEntering }) {
            return entering.filterIn.flatMap { config.lists[$0.list] }
        }
        let open = config.interfaces.filter { !$0.isShut && $0.filterIn != nil }
        let outside = open.filter { $0.outside != nil }
        let candidates = outside.isEmpty ? open.filter { $0.inside == nil } : outside
        let names = Set(candidates.compactMap { $0.filterIn?.list })
        if names.count == 1, let name = names.first { return config.lists[name] }
        guard names.isEmpty, device.selectable.count == 1 else { return nil }
        return config.lists[device.selectable[0]]
    }

    /// The lists that packets from outside meet on their way to the address, each with the address
    /// that it sees: before translation where they enter, behind it where they leave.
    private func lists(
        _ ports: PortSet, _ address: IPAddress
    ) -> [(list: IOSAccessList, address: IPAddress, ports: PortSet)] {
        var lists = outsideList.map { [($0, global(of: address) ?? address, ports)] } ?? []
        guard let (inner, seen) = device.filteredHost(ports, of: address),
            let leaving = device.leaving(towards: inner),
            let bound = config.interfaces.first(where: { $0.name == leaving })?.filterOut,
            let list = config.lists[bound.list], list.name != outsideList?.name
        else { return lists }
        lists.append((list, inner, seen))
        return lists
    }

    /// An empty list passes everything, and its first entry would shut out all else.
    private func permit(_ ports: PortSet, _ address: IPAddress) -> Fix? {
        guard address.family == .v4 else { return nil }
        let shut = lists(ports, address).filter {
            !$0.list.entries.isEmpty && !device.permits($0.ports, of: $0.address, by: $0.list.name)
        }
        guard let list = shut.first?.list,
            shut.allSatisfy({ $0.list.strange == nil && $0.list.extended })
        else { return nil }
        let opened = shut.map { ($0.list.name, [($0.address, $0.ports)]) }
        let changes = shut.map { insert($0.ports, $0.address, into: $0.list) }
        let (commands, undo) = (changes.flatMap(\.commands), changes.reversed().flatMap(\.undo))
        guard !commands.isEmpty,
            !device.stillDenies(
                ports, of: address, opening: Dictionary(uniqueKeysWithValues: opened))
        else { return nil }
        var comments: [String] = []
        if list.name == outsideList?.name {
            comments.append("! list \(list.name) sees the address before translation")
        }
        if !config.zones.pairs.isEmpty {
            comments.append("! the policy between the zones must let them pass too")
        }
        if config.destinationLists.contains(where: { $0.list == list.name }) {
            comments.append(
                "! list \(list.name) also selects what is translated: the ports go to its pool")
        }
        return script(comments + commands, undo: undo)
    }

    /// The outside address, where one of ours is known by its inside address.
    private func global(of address: IPAddress) -> IPAddress? {
        for entry in config.statics where entry.local == address {
            if case .address(let global) = entry.global { return global }
            if case .interface(let name) = entry.global, let meant = device.interface(meant: name) {
                return config.interfaces.first { $0.name == meant }?.addresses.first
            }
        }
        return nil
    }

    /// Entries that permit the ports, before the first one that denies any of them.
    ///
    /// IOS takes no entry that the list holds already, wherever it stands: one that stands above
    /// does the work, one below is moved.
    func insert(
        _ ports: PortSet, _ address: IPAddress, into list: IOSAccessList, permits: Bool = true,
        before stop: Int? = nil
    ) -> (commands: [String], undo: [String]) {
        let ordered = list.ordered
        let stop = stop ?? firstDenial(of: ports, address, in: list)
        let place = stop.flatMap { stop in ordered.firstIndex { $0.sequence == stop } }
        var moved: [Int] = []
        var wanted: [ClosedRange<UInt16>] = []
        for range in ports.ranges {
            let alike = alike(range, address, in: list, permits: permits)
            guard let alike else {
                wanted.append(range)
                continue
            }
            guard let place, alike > place else { continue }
            wanted.append(range)
            moved.append(alike)
        }
        guard !wanted.isEmpty else { return ([], []) }
        moved.sort()
        let verb = permits ? "permit" : "deny"
        let entries = wanted.map { "\(verb) tcp any host \(address) \(IOSPorts.text($0))" }
        let head = "ip access-list extended \(list.name)"
        let gone = entries.map { " no \($0)" }
        guard let stop, let place else {
            if Int(list.name) != nil {
                return (entries.map { "access-list \(list.name) \($0)" }, [head] + gone)
            }
            // At its end, however another change numbers the list.
            return ([head] + entries.map { " \($0)" }, [head] + gone)
        }
        var numbers = ordered.map(\.sequence)
        var commands: [String] = []
        var given = free(entries.count, above: stop, at: place, numbers, of: list)
        if given.isEmpty {
            // Before all others, wherever earlier commands put or took some.
            numbering.numberAnew(list.name)
            let step = 10 * (entries.count + 1)
            commands.append("ip access-list resequence \(list.name) \(step) \(step)")
            given = entries.indices.map { 10 * ($0 + 1) }
        } else {
            numbering.take(given, of: list.name)
        }
        // By what they say: another change may have numbered the list anew.
        let old = moved.map { "\(verb) \(ordered[$0].words.joined(separator: " "))" }
        var back: [String] = []
        if !moved.isEmpty, !commands.isEmpty {
            let step = moved.count + 1
            back = ["ip access-list resequence \(list.name) \(step) \(step)", head]
            numbers = numbers.indices.map { index in
                let before = moved.count { $0 < index }
                return (index - before) * step + before + 1
            }
        }
        return (
            commands + [head] + old.map { " no \($0)" }
                + zip(given, entries).map { " \($0) \($1)" },
            [head] + gone + back + zip(moved, old).map { " \(numbers[$0]) \($1)" }
        )
    }

    /// Free numbers for entries above the one that stands at a place, just above it where there is
    /// room; empty where the list has to be numbered anew.
    private func free(
        _ count: Int, above stop: Int, at place: Int, _ numbers: [Int], of list: IOSAccessList
    ) -> [Int] {
        guard !numbering.isNumberedAnew(list.name) else { return [] }
        let low = place > 0 ? numbers[place - 1] : 0
        let taken = numbering.taken(of: list.name).union(list.remarks)
        let near = taken.filter { low < $0 && $0 < stop }.sorted()
        // Counted and not listed: there may be two billion.
        let room = stop - low - 1 - near.count
        guard room >= count else {
            let used = taken.union(numbers)
            let any = (1..<max(1, stop)).reversed().lazy.filter { !used.contains($0) }.prefix(count)
            return any.count == count ? any.reversed() : []
        }
        let step = max(1, (stop - low) / (count + 1))
        let given = (1...count).map { low + step * $0 }
        guard !Set(near).isDisjoint(with: given) else { return given }
        return given.indices.map { index in
            let first = low + 1 + (index + 1) * room / (count + 1)
            return near.reduce(first) { $1 <= $0 ? $0 + 1 : $0 }
        }
    }

    /// Where an entry for just these ports stands, in the order in which they are tried.
    private func alike(
        _ range: ClosedRange<UInt16>, _ address: IPAddress, in list: IOSAccessList, permits: Bool
    ) -> Int? {
        let ports = PortSet(range)
        let wanted = Match(destinations: AddressSet(address), destinationPorts: ports)
        return entries[list.name]?.firstIndex { entry in
            // The ports first: to compare all of a match takes long.
            entry.entry.permits == permits && entry.matches?.count == 1
                && entry.matches?[0].destinationPorts == ports && entry.matches?[0] == wanted
        }
    }

    private func firstDenial(
        of ports: PortSet, _ address: IPAddress, in list: IOSAccessList
    ) -> Int? {
        entries[list.name]?.first { !$0.entry.permits && touches($0.matches, ports, address) }?
            .entry.sequence
    }

    private func touches(
        _ matches: [Match]?, _ ports: PortSet, _ address: IPAddress
    ) -> Bool {
        guard let matches else { return true }
        return matches.contains { match in
            match.never == nil && match.mayBe(for: address)
                && !(match.destinationPorts ?? .all).isDisjoint(with: ports)
        }
    }

    /// Takes away entries that open nothing else; where others open the ports too, or nothing would
    /// be left of the list, which would then pass everything, a denial goes before them.
    private func forbid(_ ports: PortSet, _ address: IPAddress) -> Fix? {
        guard let list = outsideList, list.strange == nil, list.extended, address.family == .v4
        else { return nil }
        let target = global(of: address) ?? address
        let opening = (entries[list.name] ?? []).filter {
            $0.entry.permits && touches($0.matches, ports, target)
        }
        guard let first = opening.first else { return nil }
        let areWhole = opening.allSatisfy { opening in
            opening.matches?.allSatisfy {
                $0.destinations == AddressSet(target)
                    && ($0.destinationPorts?.isSubset(of: ports) ?? false)
            } ?? false
        }
        guard areWhole, opening.count < list.entries.count else {
            let change = insert(
                ports, target, into: list, permits: false, before: first.entry.sequence)
            return change.commands.isEmpty ? nil : script(change.commands, undo: change.undo)
        }
        let head = "ip access-list extended \(list.name)"
        let whole = opening.map {
            ($0.entry.sequence, "permit \($0.entry.words.joined(separator: " "))")
        }
        return script(
            [head] + whole.map { " no \($0.1)" }, undo: [head] + whole.map { " \($0.0) \($0.1)" })
    }
}
