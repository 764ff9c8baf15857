/// The LINKTYPE_ value of a capture: what a frame begins with.
///
/// Unknown numbers keep their value. Source: https://www.tcpdump.org/linktypes.html
public struct LinkType: RawRepresentable, Hashable, Sendable {
    public let rawValue: UInt32

    @inlinable public init(rawValue: UInt32) { self.rawValue = rawValue }

    /// BSD loopback: address family in the byte order of the capturing host.
    @inlinable public static var null: LinkType { LinkType(rawValue: 0) }
    @inlinable public static var ethernet: LinkType { LinkType(rawValue: 1) }
    @inlinable public static var ppp: LinkType { LinkType(rawValue: 9) }
    /// DLT_RAW as some systems write it.
    @inlinable public static var raw12: LinkType { LinkType(rawValue: 12) }
    @inlinable public static var raw14: LinkType { LinkType(rawValue: 14) }
    @inlinable public static var pppHDLC: LinkType { LinkType(rawValue: 50) }
    @inlinable public static var pppEthernet: LinkType { LinkType(rawValue: 51) }
    @inlinable public static var raw: LinkType { LinkType(rawValue: 101) }
    @inlinable public static var ciscoHDLC: LinkType { LinkType(rawValue: 104) }
    /// OpenBSD loopback: address family in network byte order.
    @inlinable public static var loop: LinkType { LinkType(rawValue: 108) }
    @inlinable public static var linuxCooked: LinkType { LinkType(rawValue: 113) }
    @inlinable public static var ipv4: LinkType { LinkType(rawValue: 228) }
    @inlinable public static var ipv6: LinkType { LinkType(rawValue: 229) }
    @inlinable public static var linuxCooked2: LinkType { LinkType(rawValue: 276) }
    /// A frame whose interface the capture never described.
    @inlinable public static var unknown: LinkType { LinkType(rawValue: .max) }

    /// Whether `Decoder` looks into its frames.
    public var isRead: Bool {
        switch self {
        case .null, .ethernet, .ppp, .raw12, .raw14, .pppHDLC, .pppEthernet, .raw, .ciscoHDLC,
            .loop, .linuxCooked, .ipv4, .ipv6, .linuxCooked2:
            true
        default: false
        }
    }
}

extension LinkType: CustomStringConvertible {
    public var description: String {
        let name: String? =
            switch rawValue {
            case 105, 119, 127, 163, 192: "IEEE 802.11"
            case 117: "PFLOG"
            case 189, 220, 249: "USB"
            case 239: "NFLOG"
            case 253: "netlink"
            default: nil
            }
        guard self != .unknown else { return "that the file does not tell" }
        return name.map { "\(rawValue) (\($0))" } ?? "\(rawValue)"
    }
}
