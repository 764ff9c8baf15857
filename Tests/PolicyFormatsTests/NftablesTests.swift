import Net
import Policy
import Testing

@testable import PolicyFormats

@Suite struct NftablesTests {
    @Test(arguments: [
        ("tcp dport 21 accept", "21"), ("tcp dport { 21, 50000-50100 } accept", "21,50000-50100"),
        ("tcp dport != { 22-65535 } accept", "0-21"), ("tcp dport >= 65000 accept", "65000-65535"),
        ("tcp dport < 21 accept", "0-20"), ("tcp dport ftp accept", "21"),
        // Octal behind a 0, but what is no octal number is a name to the library.
        ("tcp dport 021 accept", "17"), ("tcp dport { 08, 0x20-040 } accept", "8,32"),
        ("ip saddr 0306.51.100.0/24 tcp dport 21 accept", "21"),
        ("ip saddr 198.51.100.0/030 tcp dport 21 accept", "21"),
        ("ip saddr 198.51.100.0/040 tcp dport 21 accept", ""),
        ("meta l4proto tcp th dport 21 accept", "21"),
        ("ip protocol tcp tcp dport 21 accept", "21"), ("udp dport 21 accept", ""),
        ("meta l4proto { tcp, udp } th dport 21 accept", "21"),
        ("meta l4proto != tcp accept", ""), ("ip6 nexthdr tcp accept", ""),
        ("tcp dport & 0xfffe == 20 accept", "20-21"),
        ("ip saddr 198.51.100.0/24 tcp dport 21 accept", "21"),
        ("ip saddr != 198.51.100.0/24 tcp dport 21 accept", ""),
        ("ip saddr { 192.0.2.0/24, 198.51.100.1-198.51.100.20 } tcp dport 21 accept", "21"),
        ("ip saddr & 255.255.255.0 == 198.51.100.0 tcp dport 21 accept", "21"),
        ("ip6 saddr != ::1 tcp dport 21 accept", ""),
        ("ip daddr 203.0.113.5 tcp dport 21 accept", "21"),
        ("ip saddr . tcp dport { 198.51.100.10 . 21, 192.0.2.1 . 22 } accept", "21"),
        ("ip saddr . tcp dport != { 198.51.100.10 . 22-65535 } accept", "0-21"),
        ("iifname \"eth*\" tcp dport 21 accept", "21"), ("iifname != eth0 accept", ""),
        ("iif { lo, eth0 } tcp dport 21 accept", "21"), ("oifname eth0 accept", ""),
        ("oifname != eth0 tcp dport 21 accept", "21"),
        ("iifname . ip saddr { \"eth0\" . 198.51.100.10 } tcp dport 21 accept", "21"),
        ("ct state new tcp dport 21 accept", "21"), ("ct state established,related accept", ""),
        // `!=` and a list: another value than both bits together, which no state is.
        ("ct state != new,established tcp dport 21 accept", "21"),
        ("ct state != { new, established } tcp dport 21 accept", ""),
        ("ct state vmap { established : accept, new : jump open } ", "21"),
        ("tcp dport vmap { 21 : accept, 22 : drop, 990 : jump open, * : jump open }", "21"),
        ("tcp dport vmap { 20-22 : continue } counter", ""),
        ("ct state vmap { new : continue } tcp dport 21 accept", "21"),
        ("tcp flags syn tcp dport 21 accept", "21"),
        ("tcp flags & (fin|syn|rst|ack) == syn tcp dport 21 accept", "21"),
        ("tcp flags syn / fin,syn,rst,ack tcp dport 21 accept", "21"),
        ("tcp flags ! ack tcp dport 21 accept", "21"),
        ("tcp flags { syn, ack } tcp dport 1 accept", "1"),
        ("tcp flags != syn accept", ""), ("fib daddr type local tcp dport 21 accept", "21"),
        ("limit rate 5/minute burst 5 packets tcp dport 21 accept", "21"),
        // A SYN is no fragment.
        ("ip frag-off & 0x1fff != 0 drop; tcp dport 21 accept", "21"),
        ("ip frag-off & 0x3fff == 0 tcp dport 21 accept", "21"),
        ("ip frag-off & 0x2000 != 0 accept", ""), ("tcp dport rsync accept", "873"),
        ("limit rate over 5/minute accept", ""), ("ct count over 3 accept", ""),
        ("quota 25 mbytes used 26 mbytes accept", ""),
        ("quota over 25 mbytes used 26 mbytes tcp dport 21 accept", "21"),
        (
            "log prefix \"a drop; }\" flags all counter tcp dport 21 accept comment \"b accept\"",
            "21"
        ),
        ("meta mark set 0x3 tcp dport 21 meta mark & 0x1 == 0x1 accept", "21"),
        ("meta mark 0x0 meta mark set 0x1 meta mark 0x1 tcp dport 21 accept", "21"),
        ("meta mark 0-2 tcp dport 21 accept", "21"), ("meta mark 1-2 accept", ""),
        ("meta mark != { 1-2, 7 } tcp dport 21 accept", "21"),
        ("meta mark set 5 meta mark > 4 tcp dport 21 accept", "21"),
        ("meta mark set 5 meta mark 0x4/30 tcp dport 21 accept", "21"),
        ("meta mark set 5 meta mark <= 4 accept", ""),
        ("meta mark & 0x0 == 0x0 tcp dport 21 accept", "21"),
        ("ct mark set 6 meta mark set ct mark & 3 meta mark 2 tcp dport 21 accept", "21"),
        ("ct status dnat accept", ""), ("ct status ! dnat tcp dport 21 accept", "21"),
        ("ct direction reply accept", ""), ("ct original proto-dst 21 accept", "21"),
        ("tcp sport 20 accept", ""), ("goto open", "21"), ("jump open", "21"),
        ("ct state new jump { tcp dport 21 accept; }", "21"),
        ("meta pkttype { broadcast, multicast } accept", ""), ("exthdr frag exists accept", ""),
        ("fib saddr . iif oif missing accept", ""), ("meta nfproto ipv6 accept", ""),
    ])
    func `a rule opens what the kernel would`(rule: String, open: String) {
        let text = NftQuestion.table([rule], before: ["chain open { tcp dport 21 accept; }"])
        #expect(NftQuestion.open(text) == open)
        let state = NftQuestion.read(text).notes[4].state
        #expect(state == .used || state == .irrelevant)
    }

