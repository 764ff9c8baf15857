import Testing

@testable import LiveCapture

@Suite struct DropCountTests {
    /// What a counter says, reading by reading, and how many were dropped in all.
    @Test(
        arguments: [
            ([0, 3, 3, 10], 10), ([0x7fff_ffff, 0xffff_fffe, 5], 0x1_0000_0005),
            // 40 that are forgotten: libpcap adds what is below zero.
            ([40, 0, 0, 7], 47), ([.max - 39], 0),
        ] as [([UInt32], UInt64)])
    func `counts on where a counter begins anew`(_ readings: [UInt32], _ total: UInt64) {
        for isKernel in [true, false] {
            var count = DropCount()
            for reading in readings {
                count.note(kernel: isKernel ? reading : 0, interface: isKernel ? 0 : reading)
            }
            #expect(count.total == total)
        }
    }
}
