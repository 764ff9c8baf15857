public import Net

/// An interface of a device, as far as a packet's way depends on it.
public struct DeviceInterface: Hashable, Sendable {
    /// The side of a translating device to which an interface belongs.
    public enum Side: Hashable, Sendable { case outside, inside }

    /// The name as the configuration writes it: `GigabitEthernet0/0`.
    public var name: String
    /// Nil where it takes no part in translation.
    public var side: Side?
    /// Its own addresses; empty where they are negotiated or not configured.
    public var addresses: [IPAddress]
    /// The networks that are reached through it: those connected, and those to which the
    /// configuration has a route by it.
    public var networks: [Prefix]
    /// Other names that people may mean it by: the hardware's, where rules use a given one.
    public var aliases: [String] = []

    public init(
        name: String, side: Side? = nil, addresses: [IPAddress] = [], networks: [Prefix] = []
    ) {
        self.name = name
        self.side = side
        self.addresses = addresses
        self.networks = networks
    }

    /// Whether people may mean this interface by `text`: its name, or a short form of it (letters
    /// cut at the end, numbers the same: `Gi0/0`); case and blanks do not count.
    public func answers(to text: String) -> Bool {
        let theirs = Self.parts(text)
        return ([name] + aliases).map(Self.parts).contains { mine in
            !theirs.letters.isEmpty && mine.numbers == theirs.numbers
                && mine.letters.hasPrefix(theirs.letters)
        }
    }

    private static func parts(_ text: String) -> (letters: String, numbers: String) {
        let bare = text.lowercased().filter { $0 != " " && $0 != "\t" }
        let cut = bare.firstIndex(where: \.isNumber) ?? bare.endIndex
        return (String(bare[..<cut]), String(bare[cut...]))
    }
}

extension Device {
    /// The name, as this device writes it, of the interface that people mean by `text`; nil where
    /// it is none of the device's own, or more than one.
    public func interface(meant text: String) -> String? {
        if let exact = interfaces.first(where: { $0.name == text }) { return exact.name }
        if let other = interfaces.first(where: { $0.aliases.contains(text) }) { return other.name }
        let meant = interfaces.filter { $0.answers(to: text) }
        return meant.count == 1 ? meant[0].name : nil
    }

    /// Why nobody can mean one of the device's interfaces by `text`; nil where somebody can, or
    /// where the configuration doesn't describe its interfaces.
    public func lacks(interface text: String) -> String? {
        guard !interfaces.isEmpty, interface(meant: text) == nil else { return nil }
        return
            "it has no interface '\(text)', but \(interfaces.map(\.name).joined(separator: ", "))"
    }

    /// Why the interface that people mean by `text` is not on the side that they say; nil where it
    /// may be: it is on that side, or takes no part in translation.
    public func contradicts(_ text: String, as side: DeviceInterface.Side) -> String? {
        guard let name = interface(meant: text),
            let own = interfaces.first(where: { $0.name == name })?.side, own != side
        else { return nil }
        let word = own == .inside ? "inside" : "outside"
        return "\(name) is on the \(word) of its translation; are outside and inside swapped?"
    }

    /// That rules name interfaces, and never this one: it may be misspelt. Nil where they do, or
    /// where the configuration describes its interfaces.
    func neverNames(interface text: String) -> String? {
        guard interfaces.isEmpty else { return nil }
        let rules = chains.values.flatMap(\.rules)
        let named = Set(
            rules.flatMap { ($0.match.entering?.names ?? []) + ($0.match.leaving?.names ?? []) })
        guard !named.isEmpty, !named.contains(where: { MatchContext.matches($0, text) }) else {
            return nil
        }
        return
            "no rule names interface '\(text)'; they name \(named.sorted().joined(separator: ", "))"
    }

    /// The interface to whose connected network the address belongs, the longest prefix first.
    public func interface(towards address: IPAddress) -> String? {
        var best: (name: String, length: Int)?
        for interface in interfaces {
            for network in interface.networks where network.contains(address) {
                if network.length > best?.length ?? -1 { best = (interface.name, network.length) }
            }
        }
        return best?.name
    }
}
