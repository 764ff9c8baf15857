import Dice
import Net
import Policy
import Testing

@testable import PolicyFormats

@Suite struct NftablesScriptTests {
    @Test func `variables, appended rules and chains said twice make one rule set`() {
        let text = """
            #!/usr/sbin/nft -f
            flush ruleset
            define low = 50000
            define ports = { 21, $low - 50100 }
            redefine low = 1
            table inet filter {
                chain input { type filter hook input priority 0; policy accept; }
            }
            table inet filter {
                chain input { policy drop; tcp dport $ports accept; }
            }
            add rule inet filter input tcp dport 22 accept
            insert rule inet filter input tcp dport 50000 drop
            add rule inet filter input index 0 tcp dport 50001 \\
                drop
            """
        #expect(NftQuestion.open(text) == "21-22,50002-50100")
        let states = NftQuestion.states(NftQuestion.read(text))
        #expect(states == [.irrelevant] + Array(repeating: .used, count: 14))
    }

    @Test func `flushing and deleting take away`() {
        let text = """
            table ip a { chain in { type filter hook input priority 0; policy drop; }; }
            table ip b { chain in { type filter hook input priority 0; tcp dport 21 drop; }; }
            delete table ip a
            flush chain ip b in
            add rule ip b in tcp dport 22 drop
            """
        #expect(NftQuestion.open(text) == "0-21,23-65535")
    }

    @Test func `an included file counts where it stands`() {
        let text = NftQuestion.table(["include \"/etc/nft/*.rules\"", "tcp dport 21 accept"])
        let rules = ("dir/ftp.rules", "tcp dport 21 drop\ntcp dport 990 accept\n")
        let reach = NftQuestion.reach(NftQuestion.read(text, with: [rules]))
        #expect(NftQuestion.ports(reach) == "990")
        let decision = reach.segments.first { $0.ports.contains(21) }?.decidedBy.last
        #expect(decision?.source.file == "dir/ftp.rules")
        #expect(decision?.source.line == 1)
    }

    @Test func `what an absent file may hold is unknown`() {
        let inside = NftQuestion.read(
            NftQuestion.table(["tcp dport 21 accept", "include \"more\"", "tcp dport 22 accept"]))
        #expect(NftQuestion.ports(NftQuestion.reach(inside)) == "21")
        #expect(NftQuestion.ports(NftQuestion.reach(inside), .denied) == "")
        #expect(inside.notes[4].state == .notModelled)
        let variable = NftQuestion.read(
            NftQuestion.table(
                ["tcp dport 21 accept", "iifname $wan tcp dport 22 accept"],
                before: ["include \"defines\""]))
        #expect(NftQuestion.ports(NftQuestion.reach(variable), .unknown) == "0-65535")
        #expect(variable.notes[5].state == .notRecognised)
        let outside = NftQuestion.read(
            "include \"more\"\n" + NftQuestion.table(["tcp dport 21 accept", "tcp dport 22 drop"]))
        #expect(NftQuestion.ports(NftQuestion.reach(outside)) == "")
        #expect(NftQuestion.ports(NftQuestion.reach(outside), .denied) == "22")
    }

    @Test(arguments: [
        "tcp dport 99999 accept", "tcp dport 30-20 accept", "jump nowhere",
        "ip saddr @nothing drop",
        "ip saddr 10.0.0.1.2 accept", "accept counter", "tcp dport $nothing accept",
        "dnat to 10.0.0.1", "jump input", "udp dport 5 tcp dport 6 accept", "}",
        "ct helper set \"nothing\"", "limit name \"nothing\" accept",
    ])
    func `one line that nft refuses keeps all from loading`(line: String) {
        let reading = NftQuestion.read(NftQuestion.table(["tcp dport 21 accept", line]))
        #expect(NftQuestion.ports(NftQuestion.reach(reading), .unknown) == "0-65535")
        #expect(reading.notes[0].state == .invalid)
        #expect(reading.notes.contains { $0.state == .invalid && !$0.why.hasPrefix("the file") })
    }

    @Test(arguments: [
        "sudo nano /etc/nftables.conf", "chain x {", "table ip t {", "add rule ip no where accept",
        "table ip n { chain p { type nat hook prerouting priority -300; }; }",
        "table ip l { chain a { type filter hook input priority 0; jump b; }; chain b { jump b; }; }",
    ])
    func `words that are no command keep all from loading`(line: String) {
        let reading = NftQuestion.read(NftQuestion.table(["tcp dport 21 accept"]) + line + "\n")
        #expect(NftQuestion.ports(NftQuestion.reach(reading), .unknown) == "0-65535")
    }

    @Test func `carriage returns keep a script from loading, not a listing`() {
        let listing = NftQuestion.table(["tcp dport 21 accept"])
        #expect(NftQuestion.open(listing.replacing("\n", with: "\r\n")) == "21")
        let script = ("flush ruleset\n" + listing).replacing("\n", with: "\r\n")
        #expect(
            NftQuestion.ports(NftQuestion.reach(NftQuestion.read(script)), .unknown) == "0-65535")
    }

    @Test func `a shell script's commands count one by one`() {
        let text = """
            #!/bin/sh
            set -e
            nft add table inet filter
            sudo nft 'add chain inet filter input { type filter hook input priority 0; policy drop; }'
            /usr/sbin/nft add rule inet filter input tcp dport { 21, 50000-50100 } accept
            nft add rule inet filter input tcp dport 22 accept comment \\"shell and nft\\"

            """
        #expect(NftQuestion.open(text) == "21-22,50000-50100")
        let more = NftQuestion.read(
            text + "for p in 1 2; do nft add rule inet filter input tcp dport $p accept; done\n")
        #expect(NftQuestion.ports(NftQuestion.reach(more)) == "")
        #expect(more.notes.last?.state == .notRecognised)
    }

    @Test(arguments: [
        ("table inet filter {\n}\n", Recognition.certain), ("#!/usr/sbin/nft -f\n", .certain),
        ("table filter {\n\tchain input { }\n}\n", .certain),
        ("nft add table ip a\nnft add chain ip a b\n", .certain),
        ("table { border: 0 }\n", .no), ("table <ftp> { 10.0.0.1 }\npass in\n", .no),
        ("*filter\n:INPUT ACCEPT [0:0]\nCOMMIT\n", .no), ("access-list 1 permit any\n", .no),
    ])
    func `recognises itself`(text: String, sure: Recognition) {
        #expect(Nftables.recognise(ConfigText(file: "f", text)) == sure)
    }

    /// Broken texts are read to their end, whatever is in them.
    @Test func `no broken text stops it`() {
        let seed = UInt64.random(in: 0 ... .max)
        print("seed \(seed)")
        var dice = Dice(seed: seed)
        let sample = NftQuestion.table(
            [
                "ct state vmap { established : accept, invalid : drop }",
                "ip saddr . tcp dport @pairs meta mark set 0x1 jump open",
                "tcp dport { 21, 50000-50100 } limit rate over 5/minute burst 5 packets drop",
            ],
            before: [
                "set pairs { type ipv4_addr . inet_service; elements = { 10.0.0.1 . 21-22 } }",
                "chain open { tcp dport vmap { 21 : accept, * : continue } }",
            ])
        for _ in 0..<300 {
            let text = ConfigText(file: "f", bytes: dice.broken("define a = { 1, 2 }\n" + sample))
            let reading = Nftables.read(text)
            #expect(reading.notes.count == text.lines.count)
            _ = NftQuestion.reach(reading)
        }
    }
}
