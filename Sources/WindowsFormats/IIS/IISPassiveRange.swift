import PolicyText

/// The grammar of `PassivePortRange` of the FTP service of IIS 5 and IIS 6: one number, or
/// `start-end`, from 5001 to 65535.
///
/// A value that breaks a rule is thrown away by the service, which keeps what it had. Source:
/// learn.microsoft.com, IIS 6.0 SDK, PassivePortRange (ms525306).
enum IISPassiveRange: Hashable, Sendable {
    case unset
    case ports(ClosedRange<UInt16>)
    /// What is wrong, as a clause: `4000 is below 5001`.
    case invalid(String)

    /// Ports that a value may name.
    static let accepted: ClosedRange<UInt16> = 5001...65535
    /// Ports that are used while no value is in force: Winsock's ephemeral ones before Vista.
    static let fallback: ClosedRange<UInt16> = 1025...5000

    init(_ value: String) {
        let text = value.stripping(" \t\n\0")
        guard !text.isEmpty else {
            self = .unset
            return
        }
        guard !text.contains(where: { $0 == "," || $0 == ";" }) else {
            self = .invalid("\(text.excerpt) is a list, and only one number or start-end is taken")
            return
        }
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        let numbers = parts.compactMap { Self.number($0) }
        guard numbers.count == parts.count, let low = numbers.first, let high = numbers.last,
            numbers.count <= 2
        else {
            self = .invalid("\(text.excerpt) is neither a number nor start-end")
            return
        }
        if let small = numbers.first(where: { $0 < Int(Self.accepted.lowerBound) }) {
            self = .invalid("\(small) is below \(Self.accepted.lowerBound)")
        } else if let big = numbers.first(where: { $0 > Int(Self.accepted.upperBound) }) {
            self = .invalid("\(big) is above \(Self.accepted.upperBound)")
        } else if low > high {
            self = .invalid("the range is reversed: \(low) is above \(high)")
        } else {
            self = .ports(UInt16(clamping: low)...UInt16(clamping: high))
        }
    }

    private static func number(_ text: Substring) -> Int? {
        guard (1...9).contains(text.utf8.count),
            text.utf8.allSatisfy({ (0x30...0x39).contains($0) })
        else { return nil }
        return Int(text)
    }
}
