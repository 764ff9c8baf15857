/// A moment of packet time: nanoseconds since 1970-01-01T00:00:00Z, leap seconds not counted.
///
/// 64 bits reach from 1677 to 2262.
public struct Timestamp: Hashable, Comparable, Sendable {
    public let nanoseconds: Int64

    @inlinable public init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

    /// Seconds and a fraction in nanoseconds; saturates at the ends of what 64 bits hold.
    @inlinable public init(seconds: Int64, nanoseconds: Int64 = 0) {
        let (product, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        let (sum, overflow2) = product.addingReportingOverflow(nanoseconds)
        self.nanoseconds = overflow || overflow2 ? (seconds < 0 ? .min : .max) : sum
    }

    public static func < (a: Timestamp, b: Timestamp) -> Bool { a.nanoseconds < b.nanoseconds }

    /// Nanoseconds from `earlier` to this moment, saturating.
    public func since(_ earlier: Timestamp) -> Int64 {
        let (difference, overflow) = nanoseconds.subtractingReportingOverflow(earlier.nanoseconds)
        return overflow ? (nanoseconds < 0 ? .min : .max) : difference
    }

    /// The moment that is so many nanoseconds later, saturating.
    public func after(_ nanoseconds: Int64) -> Timestamp {
        let (sum, overflow) = self.nanoseconds.addingReportingOverflow(nanoseconds)
        return Timestamp(nanoseconds: overflow ? (nanoseconds < 0 ? .min : .max) : sum)
    }

    /// Earlier than anything that was seen.
    public static let distantPast = Timestamp(nanoseconds: .min)
}

extension Timestamp: CustomStringConvertible, LosslessStringConvertible {
    /// RFC 3339 in UTC with six decimals: `2026-11-20T10:00:00.000001Z`; below a microsecond cut off.
    public var description: String {
        let (day, inDay) = Self.floorDivide(nanoseconds, 86_400_000_000_000)
        let (year, month, date) = Self.civil(day)
        let micros = inDay / 1000
        let seconds = micros / 1_000_000
        return "\(Self.pad(year, 4))-\(Self.pad(month, 2))-\(Self.pad(date, 2))"
            + "T\(Self.pad(seconds / 3600, 2)):\(Self.pad(seconds / 60 % 60, 2))"
            + ":\(Self.pad(seconds % 60, 2)).\(Self.pad(micros % 1_000_000, 6))Z"
    }

    /// Reads RFC 3339 (`Z` or an offset), or a date alone as its midnight in UTC.
    public init?(_ text: String) {
        guard let date = text.wholeMatch(of: /(\d{4})-(\d\d)-(\d\d)(?:[T ](.*))?/),
            let year = Int64(date.1), let month = Int64(date.2), let day = Int64(date.3),
            (1...12).contains(month), (1...31).contains(day)
        else { return nil }
        let days = Self.days(year, month, day)
        guard Self.civil(days) == (year, month, day) else { return nil }
        guard let clock = date.4 else {
            self.init(seconds: days * 86400)
            return
        }
        guard
            let time = clock.wholeMatch(
                of: /(\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?(?:Z|z|([+-])(\d\d):(\d\d))/),
            let hour = Int64(time.1), let minute = Int64(time.2), hour < 24, minute < 60
        else { return nil }
        let second = time.3.flatMap { Int64($0) } ?? 0
        guard second <= 60 else { return nil }
        var fraction = String(time.4 ?? "0")
        while fraction.utf8.count < 9 { fraction += "0" }
        var offset = (time.6.flatMap { Int64($0) } ?? 0) * 3600
        offset += (time.7.flatMap { Int64($0) } ?? 0) * 60
        if time.5 == "-" { offset = -offset }
        self.init(
            seconds: days * 86400 + hour * 3600 + minute * 60 + second - offset,
            nanoseconds: Int64(fraction) ?? 0)
    }

    private static func floorDivide(_ a: Int64, _ b: Int64) -> (Int64, Int64) {
        let (quotient, remainder) = a.quotientAndRemainder(dividingBy: b)
        return remainder < 0 ? (quotient - 1, remainder + b) : (quotient, remainder)
    }

    /// Year, month and day of a day counted from 1970-01-01, in the proleptic Gregorian calendar.
    private static func civil(_ day: Int64) -> (Int64, Int64, Int64) {
        let (era, dayOfEra) = floorDivide(day + 719_468, 146_097)
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shifted = (5 * dayOfYear + 2) / 153
        let month = shifted < 10 ? shifted + 3 : shifted - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        return (year, month, dayOfYear - (153 * shifted + 2) / 5 + 1)
    }

    private static func days(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
        let shifted = month <= 2 ? year - 1 : year
        let (era, yearOfEra) = floorDivide(shifted, 400)
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
            - 719_468
    }

    private static func pad(_ value: Int64, _ width: Int) -> String {
        let digits = String(value)
        return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
    }
}
