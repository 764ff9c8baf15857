import Net
import Policy
import Testing

@testable import PolicyFormats

@Suite struct NftablesJSONTests {
    static let head = """
        {"nftables": [{"metainfo": {"version": "1.0.6", "json_schema_version": 1}},
        {"table": {"family": "inet", "name": "t", "handle": 1}},
        {"ct helper": {"family": "inet", "name": "h", "table": "t", "type": "ftp", "protocol": "tcp"}},
        {"set": {"family": "inet", "name": "s", "table": "t", "type": ["ipv4_addr", "inet_service"], "flags": ["interval"],
         "elem": [{"concat": ["198.51.100.10", {"range": [50000, 50100]}]}, {"elem": {"val": {"concat": ["192.0.2.1", 21]}, "timeout": 60}}]}},
        {"map": {"family": "inet", "name": "m", "table": "t", "type": "inet_service", "map": "verdict", "elem": [[990, {"accept": null}], ["*", {"jump": {"target": "u"}}]]}},
        {"chain": {"family": "inet", "table": "t", "name": "u", "handle": 2}},
        {"chain": {"family": "inet", "table": "t", "name": "in", "type": "filter", "hook": "input", "prio": 0, "policy": "drop"}},

        """

    static func read(_ expressions: [String]) -> Configuration {
        let rules = expressions.map {
            "{\"rule\": {\"family\": \"inet\", \"table\": \"t\", \"chain\": \"in\", \"expr\": [\($0)]}}"
        }
        let own =
            "{\"rule\": {\"family\": \"inet\", \"table\": \"t\", \"chain\": \"u\", \"expr\": "
            + "[{\"match\": {\"op\": \"==\", \"left\": {\"payload\": {\"protocol\": \"tcp\", \"field\": \"dport\"}}, \"right\": 2121}}, {\"accept\": null}]}}"
        let text = head + (rules + [own]).joined(separator: ",\n") + "]}\n"
        return NftablesJSON.read(ConfigText(file: "rules.json", text))
    }

    static let port = "{\"payload\": {\"protocol\": \"tcp\", \"field\": \"dport\"}}"
    static let source = "{\"payload\": {\"protocol\": \"ip\", \"field\": \"saddr\"}}"

    static func match(_ left: String, _ right: String, _ sign: String = "==") -> String {
        "{\"match\": {\"op\": \"\(sign)\", \"left\": \(left), \"right\": \(right)}}"
    }

