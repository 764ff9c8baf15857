import Net
import Testing

@testable import FTP

@Suite struct RecordQueueTests {
    @Test(arguments: [0, 1, 255, 256, 257, 20_000])
    func `hands over all records in their order`(_ count: Int) throws {
        let end = try #require(Endpoint("192.0.2.1:21"))
        let queue = RecordQueue([Int]()) { $0.append($1.first.number) }
        for number in 0..<count {
            let first = FrameReference(
                capture: 0, number: number, time: Timestamp(nanoseconds: 0))
            queue.append(SessionRecord(client: end, server: end, first: first))
        }
        #expect(queue.finish() == Array(0..<count))
    }
}
