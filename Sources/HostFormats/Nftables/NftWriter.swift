import Net
import Policy
import PolicyText

/// Commands of nft for a change.
enum NftWriter {
    /// A base chain of a device that was read, by its names.
    private struct Base {
        var family: String
        var table: String
        var chain: String
        var point: String
        var stage: Stage

        var text: String { "\(family) \(table) \(chain)" }

        /// The name that a chain of the device was given by `NftDevice`.
        init?(_ stage: Stage) {
            let key = stage.chain.split(separator: " ")
            guard key.count >= 4, key[3].hasPrefix("@") else { return nil }
            (family, table, chain) = (String(key[0]), String(key[1]), String(key[2]))
            // Any other name would be read as something else by the shell, or by nft.
            guard [table, chain].allSatisfy({ $0.shellWord(else: "") == $0 }) else { return nil }
            point = String(key[3].dropFirst())
            self.stage = stage
        }
    }

    static func fix(_ change: Change, _ configuration: Configuration?) -> Fix? {
        switch change {
        case .permit(let ports, let address):
            filter(ports, address, configuration?.device, opening: true) { target, seen in
                permit(
                    ports, address, target: target, seen, configuration?.device,
                    states: states(configuration))
            }
        case .forbid(let ports, let address):
            filter(ports, address, configuration?.device, opening: false) { target, seen in
                forbid(seen, target, configuration?.device)
            }
        case .translate(let ports, let outside, let inside):
            translate(ports, outside, inside, configuration?.device)
        case .set(.readControl(let ports, _)): attachHelper(ports)
        default: nil
        }
    }

