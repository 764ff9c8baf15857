import FTP
import Net
import Policy
import Testing

@testable import Analyzer

/// Rows on address families, clients and time.
extension NetworkRuleTests {
    // MARK: PH218

    static func ip6(_ rules: String...) -> String {
        (["# ip6tables-save", "*filter", ":INPUT DROP [0:0]"]
            + rules.map { "-A INPUT -p tcp -m tcp --dport \($0) -j ACCEPT" } + ["COMMIT"])
            .joined(separator: "\n")
    }

    static let open6 = "# ip6tables-save\n*filter\n:INPUT ACCEPT [0:0]\nCOMMIT"
    static let open4 = host("21", "5500:5502")

    static let onlyIPv4 = """
        table ip filter {
            chain input {
                type filter hook input priority filter; policy drop;
                tcp dport { 21, 5500-5502 } accept
            }
        }
        """

    static func hasBoth(_ site: inout Site) {
        site.servers[0].addresses += [v6].compactMap(\.self)
        site.servers[0].inside = site.servers[0].addresses
    }

    static let denyingGroup = """
        {"name": "nsg", "properties": {"securityRules": [{"name": "no", "properties":
        {"priority": 100, "direction": "Inbound", "access": "Deny", "protocol": "*",
        "sourceAddressPrefix": "*", "sourcePortRange": "*",
        "destinationAddressPrefix": "*", "destinationPortRange": "5500-5502"}}]}}
        """

