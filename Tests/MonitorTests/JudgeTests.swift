import FTP
import Net
import Policy
import Reporter
import Synchronization
import Testing

@testable import Monitor

@Suite struct JudgeTests {
    private static let day: Int64 = 86_400_000_000_000
    private static let noon = Timestamp(nanoseconds: 20_000 * day + day / 2)

    /// A session whose server announced an address of its inside.
    private static func record() -> SessionRecord {
        let frame = FrameReference(capture: 0, number: 1, time: noon)
        var record = SessionRecord(
            client: Endpoint(IPAddress(v4: 0xc633_6407), 40000),
            server: Endpoint(IPAddress(v4: 0xcb00_710a), 21), first: frame)
        var channel = DataChannel(announcedBy: .passive, frame: frame)
        channel.advertised = Endpoint(IPAddress(v4: 0x0a01_0114), 5005)
        record.channels = [channel]
        return record
    }

    private static func seen(_ open: [SessionRecord]) -> Judge.Seen {
        Judge.Seen(ended: [], open: open, attempts: [])
    }

    /// Asks for commands are counted: they are what a judgement makes.
    @Test func `what has not changed is judged once`() {
        let asked = Counter()
        @Sendable func meant() -> Monitor.Meant {
            Monitor.Meant(site: Site()) { _, _ in
                asked.add()
                return []
            }
        }
        let judge = Judge(meant(), EventJSON(captures: ["eth0"])) { _ in }
        func judged(_ open: [SessionRecord], after seconds: Int64) -> Bool {
            let before = asked.count
            judge.begin(Self.seen(open), at: Self.noon.after(seconds * 1_000_000_000))
            judge.wait()
            return asked.count > before
        }
        var record = Self.record()
        #expect(judged([record], after: 0))
        #expect(!judged([record], after: 1))
        record.channels[0].outcome = .refused
        #expect(judged([record], after: 2))
        #expect(!judged([record], after: 3))
        judge.reload({ .success(meant()) }, at: Self.noon)
        #expect(judged([record], after: 4))
    }

    @Test func `a waiver that ends is noticed without traffic`() throws {
        var site = Site()
        var waiver = Waiver(
            rule: "PH104", server: nil, reason: "r",
            source: SourceLine(file: "pinhole.yml", line: 1, text: ""))
        waiver.until = Self.noon.after(-Self.day / 2)
        site.waivers = [waiver]
        let told = Mutex<[String]>([])
        let judge = Judge(
            Monitor.Meant(site: site) { _, _ in [] }, EventJSON(captures: ["eth0"])
        ) { event in told.withLock { $0.append(event) } }
        func isTold() -> Bool { told.withLock { $0.contains { $0.contains("PH104") } } }
        judge.begin(Self.seen([Self.record()]), at: Self.noon)
        judge.wait()
        try #require(!isTold())
        judge.begin(Self.seen([Self.record()]), at: Self.noon.after(Self.day))
        judge.wait()
        #expect(isTold())
    }

    private final class Counter: Sendable {
        private let value = Atomic(0)
        var count: Int { value.load(ordering: .relaxed) }
        func add() { value.add(1, ordering: .relaxed) }
    }
}
