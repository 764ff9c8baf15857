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

    @Test func `connections of another family than the helper's don't get it`() {
        let rules = ["ct state related accept", "tcp dport 21 ct helper set \"a\" accept"]
        for (words, opens) in [("l3proto ip6;", false), ("l3proto inet;", true), ("", true)] {
            let helper = "ct helper a { type \"ftp\" protocol tcp; \(words) }"
            let reading = NftQuestion.read(NftQuestion.table(rules, before: [helper]))
            let reach = NftQuestion.reach(reading, control: 21)
            let open = NftQuestion.ports(reach, .permittedByInspection)
            #expect(open == (opens ? "0-20,22-65535" : ""))
        }
    }

    @Test func `an untracked control connection has no helper`() {
        let raw = "chain raw { type filter hook prerouting priority raw; tcp dport 21 notrack; }"
        let rules = ["tcp dport 21 ct helper set \"std\" accept"]
        #expect(Self.ports(rules, pre: raw) == "")
        let text = NftQuestion.table(
            ["ct state established,related accept"] + rules,
            before: ["ct helper std { type \"ftp\" protocol tcp; }", raw])
        #expect(NftQuestion.open(text) == "21")
    }

    /// The rule that assigns sees the port behind the translation.
    @Test func `a redirected control connection is helped by its new port`() {
        let nat =
            "chain nat { type nat hook prerouting priority dstnat; tcp dport 2100 redirect to :21; }"
        let rules = ["tcp dport 21 ct helper set \"std\" accept"]
        #expect(Self.ports(rules, pre: nat, control: 2100) == "0-20,22-2099,2101-65535")
        let raw = nat + "\n" + Self.chain("mangle")
        #expect(Self.ports(["tcp dport 21 accept"], pre: raw, control: 2100) == "")
    }

    /// With nf_nat_ftp the kernel lets the data connection in, without it doesn't.
    @Test func `data ports of a translated control connection can't be told`() {
        let text = """
            table ip t {
                ct helper std { type "ftp" protocol tcp; }
                chain pre { type filter hook prerouting priority 0; tcp dport 21 ct helper set "std"; }
                chain nat { type nat hook prerouting priority dstnat; tcp dport 21 dnat to 10.1.1.10; }
                chain in { type filter hook input priority 0; policy drop; }
                chain through { type filter hook forward priority 0; policy drop;
                    ct state established,related accept
                    ip daddr 10.1.1.10 tcp dport 21 accept
                }
            }

            """
        let reach = NftQuestion.reach(NftQuestion.read(text), control: 21)
        #expect(NftQuestion.ports(reach) == "21")
        #expect(NftQuestion.ports(reach, .unknown) == "0-20,22-65535")
        let unknown = reach.segments.first { $0.verdict == .unknown }
        #expect(unknown?.notes.contains { $0.contains("nf_nat_ftp") } ?? false)
        let blind = NftQuestion.reach(NftQuestion.read(text))
        #expect(NftQuestion.ports(blind, .unknown) == "")
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
