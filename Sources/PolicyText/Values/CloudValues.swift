package import Net
import Policy

/// Values as the rules of several clouds write them.
package enum CloudValues {
    /// What a rule says of a protocol.
    package enum Transport: Hashable {
        /// TCP, or every protocol; then ports don't count.
        case tcp, all
        /// Not TCP.
        case other(String)
        case unknown(String)
    }

    private static let others: Set<String> = [
        "udp", "icmp", "icmpv6", "ah", "esp", "sctp", "ipip", "gre", "igmp",
    ]

    /// A name or a number of IANA's list; `all` are the words for every protocol.
    package static func transport(_ text: String, all: Set<String>) -> Transport {
        let word = text.lowercased()
        if all.contains(word) { return .all }
        if word == "tcp" || word == "6" { return .tcp }
        if others.contains(word) || UInt8(word) != nil { return .other(word) }
        return .unknown("protocol \(text.excerpt) isn't known")
    }

    /// `21`, `50000-50100`.
    package static func ports(_ text: String) -> ClosedRange<UInt16>? {
        let parts = text.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
            .map { UInt16($0.bare) }
        guard let first = parts.first, let low = first, let last = parts.last, let high = last,
            low <= high
        else { return nil }
        return low...high
    }

    package static func addresses(_ text: String) -> AddressSet? {
        Prefix(text.bare).map { AddressSet($0) }
    }

    /// Addresses of IPv4 that aren't reached over the Internet (RFC 1918, 6598, 3927, 2544).
    package static let privateV4 = AddressSet(
        [
            "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "169.254.0.0/16",
            "198.18.0.0/15",
        ].compactMap { Prefix($0) }.map { $0.address...$0.last })

    /// Unique local and link-local addresses of IPv6 (RFC 4193, RFC 4291).
    package static let privateV6 = AddressSet(
        ["fc00::/7", "fe80::/10"].compactMap { Prefix($0) }.map { $0.address...$0.last })
}