    /// In a table of its own, behind connection tracking's hook and before the filters'.
    private static func attachHelper(_ ports: PortSet) -> Fix? {
        guard !ports.isEmpty else { return nil }
        let table = "inet pinhole_helper"
        let set = ports.ranges.map {
            $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)-\($0.upperBound)"
        }
        return Fix(
            platform: Nftables.platform,
            commands: [
                "modprobe nf_conntrack_ftp", "nft add table \(table)",
                "nft 'add ct helper \(table) ftp { type \"ftp\" protocol tcp; }'",
                "nft 'add chain \(table) prerouting { type filter hook prerouting priority -150; }'",
                "nft 'add rule \(table) prerouting tcp dport { \(set.joined(separator: ", ")) } ct helper set \"ftp\"'",
            ],
            undo: ["nft delete table \(table)"])
    }

    /// FORWARD's hook where the address is one that the device translates to, or it stands between.
    private static func hook(_ address: IPAddress, _ device: Device?) -> String {
        guard let device else { return "input" }
        if device.usualPlace == .through { return "forward" }
        let targets = device.chains.values.flatMap(\.rules).contains { rule in
            guard case .translate(let translation) = rule.action,
                case .addresses(let list) = translation.address
            else { return false }
            return list.contains(address)
        }
        return targets ? "forward" : "input"
    }

    private static func bases(
        _ device: Device?, _ points: [String], _ family: IPAddress.Family, _ work: Stage.Work
    ) -> [Base] {
        (device?.stages ?? []).compactMap(Base.init).filter { base in
            base.stage.work == work && points.contains(base.point)
                && base.stage.families.contains(family)
        }
    }

    /// What follows on a SYN is to pass too, where no rule speaks of it.
    private static func states(_ configuration: Configuration?) -> String {
        let texts = configuration?.notes.lazy.map(\.text)
        return texts?.contains { $0.mentions("established") } ?? true
            ? "new" : "{ new, established }"
    }

    /// What is done for each address that the filters see behind a translation, together.
    private static func filter(
        _ ports: PortSet, _ address: IPAddress, _ device: Device?, opening: Bool,
        _ part: (IPAddress, PortSet) -> Fix?
    ) -> Fix? {
        let targets = device?.filtered(ports, of: address, opening: opening) ?? [(address, ports)]
        let fixes = targets.compactMap { part($0.0, $0.1) }
        guard var all = fixes.first else { return nil }
        for fix in fixes.dropFirst() {
            all.commands += fix.commands
            all.undo += fix.undo
        }
        return all
    }

    /// An accept ends its own chain only: it goes to the head of each one that may deny. Those before
    /// the translation see the address asked for, the others the target.
    private static func permit(
        _ ports: PortSet, _ address: IPAddress, target: IPAddress, _ seen: PortSet,
        _ device: Device?, states: String
    ) -> Fix? {
        guard !ports.isEmpty, device.map(canBeOpened) ?? true else { return nil }
        let hook = hook(target, device)
        let points = ["ingress", "raw", "tracking", "prerouting", hook]
        let all = bases(device, points, address.family, .filter)
        let denying = all.filter { base in device.map { denies($0, base.stage) } ?? false }
        let chosen = denying.isEmpty ? all.filter { $0.point == hook }.suffix(1) : denying[...]
        let rule = { (base: Base) -> String in
            // Before connection tracking there are no states.
            let state =
                base.point == hook || base.point == "prerouting" ? " ct state \(states)" : ""
            let to =
                base.point == hook ? destination(target, seen) : destination(address, ports)
            return "\(to)\(state) accept"
        }
        return write(Array(chosen), hook, rule, "pinhole: open \(seen) of \(target)")
    }

    /// A drop is final: the head of the first chain of the hook is enough.
    private static func forbid(
        _ ports: PortSet, _ address: IPAddress, _ device: Device?
    ) -> Fix? {
        guard !ports.isEmpty else { return nil }
        let hook = hook(address, device)
        let first = bases(device, [hook], address.family, .filter).prefix(1)
        return write(
            Array(first), hook, { _ in "\(destination(address, ports)) ct state new drop" },
            "pinhole: close \(ports) of \(address)")
    }

    private static func write(
        _ bases: [Base], _ hook: String, _ rule: (Base) -> String, _ comment: String
    ) -> Fix? {
        var commands: [String] = []
        var undo: [String] = []
        var bases = bases
        if bases.isEmpty {
            let source = SourceLine(file: "", line: nil, text: "")
            let stage = Stage(
                .filter, chain: "inet pinhole \(hook) @\(hook)", ending: Setting(.permit, source))
            commands = [
                NftShell.line("add table inet pinhole"),
                NftShell.line(
                    "add chain inet pinhole \(hook) { type filter hook \(hook) priority filter; policy accept; }"
                ),
            ]
            bases = [stage].compactMap(Base.init)
        }
        for base in bases {
            commands.append(
                NftShell.line("insert rule \(base.text) \(rule(base)) comment \"\(comment)\""))
            undo.append(removal(base.text, comment))
        }
        return Fix(platform: Nftables.platform, commands: commands, undo: undo)
    }

    /// Rules are deleted by a handle, which the listing shows: a comment is of one change alone.
    private static func removal(_ chain: String, _ comment: String) -> String {
        "nft -a list chain \(chain) | sed -n 's/.*comment \"\(comment)\" # handle //p' | xargs -r -n 1 nft delete rule \(chain) handle"
    }

    private static func translate(
        _ ports: PortSet, _ outside: IPAddress, _ inside: IPAddress, _ device: Device?
    ) -> Fix? {
        guard !ports.isEmpty, outside.family == inside.family else { return nil }
        let header = outside.family == .v4 ? "ip" : "ip6"
        let comment = "pinhole: translate \(ports) of \(outside)"
        var commands: [String] = []
        var chain = "\(header) pinhole prerouting"
        if let base = bases(device, ["prerouting/nat"], outside.family, .translate).first {
            chain = base.text
        } else {
            commands = [
                NftShell.line("add table \(header) pinhole"),
                NftShell.line(
                    "add chain \(chain) { type nat hook prerouting priority dstnat; policy accept; }"
                ),
            ]
        }
        let family = chain.hasPrefix("inet ") ? " \(header)" : ""
        commands.append(
            NftShell.line(
                "insert rule \(chain) \(destination(outside, ports)) dnat\(family) to \(inside) comment \"\(comment)\""
            ))
        return Fix(
            platform: Nftables.platform, commands: commands, undo: [removal(chain, comment)])
    }

    private static func destination(_ address: IPAddress, _ ports: PortSet) -> String {
        let header = address.family == .v4 ? "ip" : "ip6"
        let list = ports.ranges.map { range in
            range.count == 1 ? "\(range.lowerBound)" : "\(range.lowerBound)-\(range.upperBound)"
        }
        let wanted = list.count == 1 ? list[0] : "{ \(list.joined(separator: ", ")) }"
        return "\(header) daddr \(address) tcp dport \(wanted)"
    }

    /// Whether every chain that may deny can be named in a command.
    private static func canBeOpened(_ device: Device) -> Bool {
        !device.stages.contains { stage in
            stage.work == .filter && !stage.chain.isEmpty && Base(stage) == nil
                && denies(device, stage)
        }
    }

    /// Whether a stage may deny anything.
    private static func denies(_ device: Device, _ stage: Stage) -> Bool {
        if case .deny = stage.ending.value { return true }
        return device.mayDeny(stage.chain)
    }
}
