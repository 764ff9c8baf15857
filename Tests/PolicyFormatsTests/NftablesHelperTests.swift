import Net
import Policy
import Testing

@testable import PolicyFormats

/// The FTP helper opens data ports where a rule really assigns it.
@Suite struct NftablesHelperTests {
    static func ports(_ rules: [String], pre: String = "", control: UInt16? = 21) -> String {
        let text = NftQuestion.table(
            ["ct state established,related accept"] + rules,
            before: ["ct helper std { type \"ftp\" protocol tcp; l3proto ip; }", pre])
        let reach = NftQuestion.reach(NftQuestion.read(text), control: control)
        return NftQuestion.ports(reach, .permittedByInspection)
    }

    static func chain(_ priority: String) -> String {
        "chain pre { type filter hook prerouting priority \(priority); tcp dport 21 ct helper set \"std\"; }"
    }

    @Test func `data ports are open while a watched control connection announces them`() {
        let all = "0-20,22-65535"
        #expect(Self.ports(["tcp dport 21 accept"], pre: Self.chain("filter")) == all)
        #expect(Self.ports(["tcp dport 21 ct helper set \"std\" accept"]) == all)
        #expect(Self.ports(["ct helper set \"std\" tcp dport 21 accept"]) == all)
    }

    @Test func `a helper that no control connection gets opens nothing`() {
        #expect(Self.ports(["tcp dport 21 accept"]) == "")
        // Before connection tracking there is nothing to help.
        #expect(Self.ports(["tcp dport 21 accept"], pre: Self.chain("raw")) == "")
        #expect(Self.ports(["tcp dport 21 accept", "tcp dport 21 ct helper set \"std\""]) == "")
        #expect(
            Self.ports(["tcp dport { 21, 2121 } accept"], pre: Self.chain("filter"), control: 2121)
                == "")
        #expect(Self.ports(["tcp dport 21 ct helper set \"std\" drop"]) == "")
        #expect(Self.ports(["tcp dport 21 ct helper set \"std\" accept"], control: nil) == "")
    }

    @Test func `related connections may be asked for by their helper`() {
        let rules = ["tcp dport 21 ct helper set \"std\" accept"]
        #expect(Self.ports(rules) == "0-20,22-65535")
        let text = NftQuestion.table(
            ["ct helper \"ftp\" tcp dport 50000-50100 accept"] + rules,
            before: ["ct helper std { type \"ftp\" protocol tcp; }"])
        let reach = NftQuestion.reach(NftQuestion.read(text), control: 21)
        #expect(NftQuestion.ports(reach, .permittedByInspection) == "50000-50100")
    }

    @Test func `only the clients that get it are helped`() {
        let rules = [
            "ip saddr 192.0.2.0/24 tcp dport 21 ct helper set \"std\"", "tcp dport 21 accept",
        ]
        #expect(Self.ports(rules) == "")
        let text = NftQuestion.table(
            ["ct state related accept"] + rules,
            before: ["ct helper std { type \"ftp\" protocol tcp; }"])
        let reach = NftQuestion.reach(NftQuestion.read(text), from: .allV4, control: 21)
        let helped = reach.segments.filter { $0.verdict == .permittedByInspection }
        #expect(helped.map { "\($0.from)" } == ["192.0.2.0/24"])
    }
}
