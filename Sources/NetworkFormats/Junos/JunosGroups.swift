import Policy
import PolicyText

/// Groups that say nothing of who reaches which port.
extension JunosReader {
    /// Whether the groups give names and management addresses alone, as those of a cluster's nodes
    /// do: `apply-groups "${node}"` (Juniper, "Example: Configuring the Chassis Cluster Management
    /// Interface"). A group that is applied and isn't in the file may say anything.
    var holdsOnlyNodeGroups: Bool {
        let groups = tree.children(tree.find(["groups"]))
        guard !groups.isEmpty, groups.allSatisfy(isOfNode) else { return false }
        let names = Set(groups.map { tree.name($0) })
        return applied.allSatisfy { $0 == "${node}" || names.contains($0) }
    }

    private func isOfNode(_ group: Int) -> Bool {
        tree.children(group).allSatisfy { part in
            switch tree.name(part) {
            case "system", "snmp", "chassis", "event-options": true
            case "interfaces":
                tree.children(part).allSatisfy { ["fxp0", "em0", "me0"].contains(tree.name($0)) }
            default: false
            }
        }
    }

    /// Every group that is put in, wherever.
    private var applied: [String] {
        var (names, left) = ([String](), tree.children(0))
        while let next = left.popLast() {
            let below = tree.children(next)
            if tree.name(next) == "apply-groups" { names += below.map { tree.name($0) } }
            left += below
        }
        return names
    }
}