    @Test(arguments: [
        ("meta length 40-60 accept", LineNote.State.notModelled),
        ("tcp dport nosuchname accept", .notModelled),
        ("tcp dport FTP accept", .notModelled), ("meta time > 5 accept", .notModelled),
        ("osf name \"Linux\" accept", .notModelled), ("queue num 1", .notModelled),
        ("synproxy mss 1460 wscale 7 timestamp sack-perm", .notModelled),
        ("xt match \"conntrack\" accept", .notRecognised), ("newly made words", .notRecognised),
        ("limit rate over { 15/minute, 3/second } drop", .notRecognised),
    ])
    func `what isn't understood permits nothing`(rule: String, state: LineNote.State) {
        let reading = NftQuestion.read(NftQuestion.table([rule]))
        #expect(reading.notes[3].state == state)
        #expect(NftQuestion.ports(NftQuestion.reach(reading)) == "")
        #expect(NftQuestion.ports(NftQuestion.reach(reading), .unknown) != "")
    }

    @Test func `what stands before a word that isn't known still narrows`() {
        let reading = NftQuestion.read(NftQuestion.table(["tcp dport 80 newly made accept"]))
        #expect(NftQuestion.ports(NftQuestion.reach(reading), .unknown) == "80")
    }

    @Test func `an accept ends its own chain, a drop ends all`() {
        let early = """
            table ip early {
                chain in { type filter hook input priority -10; policy accept;
                    tcp dport 21-22 accept
                    tcp dport 50000 drop
                }
            }

            """
        #expect(
            NftQuestion.open(early + NftQuestion.table(["tcp dport { 21, 50000 } accept"])) == "21")
    }

    @Test func `named sets, maps and their elements are what was added`() {
        let sets = [
            "set ports { type inet_service; flags interval; elements = { 21, 990-991 } }",
            "map verdicts { type inet_service : verdict; elements = { 22 : accept, * : drop } }",
            "set none { type ipv4_addr; flags dynamic, timeout; timeout 10m; }",
        ]
        let rules = ["ip saddr @none drop", "tcp dport @ports accept", "tcp dport vmap @verdicts"]
        let text = NftQuestion.table(rules, before: sets)
        #expect(NftQuestion.open(text) == "21-22,990-991")
        #expect(
            NftQuestion.open(text + "add element inet filter ports { 5001-5002 }\n")
                == "21-22,990-991,5001-5002")
    }

    @Test func `a packet that a rule puts into a set is in it`() {
        let sets = ["set seen { type ipv4_addr . inet_service; flags dynamic; }"]
        let rules = [
            "tcp dport 21 add @seen { ip saddr . 22 }", "tcp dport 23 add @seen { ip saddr . 23 }",
            "ip saddr . tcp dport @seen accept",
        ]
        #expect(NftQuestion.open(NftQuestion.table(rules, before: sets)) == "23")
    }

    /// A limit is kept for elements that a rule puts in, not for those that were there without.
    @Test func `an element without a limit of its own passes any`() {
        let sets = ["set seen { type ipv4_addr; flags dynamic; elements = { 198.51.100.10 }; }"]
        let rules = ["add @seen { ip saddr limit rate over 3/second } tcp dport 21 accept"]
        let reading = NftQuestion.read(NftQuestion.table(rules, before: sets))
        #expect(NftQuestion.ports(NftQuestion.reach(reading)) == "21")
        let other = AddressSet(IPAddress(v4: 0xc000_0201))
        #expect(NftQuestion.ports(NftQuestion.reach(reading, from: other)) == "")
    }

    /// The kernel lets 22 in: `ct mark` ends a rule where there is no connection.
    @Test(arguments: ["ct mark", "ct mark | 1"])
    func `an untracked packet has no connection whose mark a rule could take`(mark: String) {
        let raw = """
            table ip t {
                chain more {
                    tcp dport > 21 meta mark set \(mark) drop
                }
                chain raw { type filter hook prerouting priority raw; policy accept;
                    tcp dport 22 notrack jump more
                }
                chain pre { type filter hook prerouting priority 0; policy accept;
                    tcp dport 21-23 jump more
                }
            }

            """
        #expect(
            NftQuestion.open(raw + NftQuestion.table(["tcp dport 20-30 accept"])) == "20-22,24-30")
    }

    /// The kernel lets 21 in: before tracking a mark is lost, but a key that isn't there ends a rule.
    @Test func `a map's missing key ends the rule also where there is no connection to mark`() {
        let raw = """
            table ip t {
                chain raw { type filter hook prerouting priority raw; policy accept;
                    ct mark set tcp dport map { 22 : 1, 23 : 2 } drop
                }
            }

            """
        #expect(NftQuestion.open(raw + NftQuestion.table(["tcp dport 21-24 accept"])) == "21,24")
    }

    /// The kernel drops none.
    @Test func `before tracking a mark out of a map is lost like any other`() {
        let raw = """
            table ip t {
                chain raw { type filter hook prerouting priority raw; policy accept;
                    ct mark set tcp dport map { 21 : 1, 22 : 2 }
                    ct mark set meta mark
                }
            }

            """
        let filter = NftQuestion.table(["ct mark 1-2 drop", "tcp dport 21-23 accept"])
        #expect(NftQuestion.open(raw + filter) == "21-23")
    }

    @Test func `at the priority of tracking it can't be told what is left on a connection`() {
        func reach(_ statement: String) -> Reach {
            let chain = """
                table ip t {
                    chain at { type filter hook prerouting priority -200; policy accept;
                        tcp dport 21-23 \(statement)
                    }
                }

                """
            let filter = ["ct mark 1 tcp dport 21 accept", "ct mark 0 tcp dport 22 accept"]
            return NftQuestion.reach(NftQuestion.read(chain + NftQuestion.table(filter)))
        }
        #expect(NftQuestion.ports(reach("ct mark set 1"), .unknown) == "21-22")
        #expect(NftQuestion.ports(reach("ct mark set meta mark"), .unknown) == "21-22")
        #expect(NftQuestion.ports(reach("notrack"), .unknown).contains("22"))
    }

    /// The kernel lets 21 in by the second rule: it goes to the address of the interface.
    @Test func `what is redirected from another host leaves that host's address behind`() {
        func reach(_ filter: [String]) -> Reach {
            let nat = """
                table ip nat {
                    chain pre { type nat hook prerouting priority dstnat; policy accept;
                        tcp dport 21 redirect to :2121
                    }
                }

                """
            return NftQuestion.reach(
                NftQuestion.read(nat + NftQuestion.table(filter)), place: .through, leaving: "lan0")
        }
        let asked = reach(["ip daddr 203.0.113.5 drop", "tcp dport 2121 accept"])
        #expect(NftQuestion.ports(asked, .unknown) == "21")
        let notes = asked.segments.flatMap { $0.notes }
        #expect(notes.contains { $0.contains("own address") })
        #expect(asked.notes.contains { $0.contains("as if it went on to 203.0.113.5") })
        let other = reach(["ip6 daddr ::1 drop", "ip daddr 0.0.0.0/0 tcp dport 2121 accept"])
        #expect(NftQuestion.ports(other, .unknown) == "")
        let loopback = reach(["ip daddr 127.0.0.0/8 drop", "tcp dport 2121 accept"])
        #expect(NftQuestion.ports(loopback, .unknown) == "")
        #expect(other.segments.first { $0.ports.contains(21) }?.verdict == .permitted)
    }

    @Test func `the filter sees a redirected port, and the connection its first one`() {
        let nat = """
            table ip nat {
                chain pre { type nat hook prerouting priority dstnat; policy accept;
                    meta l4proto tcp redirect to :tcp dport map { 990 : 21, 50000-50010 : 5001 }
                }
            }

            """
        let filter = NftQuestion.table([
            "tcp dport 21 accept", "ct original proto-dst 50005 accept",
        ])
        let reach = NftQuestion.reach(NftQuestion.read(nat + filter))
        #expect(NftQuestion.ports(reach) == "21,990,50005")
        let redirected = reach.segments.first { $0.ports.contains(990) }
        #expect(redirected?.translatedPorts == 21...21)
        #expect(redirected?.decidedBy.map(\.source.line) == [3, 9])
    }

    @Test func `what is translated to another host is forwarded`() {
        let text = """
            table inet t {
                map hosts { type inet_service : ipv4_addr . inet_service; elements = { 21 : 10.1.1.10 . 2121 } }
                chain pre { type nat hook prerouting priority dstnat; policy accept;
                    dnat ip to tcp dport map @hosts
                    tcp dport 22 dnat ip to 10.1.1.11-10.1.1.12
                }
                chain input { type filter hook input priority 0; policy drop; }
                chain forward { type filter hook forward priority 0; policy drop;
                    ct status dnat oifname "lan*" accept
                }
            }
            """
        let reach = NftQuestion.reach(NftQuestion.read(text), leaving: "lan0")
        #expect(NftQuestion.ports(reach) == "21-22")
        let first = reach.segments.first { $0.ports.contains(21) }
        #expect(first?.translatedTo == IPAddress(v4: 0x0a01_010a))
        #expect(first?.translatedPorts == 2121...2121)
        #expect(reach.segments.first { $0.ports.contains(22) }?.alternatives.count == 2)
    }

    @Test func `connections are known behind connection tracking only`() {
        let text = """
            table ip raw {
                chain pre { type filter hook prerouting priority raw; policy accept;
                    ct state invalid tcp dport 5 drop
                    tcp dport 21 notrack
                }
                chain late { type filter hook prerouting priority 0; policy accept;
                    tcp dport 22 notrack
                }
            }

            """
        let filter = NftQuestion.table(["ct state new tcp dport { 5, 21-22 } accept"])
        #expect(NftQuestion.open(text + filter) == "22")
    }

    @Test func `a chain of a network device judges what comes by it`() {
        let text = """
            table netdev t {
                chain in { type filter hook ingress device "eth0" priority 0; policy accept;
                    tcp dport 21 drop
                }
            }

            """
        let reading = NftQuestion.read(text + NftQuestion.table(["tcp dport 21-22 accept"]))
        #expect(NftQuestion.ports(NftQuestion.reach(reading)) == "22")
        #expect(NftQuestion.ports(NftQuestion.reach(reading, entering: "eth1")) == "21-22")
        #expect(NftQuestion.ports(NftQuestion.reach(reading, entering: nil), .unknown) == "21")
    }

    @Test func `tables of other families and dormant ones are noted, not applied`() {
        let text = """
            table bridge b {
                chain in { type filter hook input priority 0; policy drop; }
            }
            table ip6 s {
                chain in { type filter hook input priority 0; policy drop; }
            }
            table ip d {
                flags dormant
                chain in { type filter hook input priority 0; policy drop; }
            }

            """
        let reading = NftQuestion.read(text)
        #expect(NftQuestion.ports(NftQuestion.reach(reading)) == "0-65535")
        #expect(reading.device?.assumptions.contains { $0.contains("bridge b") } == true)
    }

    /// A packet is looked up once, whatever the chain that it is sent to makes of it.
    @Test func `what comes back from a jump isn't taken by another element of the map`() {
        let marking = ["chain marking {", "\tmeta mark set 2", "}"]
        let text = NftQuestion.table(
            ["meta mark vmap { 0 : jump marking, 1-2 : drop }", "tcp dport 21 accept"],
            before: marking)
        #expect(NftQuestion.open(text) == "21")
    }
}
