import Analyzer
import Net
import Policy
import Testing

@testable import Monitor

@Suite struct ToldFindingsTests {
    /// A finding with an id and a server of its own.
    private static func finding(_ id: Int, of server: Int) throws -> Finding {
        var finding = try #require(some)
        finding.id = "PH205-\(id)"
        finding.server = "\(server)"
        return finding
    }

    /// PH205: the range lies among the system's own ports.
    private static let some: Finding? = {
        let line = SourceLine(file: "pinhole.yml", line: 4, text: "passive: 50000-50100")
        var server = SiteServer(name: "files", addresses: [IPAddress(v4: 1)], source: line)
        server.statedPassive = PortSet("50000-50100").map { Setting($0, line) }
        return Audit(site: Site(servers: [server]), traffic: nil)
            .findings(now: Timestamp(seconds: 0)) { _, _ in [] }.first { $0.status == .failed }
    }()

    @Test func `is told once, while it stands and when it comes again`() throws {
        var told = ToldFindings()
        let (one, two) = (try Self.finding(1, of: 1), try Self.finding(2, of: 1))
        #expect(told.take([one]).map(\.0.id) == [one.id])
        #expect(told.take([one]).isEmpty)
        #expect(told.take([]).isEmpty)
        let next = told.take([two])
        #expect(next.map(\.replacing) == [[one.id]])
        #expect(told.count == 1)
        #expect(told.take([one, two]).isEmpty)
    }

    /// What stands is not told anew, however many others came; of those that are long gone nothing
    /// is left.
    @Test func `remembers the last ones`() throws {
        var told = ToldFindings()
        let standing = try Self.finding(0, of: 0)
        #expect(told.take([standing]).count == 1)
        let most = 4 * ToldFindings.kept
        for id in 1...most {
            let new = told.take([standing, try Self.finding(id, of: id)])
            #expect(new.count == 1)
        }
        #expect(told.count == most + 1)
        #expect(told.remembered <= 2 * ToldFindings.kept)
        #expect(told.take([try Self.finding(most, of: most)]).isEmpty)
        #expect(told.take([try Self.finding(1, of: 1)]).count == 1)
    }
}
