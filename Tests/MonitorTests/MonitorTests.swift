import Capture
import Dialogue
import Dispatch
import Foundation
import Net
import Policy
import Reporter
import Streams
import Synchronization
import Testing

@testable import Monitor

@Suite struct MonitorTests {
    /// An attempt whose SYNs come 1 s and 2 s apart, on a session that goes on.
    private static let waiting = """
        server 203.0.113.10:21
        client 198.51.100.7
        connect
        S: 220 ready
        C: USER anna
        S: 331 password
        C: PASS secret
        S: 230 in
        C: PASV
        S: 227 Entering Passive Mode (203,0,113,10,19,141).
        data 203.0.113.10:5005 unanswered 3
        wait 1.5
        C: NOOP
        S: 200 yes
        """

    /// The rules of the findings that were told while frames came, and after the last of them.
    private static func told(
        _ script: String, setBackAt frame: Int = .max, losesAt loss: Int = .max
    ) throws -> (meanwhile: Set<String>, at: Set<String>) {
        let (all, meanwhile) = try events(script, setBackAt: frame, losesAt: loss)
        func rules(_ events: some Sequence<String>) -> Set<String> {
            Set(events.compactMap { $0.firstMatch(of: /"rule":"(PH\d+)"/).map { String($0.1) } })
        }
        return (rules(all[..<meanwhile]), rules(all[meanwhile...]))
    }

    /// All events, and how many of them came with the frames.
    private static func events(
        _ script: String, limits: Limits = Limits(), setBackAt frame: Int = .max,
        losesAt loss: Int = .max, losesOn: Bool = false, reloading: Int = 0,
        by load: @escaping Monitor.Load = { .failure(.init("")) }
    ) throws -> (all: [String], meanwhile: Int) {
        let frames = try Frames(Dialogue.render(script), setBackAt: frame, losesAt: loss)
        frames.losesOn = losesOn
        let events = Mutex<[String]>([])
        var reloads = (0..<reloading).makeIterator()
        let end = Timestamp(nanoseconds: 1_795_255_200_000_000_000)
        let problems = Monitor(
            names: ["eth0"], meant: Monitor.Meant(site: Site()) { _, _ in [] }, limits: limits,
            emit: { event in events.withLock { $0.append(event) } }
        ).run(
            frames, now: { end }, until: { false }, reloading: { reloads.next() != nil },
            by: load)
        #expect(problems.isEmpty)
        let all = events.withLock { $0 }
        let last = "\"time\":\"\(end)\""
        return (all, all.firstIndex { $0.contains(last) } ?? all.count)
    }

    @Test func `says nothing of an attempt that may still be answered`() throws {
        let told = try Self.told(Self.waiting)
        #expect(told.meanwhile.contains("PH116"))
        #expect(!told.meanwhile.contains("PH101"), "\(told.meanwhile)")
        #expect(told.at.contains("PH101"))
    }

    /// The session ends, and that of another client goes on for some seconds.
    private static func ended(by last: String) -> String {
        waiting + """

            \(last)
            client 198.51.100.8
            connect
            S: 220 ready
            wait 4
            C: NOOP
            S: 200 yes
            """
    }

    @Test func `an attempt of a client that has gone is told without its patience`() throws {
        #expect(try Self.told(Self.ended(by: "close")).meanwhile.contains("PH101"))
    }

    /// Its next SYN may be due in many seconds, and be answered.
    @Test func `a client from which the server has gone may still be answered`() throws {
        let told = try Self.told(Self.ended(by: "reset by server"))
        #expect(!told.meanwhile.contains("PH101"))
        #expect(told.at.contains("PH101"))
    }

    @Test func `a finding to which another host comes replaces the one that was told`() throws {
        let script = """
            server 203.0.113.10:21
            client 198.51.100.7
            connect
            S: 220 ready
            C: PASV
            S: 227 Entering Passive Mode (10,1,1,20,19,141).
            wait 1.5
            C: NOOP
            S: 200 yes
            C: PASV
            S: 227 Entering Passive Mode (10,1,1,21,19,142).
            wait 1.5
            C: NOOP
            S: 200 yes
            """
        let events = try Self.events(script).all
        let told = events.filter { $0.contains("\"rule\":\"PH104\"") }
        let ids = told.compactMap { $0.firstMatch(of: /"id":"(PH[^"]*)"/).map { String($0.1) } }
        try #require(ids.count == 2 && ids[0] != ids[1])
        #expect(!told[0].contains("\"replaces\""))
        #expect(told[1].contains("\"replaces\":[\"\(ids[0])\"]"), "\(told[1])")
        // Of the two one counts.
        let all = events.count { $0.contains("\"event\":\"finding\"") }
        #expect(events.last?.contains("\"findings\":\(all - 1),") == true)
    }

