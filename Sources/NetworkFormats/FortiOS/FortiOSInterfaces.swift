import Net
import Policy
import PolicyText

/// Interfaces, zones and the routes that lead through them.
extension FortiOSReader {
    mutating func interfaces() {
        for node in edits("system interface") { interface(node) }
        if firewall.entering == "" { firewall.entering = nil }
        for node in edits("system zone") { zone(node) }
        for section in ["system sdwan", "system virtual-wan-link"] {
            for node in tree.children(tree.find([section, "members"])) { member(node) }
        }
        for section in ["router static", "router static6"] {
            for node in edits(section) where value("status", node) != "disable" {
                route(node, section == "router static" ? "0.0.0.0/0" : "::/0")
            }
        }
    }

    private mutating func interface(_ node: Int) {
        mark(node, .used)
        var interface = ZonedFirewall.Interface(name: tree.name(node))
        var own = [tree.values("ip", in: node), tree.values("ipv6", "ip6-address", in: node)]
        for edit in tree.children(tree.find("secondaryip", in: node)) {
            own.append(tree.values("ip", in: edit))
        }
        for words in own {
            guard let prefix = Self.prefix(words), let first = words.first,
                let address = IPAddress(String(first.prefix { $0 != "/" })), address.bits != 0
            else { continue }
            interface.addresses.append(address)
            interface.networks.append(prefix)
        }
        if value("role", node) == "wan", firewall.entering == nil {
            firewall.entering = tree.name(node)
        } else if value("role", node) == "wan" {
            firewall.entering = ""
        }
        firewall.interfaces.append(interface)
    }

    private mutating func zone(_ node: Int) {
        mark(node, .used)
        for member in tree.values("interface", in: node) {
            if let index = firewall.interfaces.firstIndex(where: { $0.name == member }) {
                firewall.interfaces[index].zone = tree.name(node)
            }
        }
        guard value("intrazone", node) == "allow" else { return }
        let name = tree.name(node)
        let why = "the zone lets pass what goes between its own interfaces"
        firewall.policies.append(
            ZonedFirewall.Policy(
                lines: [tree.line(node)], from: [name], to: [name], action: .unknown(why)))
    }

    /// Policies name the zone of SD-WAN for its members, by this name where none is set.
    private mutating func member(_ node: Int) {
        mark(node, .used)
        guard value("status", node) != "disable", let name = value("interface", node),
            let index = firewall.interfaces.firstIndex(where: { $0.name == name })
        else { return }
        firewall.interfaces[index].zone = value("zone", node) ?? "virtual-wan-link"
    }

    /// A route to what an object or a service of the Internet names tells nothing here.
    private mutating func route(_ node: Int, _ usual: String) {
        guard let device = value("device", node),
            let index = firewall.interfaces.firstIndex(where: { $0.name == device }),
            ["dstaddr", "internet-service", "internet-service-custom"].allSatisfy({
                value($0, node) == nil
            })
        else { return }
        let words = tree.values("dst", in: node)
        guard let prefix = words.isEmpty ? Prefix(usual) : Self.prefix(words) else { return }
        mark(node, .used)
        firewall.interfaces[index].networks.append(prefix)
    }
}
