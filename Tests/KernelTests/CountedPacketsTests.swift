import Net
import Policy
import PolicyFormats
import Testing

/// Rules that count packets of a source: `reach` answers for the first one.
extension KernelTests {
    private static let counting = """
        *filter
        :INPUT DROP [0:0]
        -A INPUT -i \(Laboratory.interface) -p tcp -m recent --set --name S --rsource
        -A INPUT -p tcp -m recent --update --seconds 60 --hitcount 2 --name S --rsource -j DROP
        -A INPUT -p tcp -m tcp --dport 5000:5001 -j ACCEPT
        COMMIT
        """

    @Test func `a source's first packet passes recent with a hit count, its second does not`()
        throws
    {
        let server = RandomRules.server
        let laboratory = try Laboratory(clients: RandomRules.clients, address: server)
        defer {
            do { try laboratory.close() } catch { Issue.record(error) }
        }
        try laboratory.load(Self.counting, by: .iptables)
        for (index, ports) in ([[5000, 5001], [5001, 5000]] as [[UInt16]]).enumerated() {
            let probes = ports.map {
                Probe(client: RandomRules.clients[index], destination: server, port: $0)
            }
            #expect(try laboratory.answered([probes[0]]) == [probes[0]])
            #expect(try laboratory.answered([probes[1]]).isEmpty)
        }
        let hop = Hop(
            name: "",
            configuration: try Formats.read(
                file: "rules", bytes: Array(Self.counting.utf8)),
            place: .host, outside: Laboratory.interface,
            source: SourceLine(file: "", line: nil, text: ""))
        let source = try #require(IPAddress(RandomRules.clients[0]))
        let reach = PathEvaluator([hop]).reach(
            ReachQuestion(
                from: AddressSet([source...source]), to: try #require(IPAddress(server)),
                ports: PortSet(5000...5001)))
        let segment = try #require(reach.segments.first)
        #expect(reach.segments.count == 1 && segment.verdict == .permitted)
        #expect(reach.notes.contains { $0.contains("first packet") })
    }
}
