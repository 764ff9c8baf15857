import Foundation
import Net

/// The only place that reads the wall clock.
enum Clock {
    /// Now, or what `SOURCE_DATE_EPOCH` says (seconds since 1970).
    static func now() -> Timestamp {
        if let text = ProcessInfo.processInfo.environment["SOURCE_DATE_EPOCH"],
            let seconds = Int64(text)
        {
            return Timestamp(seconds: seconds)
        }
        return Timestamp(nanoseconds: Int64(Date().timeIntervalSince1970 * 1e9))
    }
}
