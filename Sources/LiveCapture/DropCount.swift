/// Frames that were dropped on an interface, from counters of 32 bits that begin anew.
///
/// libpcap adds up in an `unsigned int`; what the system says of an interface goes back to 0 with
/// the interface's name, for one.
struct DropCount {
    private(set) var total: UInt64 = 0
    private var kernel: UInt32 = 0
    private var interface: UInt32 = 0

    mutating func note(kernel: UInt32, interface: UInt32) {
        total += Self.more(kernel, since: self.kernel)
        total += Self.more(interface, since: self.interface)
        (self.kernel, self.interface) = (kernel, interface)
    }

    /// More than half of what a counter holds is a step back.
    private static func more(_ now: UInt32, since last: UInt32) -> UInt64 {
        UInt64(max(0, Int32(bitPattern: now &- last)))
    }
}
