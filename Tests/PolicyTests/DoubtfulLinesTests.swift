import Dice
import Net
import Testing

@testable import Policy

/// Lists in which most lines may match or not: as many possible worlds as there are lines.
@Suite struct DoubtfulLinesTests {
    private static let server = IPAddress(v4: 0xcb00_7105)
    private static let clients: [IPAddress] = (0..<8).map { IPAddress(v4: 0xc633_6400 + $0) }
    private static let asked: ClosedRange<UInt16> = 5000...5039

    private struct Line {
        var clients: ClosedRange<IPAddress>
        var ports: ClosedRange<UInt16>
        var isDoubtful: Bool
        var permits: Bool
    }

    private static func lines(_ count: Int, _ dice: inout Dice) -> [Line] {
        (0..<count).map { _ in
            let ends = [clients.randomElement(using: &dice), clients.randomElement(using: &dice)]
                .compactMap(\.self).sorted()
            let ports = [
                UInt16.random(in: asked, using: &dice), UInt16.random(in: asked, using: &dice),
            ].sorted()
            return Line(
                clients: ends[0]...ends[1], ports: ports[0]...ports[1],
                isDoubtful: Int.random(in: 0..<100, using: &dice) > 0,
                permits: Bool.random(using: &dice))
        }
    }

    private static func reach(_ lines: [Line]) -> Reach {
        let rules = lines.enumerated().map { number, line in
            var match = Match(destinationPorts: PortSet(line.ports))
            match.sources = AddressSet(line.clients)
            if line.isDoubtful { match.notModelled = ["moon \(number)"] }
            return FilterRule(
                match, line.permits ? .permit : .deny(answered: nil),
                SourceLine(file: "f", line: number + 1, text: ""))
        }
        var device = Device(usualPlace: .host)
        device.chains["INPUT"] = Chain(name: "INPUT", rules: rules)
        let ending = Setting(
            Action.deny(answered: false), SourceLine(file: "f", line: nil, text: "policy"))
        device.stages = [Stage(.filter, chain: "INPUT", ending: ending)]
        return PathEvaluator([PathEvaluatorTests.hop(device)]).reach(
            ReachQuestion(
                from: AddressSet(clients.map { $0...$0 }), to: server, ports: PortSet(asked)))
    }

    /// What may become of a packet, line by line.
    private static func verdict(_ lines: [Line], _ client: IPAddress, _ port: UInt16)
        -> Reach.Verdict
    {
        var may: Set<Bool> = []
        for line in lines where line.clients.contains(client) && line.ports.contains(port) {
            may.insert(line.permits)
            if !line.isDoubtful {
                return may.count > 1 ? .unknown : line.permits ? .permitted : .denied
            }
        }
        may.insert(false)
        return may.count > 1 ? .unknown : .denied
    }

    @Test(arguments: [5, 40, 150])
    func `are judged exactly, however many`(count: Int) {
        let seed = UInt64.random(in: 0 ... .max)
        print("seed \(seed)")
        for round in 0..<(count < 100 ? 20 : 1) {
            var dice = Dice(seed: seed &+ UInt64(round))
            let lines = Self.lines(count, &dice)
            let reach = Self.reach(lines)
            for client in Self.clients {
                for port in Self.asked {
                    let found = PathEvaluatorTests.segment(reach, client, port).map(\.verdict)
                    let right = [Self.verdict(lines, client, port)]
                    guard found == right else {
                        Issue.record(
                            "seed \(seed) round \(round), \(client) port \(port): \(found), not \(right)"
                        )
                        return
                    }
                }
            }
        }
    }

    @Test func `beyond the limit the answer is unknown and names it`() {
        var outcomes = Outcomes(comparisons: 3)
        let region = Region(ports: PortSet(1...10), sources: AddressSet(Self.server))
        for number in 0..<8 {
            outcomes.add(
                Outcome(
                    verdict: .permitted, decidedBy: [], packet: nil, doubts: ["doubt \(number)"]),
                Region(
                    ports: PortSet(UInt16(20 + number)...UInt16(20 + number)),
                    sources: AddressSet(Self.server)))
        }
        outcomes.add(
            Outcome(verdict: .permitted, decidedBy: [], packet: nil, doubts: ["last"]), region)
        #expect(outcomes.all.last?.outcome.verdict == .unknown)
        #expect(outcomes.all.last?.outcome.doubts.first?.hasPrefix("limit of") == true)
        let held = PortSet(outcomes.all.last?.region.boxes.flatMap(\.ports.ranges) ?? [])
        #expect(PortSet(1...10).isSubset(of: held))
    }
}
