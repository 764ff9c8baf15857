import Net
import Policy

/// The commands that have ports translated.
extension IOSWriter {
    /// Beyond this many ports, a pool takes the place of a line a port.
    private static let manyPorts = 32

    func translate(_ ports: PortSet, _ outside: IPAddress, _ inside: IPAddress) -> Fix? {
        guard outside.family == .v4, inside.family == .v4 else { return nil }
        let well = ports.intersection(PortSet(0...1023))
        let rest = ports.subtracting(well)
        var commands: [String] = []
        var undo: [String] = []
        let add = { (part: (commands: [String], undo: [String])) in
            commands += part.commands
            undo = part.undo + undo
        }
        add(singles(well, outside, inside))
        if let rotary = rotary(inside), !rest.isEmpty {
            add(insert(rest, outside, into: rotary))
        } else if rest.count > Self.manyPorts, !hasSingles(inside) {
            add(pool(rest, outside, inside))
        } else {
            add(singles(rest, outside, inside))
        }
        return commands.isEmpty ? nil : script(commands, undo: undo)
    }

    /// The list of a rotary pool that holds just this server.
    private func rotary(_ inside: IPAddress) -> IOSAccessList? {
        config.destinationLists.lazy.compactMap { entry in
            guard let pool = config.pools[entry.pool], pool.isRotary, pool.addresses == [inside],
                let list = config.lists[entry.list], list.extended, list.strange == nil
            else { return nil }
            return list
        }.first
    }

    private func hasSingles(_ inside: IPAddress) -> Bool {
        config.statics.contains { $0.local == inside && ($0.ports?.global ?? 0) > 1023 }
    }

    private func singles(
        _ ports: PortSet, _ outside: IPAddress, _ inside: IPAddress
    ) -> (commands: [String], undo: [String]) {
        var commands: [String] = []
        var undo: [String] = []
        let head = "ip nat inside source static tcp"
        for port in ports.ports {
            let others = config.statics.filter { $0.ports?.global == port }
            let isThere = others.contains {
                $0.local == inside && $0.ports?.local == port && name(of: $0, outside) != nil
            }
            guard !isThere else { continue }
            for other in others {
                guard let name = name(of: other, outside), let theirs = other.ports else {
                    continue
                }
                let line = "\(head) \(other.local) \(theirs.local) \(name) \(port)"
                commands.append("no \(line)")
                undo.append(name == "\(outside)" ? "\(line) extendable" : line)
            }
            let line = "\(head) \(inside) \(port) \(outside) \(port)"
            commands.append("\(line) extendable")
            undo.insert("no \(line)", at: 0)
        }
        return (commands, undo)
    }

    /// How a translation names the outside address; nil where it is of another.
    private func name(of entry: IOSStatic, _ outside: IPAddress) -> String? {
        switch entry.global {
        case .address(let address): return address == outside ? "\(outside)" : nil
        case .interface(let name):
            let meant = device.interface(meant: name) ?? name
            let interface = config.interfaces.first { $0.name == meant }
            return interface?.addresses.first == outside ? "interface \(name)" : nil
        }
    }

    private func pool(
        _ ports: PortSet, _ outside: IPAddress, _ inside: IPAddress
    ) -> (commands: [String], undo: [String]) {
        let free = (100...199).first { config.lists["\($0)"] == nil } ?? 2699
        let name =
            ["ftp-passive", "ftp-passive-2", "ftp-passive-3"]
            .first { config.pools[$0] == nil } ?? "ftp-passive-4"
        let pool = "ip nat pool \(name) \(inside) \(inside) prefix-length 24 type rotary"
        let use = "ip nat inside destination list \(free) pool \(name)"
        let entries = ports.ranges.map {
            "access-list \(free) permit tcp any host \(outside) \(IOSPorts.text($0))"
        }
        return (
            entries + [pool, use],
            ["no \(use)", "no ip nat pool \(name)", "no access-list \(free)"]
        )
    }
}
