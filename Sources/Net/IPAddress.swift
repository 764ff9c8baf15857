/// An IPv4 or IPv6 address: its family and its bits, the last bit of the address being bit 0.
///
/// Ordered by family (IPv4 first), then by value. An IPv4-mapped IPv6 address stays IPv6.
public struct IPAddress: Hashable, Comparable, Sendable {
    /// The address family.
    public enum Family: UInt8, Hashable, Comparable, Sendable {
        case v4 = 4
        case v6 = 6

        /// Bits in an address of this family: 32 or 128.
        public var width: Int { self == .v4 ? 32 : 128 }

        /// The highest value of an address of this family.
        @inlinable public var maximum: UInt128 { self == .v4 ? UInt128(UInt32.max) : .max }

        @inlinable public static func < (a: Family, b: Family) -> Bool { a.rawValue < b.rawValue }
    }

    // Two halves instead of one number, which would be aligned to 16 bytes.
    @usableFromInline let high: UInt64
    @usableFromInline let low: UInt64
    public let family: Family

    @inlinable public var bits: UInt128 { UInt128(high) << 64 | UInt128(low) }

    /// An IPv4 address from its 32 bits in host order.
    @inlinable public init(v4 bits: UInt32) {
        family = .v4
        high = 0
        low = UInt64(bits)
    }

    /// An IPv6 address from its 128 bits in host order.
    @inlinable public init(v6 bits: UInt128) {
        family = .v6
        high = UInt64(truncatingIfNeeded: bits >> 64)
        low = UInt64(truncatingIfNeeded: bits)
    }

    /// An address from its bits, or nil where they do not fit the family.
    @inlinable public init?(family: Family, bits: UInt128) {
        guard bits <= family.maximum else { return nil }
        self.family = family
        high = UInt64(truncatingIfNeeded: bits >> 64)
        low = UInt64(truncatingIfNeeded: bits)
    }

    @inlinable
    public func hash(into hasher: inout Hasher) {
        hasher.combine(low)
        if family == .v6 { hasher.combine(high) }
    }

    @inlinable public static func < (a: IPAddress, b: IPAddress) -> Bool {
        a.family == b.family ? a.bits < b.bits : a.family < b.family
    }

    /// The next address, or nil after the last of the family.
    @inlinable public var next: IPAddress? {
        bits == family.maximum ? nil : IPAddress(family: family, bits: bits + 1)
    }

    /// The previous address, or nil before the first of the family.
    @inlinable public var previous: IPAddress? {
        bits == 0 ? nil : IPAddress(family: family, bits: bits - 1)
    }
}

extension IPAddress: CustomStringConvertible, LosslessStringConvertible {
    /// Dotted decimal for IPv4, RFC 5952 for IPv6.
    public var description: String {
        family == .v4 ? Self.text(v4: UInt32(bits)) : Self.text(v6: bits)
    }

    /// Reads strict dotted decimal (no leading zeros) or IPv6 text (RFC 4291 section 2.2, no zone).
    public init?(_ text: String) {
        let bytes = Array(text.utf8)
        if bytes.contains(UInt8(ascii: ":")) {
            guard let bits = Self.bits(v6: bytes) else { return nil }
            self.init(v6: bits)
        } else {
            guard let bits = Self.bits(v4: bytes[...]) else { return nil }
            self.init(v4: bits)
        }
    }

    private static func text(v4 bits: UInt32) -> String {
        "\(bits >> 24).\(bits >> 16 & 255).\(bits >> 8 & 255).\(bits & 255)"
    }

    private static func text(v6 bits: UInt128) -> String {
        let groups = (0..<8).map { UInt16(truncatingIfNeeded: bits >> UInt128(112 - 16 * $0)) }
        if bits >> 32 == 0xffff {
            return "::ffff:" + text(v4: UInt32(truncatingIfNeeded: bits))
        }
        var best = 0..<0
        var start = 0
        while start < 8 {
            var end = start
            while end < 8, groups[end] == 0 { end += 1 }
            if end - start > max(best.count, 1) { best = start..<end }
            start = max(end, start + 1)
        }
        let hex = groups.map { String($0, radix: 16) }
        guard !best.isEmpty else { return hex.joined(separator: ":") }
        return hex[..<best.lowerBound].joined(separator: ":") + "::"
            + hex[best.upperBound...].joined(separator: ":")
    }

    private static func bits(v4 text: ArraySlice<UInt8>) -> UInt32? {
        let parts = text.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        var bits: UInt32 = 0
        for part in parts {
            guard (1...3).contains(part.count), part.allSatisfy(isDigit) else { return nil }
            guard part.count == 1 || part.first != UInt8(ascii: "0") else { return nil }
            let value = part.reduce(UInt32(0)) { $0 * 10 + UInt32($1 - UInt8(ascii: "0")) }
            guard value <= 255 else { return nil }
            bits = bits << 8 | value
        }
        return bits
    }

    private static func bits(v6 text: [UInt8]) -> UInt128? {
        let colon = UInt8(ascii: ":")
        var gap: Int?
        for index in text.indices.dropLast() where text[index] == colon && text[index + 1] == colon
        {
            guard gap == nil else { return nil }
            gap = index
        }
        guard let gap else {
            guard let groups = groups(of: text[...]), groups.count == 8 else { return nil }
            return join(groups)
        }
        guard let head = groups(of: text[..<gap]), let tail = groups(of: text[(gap + 2)...]),
            head.count + tail.count < 8
        else { return nil }
        let zeros = [UInt16](repeating: 0, count: 8 - head.count - tail.count)
        return join(head + zeros + tail)
    }

    /// The 16-bit groups of a part without `::`; a last part in dotted decimal makes two groups.
    private static func groups(of text: ArraySlice<UInt8>) -> [UInt16]? {
        guard !text.isEmpty else { return [] }
        let parts = text.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
        var groups: [UInt16] = []
        for (index, part) in parts.enumerated() {
            if index == parts.count - 1, part.contains(UInt8(ascii: ".")) {
                guard let low = bits(v4: part) else { return nil }
                groups += [UInt16(low >> 16), UInt16(low & 0xffff)]
            } else {
                guard (1...4).contains(part.count),
                    part.allSatisfy({ isDigit($0) || (0x61...0x66).contains($0 | 0x20) }),
                    let value = UInt16(String(decoding: part, as: UTF8.self), radix: 16)
                else { return nil }
                groups.append(value)
            }
        }
        return groups
    }

    private static func join(_ groups: [UInt16]) -> UInt128 {
        groups.reduce(0) { $0 << 16 | UInt128($1) }
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }
}