    @Test(arguments: [
        ([match(port, "21"), "{\"accept\": null}"], "21"),
        (
            [match(port, "{\"set\": [21, {\"range\": [50000, 50100]}]}"), "{\"accept\": null}"],
            "21,50000-50100"
        ),
        ([match(port, "{\"range\": [22, 65535]}", "!="), "{\"accept\": null}"], "0-21"),
        (
            [
                match(source, "{\"prefix\": {\"addr\": \"198.51.100.0\", \"len\": 24}}"),
                match(port, "21"), "{\"accept\": null}",
            ], "21"
        ),
        (
            [match("{\"concat\": [\(source), \(port)]}", "\"@s\""), "{\"accept\": null}"],
            "50000-50100"
        ),
        (
            [
                match("{\"ct\": {\"key\": \"state\"}}", "[\"established\", \"related\"]", "in"),
                "{\"accept\": null}",
            ], ""
        ),
        (
            [
                match("{\"ct\": {\"key\": \"state\"}}", "\"new\"", "in"), match(port, "21"),
                "{\"accept\": null}",
            ], "21"
        ),
        (
            [
                match("{\"meta\": {\"key\": \"iifname\"}}", "\"eth*\""), match(port, "21"),
                "{\"accept\": null}",
            ], "21"
        ),
        (
            [
                match(
                    "{\"&\": [{\"payload\": {\"protocol\": \"tcp\", \"field\": \"flags\"}}, [\"syn\", \"ack\"]]}",
                    "\"syn\""), match(port, "21"), "{\"accept\": null}",
            ], "21"
        ),
        (
            [
                match("{\"fib\": {\"result\": \"type\", \"flags\": [\"daddr\"]}}", "\"local\""),
                match(port, "21"), "{\"accept\": null}",
            ], "21"
        ),
        (["{\"vmap\": {\"key\": \(port), \"data\": \"@m\"}}"], "990,2121"),
        (
            [
                "{\"limit\": {\"rate\": 5, \"per\": \"minute\", \"inv\": true}}",
                "{\"accept\": null}",
            ], ""
        ),
        (
            [
                "{\"mangle\": {\"key\": {\"meta\": {\"key\": \"mark\"}}, \"value\": 1}}, \(match("{\"meta\": {\"key\": \"mark\"}}", "1")), \(match(port, "21"))",
                "{\"accept\": null}",
            ], "21"
        ),
        (
            [
                "{\"counter\": {\"packets\": 1, \"bytes\": 2}}", match(port, "21"),
                "{\"log\": {\"prefix\": \"a\"}}", "{\"accept\": null}",
            ], "21"
        ),
    ])
    func `a rule opens what the kernel would`(parts: [String], open: String) {
        let reading = Self.read([parts.joined(separator: ", ")])
        #expect(NftQuestion.ports(NftQuestion.reach(reading)) == open)
        #expect(NftQuestion.ports(NftQuestion.reach(reading), .unknown) == "")
    }

    @Test(arguments: ["{\"xt\": null}", "{\"newly\": {}}", "{\"queue\": {\"num\": 1}}", "7"])
    func `what isn't understood permits nothing`(statement: String) {
        let reading = Self.read([statement, "\(Self.match(Self.port, "21")), {\"accept\": null}"])
        #expect(NftQuestion.ports(NftQuestion.reach(reading), .unknown) == "0-65535")
        #expect(reading.notes.contains { $0.state == .notModelled || $0.state == .notRecognised })
    }

    @Test(arguments: [
        (#""dormant""#, "1-65535", ""), (#"["dormant", "owner"]"#, "1-65535", ""),
        (#""owner""#, "", ""), (#"["owner", "persist"]"#, "", ""),
        // nft 1.0.6, whatever the flag.
        (#""t""#, "", "1-65535"), (#"["t"]"#, "", "1-65535"), ("1", "", "1-65535"),
    ])
    func `a dormant table judges nothing`(flags: String, open: String, unknown: String) {
        let text =
            Self.head.replacing(
                #""name": "t", "handle": 1"#, with: #""name": "t", "flags": \#(flags)"#)
            + #"{"chain": {"family": "inet", "table": "t", "name": "last"}}]}"#
        let reach = Verdicts.reach(NftablesJSON.read(ConfigText(file: "rules.json", text)))
        #expect(Verdicts.ports(reach) == open)
        #expect(Verdicts.ports(reach, .unknown) == unknown)
    }

    @Test func `a rule is shown in the words of nft`() {
        let reach = NftQuestion.reach(
            Self.read(["\(Self.match(Self.port, "21")), {\"accept\": null}"]))
        let source = reach.segments.first { $0.ports.contains(21) }?.decidedBy.last?.source
        #expect(source?.text == "tcp dport == 21 accept")
        #expect(source?.line == 9)
    }

    @Test func `recognises itself and stands being cut anywhere`() {
        let whole = Self.head + "]}"
        #expect(NftablesJSON.recognise(ConfigText(file: "f", whole)) == .certain)
        #expect(NftablesJSON.recognise(ConfigText(file: "f", "{\"other\": []}")) == .no)
        for end in stride(from: 0, to: whole.utf8.count - 1, by: 7) {
            let cut = ConfigText(file: "f", bytes: Array(whole.utf8.prefix(end)))
            let reach = NftQuestion.reach(NftablesJSON.read(cut))
            #expect(NftQuestion.ports(reach, .unknown) == "0-65535")
        }
    }
}