    @Test func `tells a refused attempt at once`() throws {
        let refused = Self.waiting.replacing("unanswered 3", with: "refused")
        #expect(try Self.told(refused).meanwhile.contains("PH102"))
    }

    @Test func `a clock that is set back stops nothing`() throws {
        let refused = Self.waiting.replacing("unanswered 3", with: "refused")
        #expect(try Self.told(refused, setBackAt: 10).meanwhile.contains("PH102"))
    }

    @Test func `frames that were lost are told, each once`() throws {
        let events = try Self.events(Self.waiting).all
        let lost = events.compactMap { $0.firstMatch(of: /"event":"drop",.*"frames":(\d+)/)?.1 }
        #expect(lost.compactMap { UInt64($0) }.reduce(0, +) == Frames.lost)
        #expect(events.last?.contains("\"dropped\":\(Frames.lost),") == true)
    }

    @Test func `losses without end are told once a judgement`() throws {
        let events = try Self.events(Self.waiting, losesOn: true).all
        let lost = events.compactMap { $0.firstMatch(of: /"event":"drop",.*"frames":(\d+)/)?.1 }
        let all = lost.compactMap { Int($0) }.reduce(0, +)
        #expect(all >= 15)
        #expect((1...8).contains(lost.count), "\(lost)")
        #expect(events.last?.contains("\"dropped\":\(all),") == true)
    }

    @Test func `an attempt whose answer may have been lost came to nothing that is known`() throws {
        let told = try Self.told(Self.waiting, losesAt: 3)
        let all = told.meanwhile.union(told.at)
        #expect(all.contains("PH116"))
        #expect(!all.contains("PH101"), "\(all)")
    }

    @Test func `bounds that were reached are told at the end`() throws {
        var limits = Limits()
        limits.pendingCommands = 1
        let script = """
            server 203.0.113.10:21
            client 198.51.100.7
            connect
            S: 220 ready
            C: NOOP
            C: NOOP
            C: NOOP
            S: 200 yes
            """
        let last = try Self.events(script, limits: limits).all.last
        #expect(last?.contains(#""limits":{"pendingCommands":"#) == true, "\(last ?? "")")
        #expect(try Self.events(script).all.last?.contains(#""limits":{}"#) == true)
    }

    private static let reading = """
        server 203.0.113.10:21
        client 198.51.100.7
        connect
        S: 220 ready
        C: PASV
        S: 227 Entering Passive Mode (203,0,113,10,19,141).
        data 203.0.113.10:5005 refused
        wait 1.5
        C: NOOP
        S: 200 yes
        """

    /// The site that is read anew knows the server, and a range without the port.
    @Test func `holds traffic against a site that was read anew`() throws {
        let before = try Self.events(Self.reading).all
        #expect(!before.contains { $0.contains("\"rule\":\"PH301\"") })
        let after = try Self.events(Self.reading, reloading: 1) {
            let line = SourceLine(file: "pinhole.yml", line: 4, text: "passive: 50000-50100")
            var server = SiteServer(
                name: "files", addresses: [IPAddress("203.0.113.10")].compactMap(\.self),
                source: line)
            server.statedPassive = PortSet("50000-50100").map { Setting($0, line) }
            return .success(
                Monitor.Meant(site: Site(servers: [server]), problems: ["a word"]) { _, _ in [] })
        }.all
        #expect(after.contains { $0.contains("\"rule\":\"PH301\"") })
        let told = try #require(after.first { $0.contains("\"event\":\"reload\"") })
        #expect(told.hasSuffix(#""in_force":true,"problems":["a word"]}"#), "\(told)")
    }

    @Test func `keeps the site where another can't be read`() throws {
        let events = try Self.events(Self.reading, reloading: 1) { .failure(.init("no such file")) }
        let told = try #require(events.all.first { $0.contains("\"event\":\"reload\"") })
        #expect(told.hasSuffix(#""in_force":false,"problems":["no such file"]}"#), "\(told)")
        #expect(events.all.contains { $0.contains("\"rule\":\"PH102\"") })
    }

    @Test func `a site that is asked for many times while it is read is read once more`() {
        let goesOn = DispatchSemaphore(value: 0)
        let loads = Mutex(0)
        let events = Mutex<[String]>([])
        let judge = Judge(
            Monitor.Meant(site: Site()) { _, _ in [] }, EventJSON(captures: ["eth0"]),
            emit: { event in events.withLock { $0.append(event) } })
        for _ in 0..<100 {
            judge.reload(
                {
                    goesOn.wait()
                    goesOn.signal()
                    loads.withLock { $0 += 1 }
                    return .failure(.init(""))
                }, at: Timestamp(seconds: 0))
        }
        goesOn.signal()
        judge.wait()
        #expect((1...2).contains(loads.withLock { $0 }))
        #expect(events.withLock { $0.count } == loads.withLock { $0 })
    }
}
