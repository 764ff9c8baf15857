import Net
import PolicyText

/// The addresses that an exception or a rule is for.
struct WindowsScope: Hashable {
    /// Nil: all.
    var addresses: AddressSet?
    /// Why some of them aren't known.
    var doubt: String?
    /// Those that are known all the same; nil where all are, or none.
    var known: AddressSet?

    /// Words for addresses that the network tells.
    ///
    /// Source: MS-GPFAS 2.2.2.13, address keywords; those of New-NetFirewallRule, which may end in
    /// 4 or 6.
    private static let places: Set<String> = [
        "subnet", "localsubnet", "lokalessubnetz", "dns", "dhcp", "wins", "defaultgateway",
        "localintranet", "rmtintranet", "intranet", "intranetremoteaccess", "remoteintranet",
        "internet", "ply2renders", "playtodevice", "captiveportal",
    ]

    private static func isPlace(_ word: String) -> Bool {
        places.contains(word)
            || word.last.map { "46".contains($0) } == true
                && places.contains(String(word.dropLast()))
    }

    /// Reads `ALL`, `*`, `SUBNET`, or addresses, prefixes, masks and ranges parted by commas; nil
    /// where it is none of these.
    init?(_ text: String) {
        var ranges: [ClosedRange<IPAddress>] = []
        var isAll = false
        for part in text.split(separator: ",").map({ $0.bare.lowercased() }) where !part.isEmpty {
            if part == "all" || part == "*" || part == "any" {
                isAll = true
                continue
            }
            if Self.isPlace(part) {
                doubt = "for \(text.excerpt), whose addresses the text doesn't tell"
                continue
            }
            guard let range = Self.range(part) else { return nil }
            ranges.append(range)
        }
        if isAll { doubt = nil }
        if doubt != nil, !ranges.isEmpty { known = AddressSet(ranges) }
        guard doubt == nil, !isAll else { return }
        guard !ranges.isEmpty else { return nil }
        addresses = AddressSet(ranges)
    }

    /// The addresses of a scope that also names places, as a scope of their own; nil where there
    /// are none, or no places.
    static func withoutPlaces(_ text: String) -> String? {
        guard WindowsScope(text)?.known != nil else { return nil }
        return text.split(separator: ",").filter { !isPlace($0.bare.lowercased()) }
            .joined(separator: ",")
    }

    private static func range(_ text: String) -> ClosedRange<IPAddress>? {
        if let prefix = Prefix(text) { return prefix.address...prefix.last }
        let ends = text.split(separator: "-", omittingEmptySubsequences: false)
        if ends.count == 2, let low = IPAddress(String(ends[0]).bare),
            let high = IPAddress(String(ends[1]).bare), low.family == high.family, low <= high
        {
            return low...high
        }
        let parts = text.split(separator: "/")
        guard parts.count == 2, let address = IPAddress(String(parts[0])),
            let mask = IPAddress(String(parts[1])), address.family == .v4, mask.family == .v4
        else { return nil }
        let host = ~UInt32(truncatingIfNeeded: mask.bits)
        guard host & (host &+ 1) == 0,
            let prefix = Prefix(address, length: host.leadingZeroBitCount)
        else { return nil }
        return prefix.address...prefix.last
    }
}