    @Test func `what is shut over one family is opened over that one`() throws {
        var site = try Made.site(vsftpd: Self.range, path: [Self.open4, Self.ip6("21")])
        Self.hasBoth(&site)
        let six = try #require(Self.v6)
        let faults = Made.judge(RangeNotPermitted.self, site, nil).faults
        #expect(
            faults.flatMap(\.changes).map(\.change) == [.permit(PortSet(5500...5502), to: six)])
        #expect(faults.first?.message.contains("not open at \(six): 5500-5502") == true)
        site.hops.removeFirst()
        site.hops.append(contentsOf: try Made.site(nil, path: [Self.host("21")]).hops)
        site.hops[1].name = "four"
        let both = Made.judge(RangeNotPermitted.self, site, nil).faults.flatMap(\.changes)
        #expect(Set(both.map(\.change)).count == 2)
    }

    static let families: [Row] = [
        Row(
            rule: IPv6LeftOut.self, what: "forgotten", mark: "failed", path: [open4, ip6("21")],
            edit: hasBoth),
        Row(
            rule: IPv6LeftOut.self, what: "wide open", mark: "failed", path: [open4, open6],
            edit: hasBoth),
        Row(
            rule: IPv6LeftOut.self, what: "alike", mark: "passed",
            path: [open4, ip6("21", "5500:5502")], edit: hasBoth),
        Row(
            rule: IPv6LeftOut.self, what: "no rules for IPv6 given", mark: "?", path: [open4],
            edit: hasBoth),
        Row(
            rule: IPv6LeftOut.self, what: "a table of IPv4 alone", mark: "failed",
            path: [onlyIPv4]),
        Row(
            rule: IPv6LeftOut.self, what: "a table of both", mark: "n/a",
            path: [onlyIPv4.replacing("table ip ", with: "table inet ")]),
        Row(rule: IPv6LeftOut.self, what: "no IPv6 known of", mark: "n/a", path: [open4]),
        Row(
            rule: TooManyPortsOpen.self, what: "too many over IPv4 alone", mark: "failed",
            path: [host("21", "5000:6000"), ip6("21", "5500:5502")], edit: hasBoth),
        Row(
            rule: TooManyPortsOpen.self, what: "too many over neither", mark: "passed",
            path: [open4, ip6("21", "5500:5502")], edit: hasBoth),
        Row(
            rule: TranslationMissing.self, what: "IPv4 is translated, IPv6 needn't be",
            mark: "passed", path: [Made.router(outsideLines, carried)],
            edit: {
                hasBoth(&$0)
                isBehindNAT(&$0)
            }),
        Row(
            rule: PermitNeverReached.self, what: "what Azure permits at the end is no line",
            mark: "passed", path: [denyingGroup]),
        Row(
            rule: PermitNeverReached.self, what: "a permit for others than the clients",
            mark: "passed",
            path: [
                Made.router([
                    "permit tcp any any eq 21", "deny tcp any any range 5500 5502",
                    "permit tcp host 192.0.2.77 any",
                ])
            ], edit: { $0.servers[0].clients = partners }),
        Row(
            rule: IPv6LeftOut.self, what: "no client with IPv6", mark: "n/a",
            path: [open4, ip6("21")],
            edit: {
                hasBoth(&$0)
                $0.servers[0].clients = partners
            }),
        Row(rule: IPv6LeftOut.self, what: "no path", mark: "n/a"),
    ]

    // MARK: PH221

    static let partners = Prefix("198.51.100.0/24").map { AddressSet($0) } ?? AddressSet()

    static func hasPartners(_ site: inout Site) { site.servers[0].clients = partners }

    static let fromPartners = open4.replacing("-p tcp", with: "-s 198.51.100.0/24 -p tcp")

    static let sources: [Row] = [
        Row(
            rule: SourceOpenToAll.self, what: "any", mark: "failed", path: [open4],
            edit: hasPartners),
        Row(
            rule: SourceOpenToAll.self, what: "any but private addresses", mark: "failed",
            path: [
                Made.router(["deny ip 10.0.0.0 0.255.255.255 any"] + outsideLines)
            ], edit: hasPartners),
        Row(
            rule: SourceOpenToAll.self, what: "the partners", mark: "passed",
            path: [fromPartners], edit: hasPartners),
        Row(
            rule: SourceOpenToAll.self, what: "a little wider", mark: "passed",
            path: [fromPartners.replacing(".0/24", with: ".0/22")], edit: hasPartners),
        Row(
            rule: SourceOpenToAll.self, what: "the partners at one device, all at another",
            mark: "passed", path: [fromPartners, open4], edit: hasPartners),
        Row(
            rule: SourceOpenToAll.self, what: "a clock decides", mark: "?",
            path: [Made.router(["permit tcp any host 203.0.113.10 time-range work"])],
            edit: hasPartners),
        Row(rule: SourceOpenToAll.self, what: "anybody may", mark: "n/a", path: [open4]),
        Row(rule: SourceOpenToAll.self, what: "no path", mark: "n/a", edit: hasPartners),
    ]

    // MARK: PH222

    static func asa(forgetting time: String, _ more: String = "") -> String {
        asa("10.1.1.10") + "\ntimeout conn \(time) half-closed 0:10:00" + more
    }

    /// A session with one transfer that lasted so many seconds.
    static func transfer(_ seconds: Int, reply: Int? = nil) -> [SessionRecord] {
        var channel = Made.channel(5500, .established)
        channel.lastDataFrame = Made.frame(11 + seconds)
        channel.transferReply = reply
        return [Made.session([channel])]
    }

    static let forgetful = asa(forgetting: "0:05:00")

    static let timeouts: [Row] = [
        Row(
            rule: IdleTimeoutTooShort.self, what: "a reply that never came", mark: "failed",
            path: [forgetful], sessions: transfer(400)),
        Row(
            rule: IdleTimeoutTooShort.self, what: "a reply seen inside", mark: "failed",
            path: [forgetful], edit: { $0.tap = .inside }, sessions: transfer(400, reply: 226)),
        Row(
            rule: IdleTimeoutTooShort.self, what: "IOS's translations", mark: "failed",
            path: [
                Made.router(outsideLines, carried + ["ip nat translation tcp-timeout 300"])
            ], edit: isBehindNAT, sessions: transfer(400)),
        Row(
            rule: IdleTimeoutTooShort.self, what: "short transfers", mark: "passed",
            path: [forgetful], sessions: transfer(60, reply: 226)),
        Row(
            rule: IdleTimeoutTooShort.self, what: "kept alive", mark: "passed",
            path: [forgetful], edit: { $0.tap = .outside }, sessions: transfer(400, reply: 226)),
        Row(
            rule: IdleTimeoutTooShort.self, what: "never forgets", mark: "passed",
            path: [asa(forgetting: "0")]),
        Row(
            rule: IdleTimeoutTooShort.self, what: "a reply seen somewhere", mark: "?",
            path: [forgetful], sessions: transfer(400, reply: 226)),
        Row(
            rule: IdleTimeoutTooShort.self, what: "hidden by TLS", mark: "?", path: [forgetful],
            sessions: {
                var session = Made.encrypted(.established)
                session.hiddenData[0].last = Made.frame(500)
                return [session]
            }()),
        Row(
            rule: IdleTimeoutTooShort.self, what: "no transfer", mark: "?", path: [forgetful],
            sessions: [Made.session()]),
        Row(
            rule: IdleTimeoutTooShort.self, what: "no traffic", mark: "?", path: [forgetful]),
        Row(
            rule: IdleTimeoutTooShort.self, what: "a class with a timeout of its own", mark: "?",
            path: [
                asa(
                    forgetting: "0:05:00",
                    "\npolicy-map p\n class c\n  set connection timeout idle 2:00:00")
            ], sessions: transfer(400)),
        Row(
            rule: IdleTimeoutTooShort.self, what: "the file doesn't say", mark: "?",
            path: [open4], sessions: transfer(400)),
        Row(
            rule: IdleTimeoutTooShort.self, what: "one file of two says", mark: "?",
            path: [forgetful, open4], sessions: transfer(60)),
        Row(rule: IdleTimeoutTooShort.self, what: "no path", mark: "n/a"),
    ]
}
