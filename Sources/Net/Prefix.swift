/// A block of addresses that share their leading bits: `203.0.113.0/24`.
public struct Prefix: Hashable, Sendable {
    /// The first address: bits below the length are zero.
    public let address: IPAddress
    /// How many leading bits are fixed, up to the width of the family.
    public let length: Int

    /// The block of `length` leading bits that holds `address`, or nil for an impossible length.
    public init?(_ address: IPAddress, length: Int) {
        guard (0...address.family.width).contains(length) else { return nil }
        let host = Self.hostBits(address.family, length)
        guard let first = IPAddress(family: address.family, bits: address.bits & ~host) else {
            return nil
        }
        self.address = first
        self.length = length
    }

    /// The last address of the block.
    public var last: IPAddress {
        IPAddress(
            family: address.family, bits: address.bits | Self.hostBits(address.family, length))
            ?? address
    }

    public func contains(_ other: IPAddress) -> Bool {
        other.family == address.family && (address...last).contains(other)
    }

    private static func hostBits(_ family: IPAddress.Family, _ length: Int) -> UInt128 {
        length == 0 ? family.maximum : family.maximum >> UInt128(length)
    }
}

extension Prefix: CustomStringConvertible, LosslessStringConvertible {
    public var description: String { "\(address)/\(length)" }

    /// Reads `address/length`, or a lone address as a block of one.
    public init?(_ text: String) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let address = IPAddress(String(parts[0])) else { return nil }
        guard parts.count == 2 else {
            self.init(address, length: address.family.width)
            return
        }
        guard let length = Int(parts[1]), parts[1].allSatisfy(\.isNumber) else { return nil }
        self.init(address, length: length)
    }
}

extension Prefix {
    private static let notRoutable: [Prefix] = [
        // RFC 1918, RFC 6598, RFC 3927, RFC 4193, RFC 4291 section 2.5.6
        "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "169.254.0.0/16",
        "fc00::/7", "fe80::/10",
    ].compactMap { Prefix($0) }

    private static let notAHost: [Prefix] = [
        // RFC 1122 section 3.2.1.3 (this network, loopback), RFC 5771, RFC 919, RFC 4291
        "0.0.0.0/8", "127.0.0.0/8", "224.0.0.0/4", "240.0.0.0/4", "::/128", "::1/128", "ff00::/8",
    ].compactMap { Prefix($0) }

    /// Addresses that no host has beside itself, so that no client comes from them.
    public static let noHosts = notAHost.reduce(AddressSet()) { $0.union(AddressSet($1)) }

    /// Whether the address is private: reachable only inside its own network.
    ///
    /// Documentation prefixes (RFC 5737, RFC 3849) count as public.
    public static func isPrivate(_ address: IPAddress) -> Bool {
        notRoutable.contains { $0.contains(address) }
    }

    /// Whether an IPv6 address is another spelling of an IPv4 one: by the prefix of translators
    /// (RFC 6052 section 2.1), or mapped (RFC 4291 section 2.5.5.2).
    public static func embeds(_ address: IPAddress, _ inner: IPAddress) -> Bool {
        guard address.family == .v6, inner.family == .v4 else { return false }
        return embedding.contains(address.bits >> 32)
            && address.bits & UInt128(UInt32.max) == inner.bits
    }

    /// `64:ff9b::/96` and `::ffff:0:0/96`, without their last 32 bits.
    private static let embedding: [UInt128] = [0x64_ff9b << 64, 0xffff]

    /// Whether the address can name no peer at all: unspecified, loopback, multicast, reserved.
    public static func isUnusable(_ address: IPAddress) -> Bool {
        notAHost.contains { $0.contains(address) }
    }
}
