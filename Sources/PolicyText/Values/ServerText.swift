package import Net
package import Policy

/// What the readers of servers' files share.
package enum ServerText {
    /// Whether a template, a shell or the environment has yet to fill the text in.
    @inlinable package static func isOpen(_ text: some StringProtocol) -> Bool {
        guard text.utf8.contains(where: { "{%<$".utf8.contains($0) }) else { return false }
        if ["{{", "{%", "<%", "${", "$(", "%{"].contains(where: { text.contains($0) }) {
            return true
        }
        return text.ranges(of: "%%").count > 1
    }

    /// As `atoi` reads it: blanks, a sign, digits up to the first other character; held at ±2^31.
    @inlinable package static func atoi(_ text: some StringProtocol) -> Int {
        let bare = text.drop { $0 == " " || $0 == "\t" }
        let negative = bare.first == "-"
        let digits = negative || bare.first == "+" ? bare.dropFirst() : bare[...]
        let value = digits.utf8.prefix { (0x30...0x39).contains($0) }
            .reduce(0) { min($0 * 10 + Int($1 - 0x30), 1 << 31) }
        return negative ? -value : value
    }

    /// A number of digits alone, no larger than a billion.
    @inlinable package static func number(_ text: some StringProtocol) -> Int? {
        guard (1...9).contains(text.utf8.count),
            text.utf8.allSatisfy({ (0x30...0x39).contains($0) })
        else { return nil }
        return Int(text)
    }

    /// The port of that number, 1 to 65535.
    @inlinable package static func port(_ text: some StringProtocol) -> UInt16? {
        number(text).flatMap { UInt16(exactly: $0) }.flatMap { $0 > 0 ? $0 : nil }
    }

    /// A range whose bounds are ports in the right order.
    package static func range(_ low: UInt16?, _ high: UInt16?) -> ClosedRange<UInt16>? {
        guard let low, let high, low <= high else { return nil }
        return low...high
    }

    /// An IPv4 address as `inet_aton(3)` reads it, and with it every server that asks the C library:
    /// one to four numbers, the last of which fills the bytes that are left; a leading 0 makes a
    /// number octal, 0x hexadecimal.
    package static func aton(_ text: some StringProtocol) -> IPAddress? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        let numbers = parts.compactMap { strtoul($0) }
        guard (1...4).contains(parts.count), numbers.count == parts.count, let last = numbers.last,
            numbers.dropLast().allSatisfy({ $0 < 256 }),
            UInt64(last) < 1 << (8 * UInt64(5 - numbers.count))
        else { return nil }
        let head = numbers.dropLast().enumerated()
            .reduce(UInt32(0)) { $0 | $1.element << (24 - 8 * UInt32($1.offset)) }
        return IPAddress(v4: head | last)
    }

    /// A number as `strtoul(3)` reads one of any base: octal behind a 0, hexadecimal behind 0x.
    package static func strtoul(_ text: some StringProtocol) -> UInt32? {
        let lower = text.lowercased()
        guard lower.utf8.first.map({ (0x30...0x39).contains($0) }) == true, !lower.contains("+")
        else { return nil }
        if lower.hasPrefix("0x") { return UInt32(lower.dropFirst(2), radix: 16) }
        return UInt32(lower, radix: lower.hasPrefix("0") ? 8 : 10)
    }

    /// An IPv4 address in dotted form.
    package static func v4(_ text: some StringProtocol) -> IPAddress? {
        IPAddress(String(text)).flatMap { $0.family == .v4 ? $0 : nil }
    }
}

extension ServerSettings {
    /// Settings of a product of which nothing is known but its own defaults.
    package init(
        unset passive: Passive, of product: ServerBehaviour, in text: ConfigText,
        control: UInt16 = 21
    ) {
        let absence = text.absence("default of \(product.product)")
        self.init(
            passive: passive, passiveFrom: .default, passiveSources: [absence],
            control: [Setting(control, absence)], tls: Setting(.none, absence),
            active: Setting(true, absence), behaviour: product)
    }

    /// The range is this, by these lines.
    package mutating func set(_ range: ClosedRange<UInt16>, _ sources: [SourceLine]) {
        passive = .ports(range)
        passiveFrom = .set
        passiveSources = sources
    }

    /// No range is in force, or it can't be told, for this reason.
    package mutating func void(_ origin: Origin, _ why: String, _ sources: [SourceLine]) {
        passive = nil
        passiveFrom = origin
        passiveProblem = why
        if !sources.isEmpty { passiveSources = sources }
    }
}
