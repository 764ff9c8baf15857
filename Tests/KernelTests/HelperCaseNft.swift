extension HelperCase {
    // MARK: nftables

    private static let known = "ct state established,related accept"
    private static let accepted = "tcp dport { 21, 2121 } accept"
    private static let set = "tcp dport 21 ct helper set \"std\""

    private static func chain(_ name: String, _ head: String, _ rules: [String]) -> String {
        (["chain \(name) {", "type \(head);"] + rules + ["}"]).joined(separator: "\n")
    }

    /// Assigned in a chain of hook prerouting.
    private static func before(_ rules: [String] = [set], priority: String = "0") -> String {
        chain("before", "filter hook prerouting priority \(priority)", rules)
    }

    private static func table(
        _ chains: [String], input: [String] = [known, accepted], family: String = "inet",
        hook: String = "input"
    ) -> String {
        let head = [
            "table \(family) filter {", "ct helper std { type \"ftp\" protocol tcp; l3proto ip; }",
        ]
        var filters = [chain("filter", "filter hook \(hook) priority filter; policy drop", input)]
        if hook != "input" {
            filters.append(chain("own", "filter hook input priority filter; policy drop", []))
        }
        return (head + chains + filters + ["}"]).joined(separator: "\n") + "\n"
    }

    static let ofNft: [HelperCase] = [
        .init("no helper assigned", opens: false, table([])),
        .init("before", opens: true, table([before()])),
        .init("before, EPSV", opens: true, command: "EPSV", table([before()])),
        .init("before, TLS", opens: false, tls: true, table([before()])),
        .init("before, family ip", opens: true, table([before()], family: "ip")),
        .init("before connections are tracked", opens: false, table([before(priority: "raw")])),
        .init("right behind tracking", opens: true, table([before(priority: "-199")])),
        .init(
            "a helper of the other family", opens: false,
            table([
                "ct helper six { type \"ftp\" protocol tcp; l3proto ip6; }",
                before(["tcp dport 21 ct helper set \"six\""]),
            ])),
        .init(
            "a helper of both families", opens: true,
            table([
                "ct helper both { type \"ftp\" protocol tcp; }",
                before(["tcp dport 21 ct helper set \"both\""]),
            ])),
        .init("helper on another port", opens: false, port: 2121, table([before()])),
        .init(
            "helper on both ports", opens: true, port: 2121,
            table([before(["tcp dport { 21, 2121 } ct helper set \"std\""])])),
        .init("in the input chain", opens: true, table([], input: [known, set + " accept"])),
        .init("in a rule before", opens: true, table([], input: [known, set, accepted])),
        .init("behind the verdict", opens: false, table([], input: [known, accepted, set])),
        .init(
            "only established let in", opens: false,
            table([before()], input: ["ct state established accept", accepted])),
        .init(
            "related of that helper", opens: true,
            table(
                [before()],
                input: [
                    "ct state established accept", "ct state related ct helper \"ftp\" accept",
                    accepted,
                ])),
        .init(
            "related by a map of verdicts", opens: true,
            table(
                [before()],
                input: ["ct state vmap { established : accept, related : accept }", accepted])),
        .init(
            "expected by its status", opens: true,
            table(
                [before()],
                input: ["ct state established accept", "ct status expected accept", accepted])),
        .init(
            "related to port 20 only", opens: false,
            table(
                [before()],
                input: [
                    "ct state established accept", "ct state related tcp dport 20 accept", accepted,
                ])),
        .init(
            "for another client", opens: false,
            table([before(["ip saddr 198.51.100.2 " + set])])),
        .init(
            "for all but this client", opens: false,
            table([before(["ip saddr != { 198.51.100.1, 198.51.100.3 } " + set])])),
        .init(
            "accepted before the helper", opens: false,
            table([before(["ip saddr 198.51.100.0/30 accept", set])])),
        .init(
            "by a chain", opens: true,
            table(["chain x {\n\(set)\n}", before(["tcp dport vmap { 20-30 : jump x }"])])),
        .init(
            "returned before the helper", opens: false,
            table(["chain x {\nip saddr 198.51.100.1 return\n\(set)\n}", before(["jump x"])])),
        .init(
            "behind a chain that isn't left for this", opens: false,
            table(["chain x {\n}", before(["ip protocol tcp goto x", set])])),
        .init(
            "taken out of tracking", opens: false,
            table([
                chain("raw", "filter hook prerouting priority raw", ["tcp dport 21 notrack"]),
                before(),
            ])),
        .init(
            "a line of its own, TLS", opens: true, tls: true,
            table([], input: [known, accepted, "tcp dport 1024-65535 accept"])),
        .init("forwarded, no helper", opens: false, place: .behind, table([], hook: "forward")),
        .init("forwarded", opens: true, place: .behind, table([before()], hook: "forward")),
        .init(
            "assigned where it is forwarded", opens: true, place: .behind,
            table([], input: [known, set, accepted], hook: "forward")),
        .init(
            "translated", opens: true, depends: true, place: .translated,
            table(
                [
                    before(),
                    chain(
                        "nat", "nat hook prerouting priority dstnat",
                        ["tcp dport 21 dnat ip to 192.0.2.1"]),
                ],
                hook: "forward")),
        .init(
            "translated from 2121, assigned before that", opens: false, port: 2121,
            place: .translated,
            table(
                [
                    before(priority: "mangle"),
                    chain(
                        "nat", "nat hook prerouting priority dstnat",
                        ["tcp dport 2121 dnat ip to 192.0.2.1:21"]),
                ], hook: "forward")),
        .init(
            "translated from 2121, assigned behind that", opens: true, depends: true, port: 2121,
            place: .translated,
            table(
                [
                    before(),
                    chain(
                        "nat", "nat hook prerouting priority dstnat",
                        ["tcp dport 2121 dnat ip to 192.0.2.1:21"]),
                ], hook: "forward")),
        .init(
            "redirected from 2100, assigned behind that", opens: true, port: 2100,
            table([
                before(),
                chain(
                    "nat", "nat hook prerouting priority dstnat", ["tcp dport 2100 redirect to :21"]
                ),
            ])),
    ]
}
