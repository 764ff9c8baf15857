import Net
import Policy
import Testing

@testable import HostFormats
@testable import PolicyFormats

@Suite struct NftablesWriterTests {
    static let text = NftQuestion.table(
        ["ct state established,related accept", "tcp dport 21 accept", "tcp dport 5000-6000 drop"])

    /// The ports open to the client once the commands ran, one after the other.
    static func after(_ text: String, _ fix: Fix?) throws -> String {
        let fix = try #require(fix)
        let reading = NftReading.text(ConfigText(file: "f", text), [])
        let before = NftCommands.commands(reading.ruleset).map(NftShell.line)
        return NftQuestion.open((before + fix.commands).joined(separator: "\n") + "\n")
    }

    @Test func `opens ports above what denies them, in each chain that would`() throws {
        let early =
            "table ip early {\n\tchain in {\n\t\ttype filter hook input priority -5; policy accept;\n\t\ttcp dport 5100 drop\n\t}\n}\n"
        let both = early + Self.text
        let fix = Nftables.fix(
            .permit(PortSet(5001...5201), to: NftQuestion.server), NftQuestion.read(both))
        #expect(
            fix?.commands == [
                "nft 'insert rule ip early in ip daddr 203.0.113.5 tcp dport 5001-5201 ct state new accept comment \"pinhole: open 5001-5201 of 203.0.113.5\"'",
                "nft 'insert rule inet filter input ip daddr 203.0.113.5 tcp dport 5001-5201 ct state new accept comment \"pinhole: open 5001-5201 of 203.0.113.5\"'",
            ])
        #expect(fix?.undo.count == 2)
        #expect(try Self.after(both, fix) == "21,5001-5201")
    }

    /// Rules are taken back by their comments.
    @Test func `what is taken back is no rule of another address`() throws {
        let read = NftQuestion.read(Self.text)
        let (ports, other) = (PortSet(21...21), IPAddress(v4: 0xcb00_7106))
        for change in [Change.permit, Change.forbid] {
            let undo = Nftables.fix(change(ports, NftQuestion.server), read)?.undo
            #expect(undo != nil && undo != Nftables.fix(change(ports, other), read)?.undo)
        }
    }

    @Test(arguments: ["f; reboot", "f$(reboot)", "f'", "f"])
    func `opens nothing in a chain whose name no command can hold`(_ table: String) throws {
        let text = """
            {"nftables": [
            {"table": {"family": "inet", "name": "\(table)", "handle": 1}},
            {"chain": {"family": "inet", "table": "\(table)", "name": "i", "handle": 1,
            "type": "filter", "hook": "input", "prio": 0, "policy": "drop"}}]}
            """
        let read = try Formats.read(file: "f.json", bytes: Array(text.utf8))
        let fix = NftablesJSON.fix(.permit(PortSet(21...21), to: NftQuestion.server), read)
        #expect((fix == nil) == (table != "f"))
    }

    @Test func `closes ports, with a chain of its own where there is none`() throws {
        let ports = PortSet([21...21, 50000...50100])
        let change = Change.forbid(ports, to: NftQuestion.server)
        let fix = Nftables.fix(change, NftQuestion.read(Self.text))
        #expect(try Self.after(Self.text, fix) == "")
        let empty = "table inet other {\n}\n"
        let alone = Nftables.fix(change, NftQuestion.read(empty))
        #expect(try Self.after(empty, alone) == "0-20,22-49999,50101-65535")
    }

    @Test func `translates ports`() throws {
        let inside = IPAddress(v4: 0x0a01_010a)
        let change = Change.translate(
            PortSet(21...21), outside: NftQuestion.server, inside: inside)
        for text in [
            "table inet other {\n}\n",
            "table inet nat {\n\tchain pre {\n\t\ttype nat hook prerouting priority -100; policy accept;\n\t}\n}\n",
        ] {
            let fix = try #require(Nftables.fix(change, NftQuestion.read(text)))
            let reading = NftReading.text(ConfigText(file: "f", text), [])
            let lines = NftCommands.commands(reading.ruleset).map(NftShell.line) + fix.commands
            let reach = NftQuestion.reach(NftQuestion.read(lines.joined(separator: "\n") + "\n"))
            let segment = reach.segments.first { $0.ports.contains(21) }
            #expect(segment?.translatedTo == inside)
        }
    }

    static let sample = """
        table inet filter {
            set hosts { type ipv4_addr; flags interval; elements = { 192.0.2.0/24, 198.51.100.1-198.51.100.20 } }
            set pairs { type ipv4_addr . inet_service; flags interval; elements = { 198.51.100.10 . 21-22, 192.0.2.1 . 80 } }
            map verdicts { type inet_service : verdict; flags interval; elements = { 990 : accept, 5000-5005 : jump open, * : continue } }
            set seen { type ipv4_addr; size 100; flags dynamic; }
            ct helper std { type "ftp" protocol tcp; l3proto ip; }
            limit slow { rate over 5/minute }
            chain open { meta mark & 0x00000001 == 0x00000001 accept; tcp dport != 5003 return; reject with tcp reset; }
            chain input {
                type filter hook input priority -5; policy drop;
                ct state vmap { established : accept, related : accept, invalid : drop }
                iifname "eth*" ip saddr @hosts meta mark set meta mark | 0x1
                limit name "slow" drop
                ip saddr . tcp dport @pairs ct helper set "std" accept
                tcp dport vmap @verdicts
                add @seen { ip saddr } tcp dport { 8000-8010, 8080 } ip saddr @seen accept
                tcp flags & (fin | syn | rst | ack) == syn tcp dport 7000 log prefix "it's: " accept comment "b"
                ip saddr 192.0.2.0/25 jump { tcp dport 6000 accept; }
            }
        }
        table ip nat {
            chain pre { type nat hook prerouting priority dstnat; policy accept;
                ip daddr 203.0.113.5 tcp dport map { 23 : 10.1.1.10 . 2323 } counter
                dnat to tcp dport map { 23 : 10.1.1.10 . 2323, 24 : 10.1.1.11 . 24 }
                tcp dport 25 redirect to :8080
                meta l4proto tcp th dport 26 dnat to 10.1.1.10-10.1.1.12:5000-5010 random
            }
        }

        """

    /// What was understood, written as commands and read again, is the same policy.
    @Test func `round trip`() {
        for text in [Self.text, Self.sample] {
            let first = NftReading.text(ConfigText(file: "f", text), [])
            let commands = NftCommands.commands(first.ruleset)
            let script = commands.joined(separator: "\n") + "\n"
            let shell = commands.map(NftShell.line).joined(separator: "\n") + "\n"
            for again in [script, shell] {
                let second = NftReading.text(ConfigText(file: "f", again), [])
                #expect(second.ruleset.faults.map(\.why) == [])
                #expect(NftCommands.commands(second.ruleset) == commands)
                for place in [Device.Place.host, .through] {
                    let questions = [first, second].map { reading in
                        NftQuestion.reach(reading.configuration, place: place, from: .allV4)
                            .segments.map {
                                "\($0.ports) \($0.from) \($0.verdict) \(String(describing: $0.translatedTo)) \(String(describing: $0.translatedPorts))"
                            }
                    }
                    #expect(questions[0] == questions[1])
                }
            }
        }
    }
}
