public import Net

/// What time it is by the packets, and when to look at everything that waits.
public struct PacketClock {
    /// The latest time seen.
    public private(set) var now = Timestamp.distantPast
    private var nextSweep: Int64 = .min
    private var packetsSinceSweep = 0
    /// Packets in a row that are far from what time it is.
    private var leaps = 0
    private static let longestStep: UInt64 = 3_600_000_000_000
    private static let confirmed = 16
    /// A sweep is due after this many packets at the earliest, so that its cost is shared.
    public var sweepInterval = 0

    public init() {}

    /// Counts a packet and follows its time; where one leaps by more than an hour only once others
    /// confirm it, so that a frame with a wrong time stops no clock.
    @inline(__always)
    mutating func count(_ time: Timestamp) {
        packetsSinceSweep += 1
        let (ahead, isFar) = time.nanoseconds.subtractingReportingOverflow(now.nanoseconds)
        guard !isFar, ahead.magnitude <= Self.longestStep else {
            leap(to: time)
            return
        }
        leaps = 0
        if ahead > 0 { now = time }
    }

    @inline(never)
    private mutating func leap(to time: Timestamp) {
        leaps += 1
        guard leaps == Self.confirmed || now.nanoseconds == .min else { return }
        now = time
        nextSweep = .min
        leaps = 0
    }

    /// Whether enough time and packets have passed for a look at everything that waits.
    public var isSweepDue: Bool {
        packetsSinceSweep >= sweepInterval && now.nanoseconds >= nextSweep
    }

    /// Lets time pass without a packet.
    public mutating func pass(to time: Timestamp) {
        if time > now { now = time }
        packetsSinceSweep = max(packetsSinceSweep, sweepInterval)
    }

    /// A sweep was made; the next is due a second later.
    public mutating func noteSweep() {
        nextSweep = now.nanoseconds.addingReportingOverflow(1_000_000_000).partialValue
        packetsSinceSweep = 0
    }
}
