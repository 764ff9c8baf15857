import Dice
import Net
import Policy
import Testing

@testable import PolicyFormats

/// A report proposes several changes to one device, made of one reading: their commands hold in
/// whatever order they are carried out.
@Suite struct SeveralChangesTests {
    static let server = "203.0.113.10"

    /// Opens and closes ports, all by commands of one reading in a drawn order, and takes them back.
    static func check(
        _ trip: RoundTrip, _ permitted: [PortSet], _ forbidden: [PortSet], to name: String = server,
        on text: String, _ dice: inout Dice, sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let address = try #require(IPAddress(name))
        var configuration = trip.read(text)
        if let place = trip.place { configuration.device?.usualPlace = place }
        let before = trip.meaning(configuration, of: address)
        let fixer = trip.format.fixer(configuration)
        var expected = before
        var fixes: [Fix] = []
        let changes =
            permitted.map { Change.permit($0, to: address) }
            + forbidden.map { Change.forbid($0, to: address) }
        for change in changes.shuffled(using: &dice) {
            guard let fix = fixer(change) else { continue }
            fixes.append(fix)
            switch change {
            case .permit(let ports, _): expected = expected.permitting(ports)
            case .forbid(let ports, _): expected = expected.denying(ports)
            default: continue
            }
        }
        fixes.shuffle(using: &dice)
        let told = "\(fixes.flatMap(\.commands).joined(separator: "\n"))\non\n\(text)"
        do {
            let mended = try fixes.reduce(text) { try trip.carryOut($1.commands, $0) }
            let open = PortSet(permitted.flatMap(\.ranges))
            #expect(
                "\(trip.meaning(mended, of: address).withoutDelivery(of: open))" == "\(expected)",
                "\(told)", sourceLocation: sourceLocation)
            let undone = try fixes.reversed().reduce(mended) { try trip.carryOut($1.undo, $0) }
            #expect(
                "\(trip.meaning(undone, of: address))" == "\(before)",
                "taken back by \(fixes.reversed().flatMap(\.undo)) after\n\(told)",
                sourceLocation: sourceLocation)
        } catch {
            Issue.record("\(error) of\n\(told)", sourceLocation: sourceLocation)
        }
    }

    /// The same on each of the texts, with several drawn sets of ports.
    static func check(
        _ trip: RoundTrip, to name: String = server, on texts: [String], forbids: Bool = true,
        rounds: Int = 4, sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let seed = UInt64.random(in: 0 ... .max)
        print("seed \(seed)")
        var dice = Dice(seed: seed)
        let all = ["21", "5001-5050", "5051-5100,5160-5200", "5005", "6000", "22", "80,5101-5150"]
        for text in texts {
            for _ in 0..<rounds {
                var left = PortSet.all
                let sets = all.shuffled(using: &dice).compactMap(PortSet.init).prefix(4)
                    .compactMap { set -> PortSet? in
                        let own = set.intersection(left)
                        left = left.subtracting(own)
                        return own.isEmpty ? nil : own
                    }
                let count = forbids ? Int.random(in: 0...2, using: &dice) : 0
                try check(
                    trip, Array(sets.dropFirst(count)), Array(sets.prefix(count)), to: name,
                    on: text, &dice, sourceLocation: sourceLocation)
            }
        }
    }

    @Test func `lists of IOS`() throws {
        let short = [
            "permit tcp any host 203.0.113.10 eq 5005", "permit tcp any host 203.0.113.10 eq ftp",
            "deny tcp any any",
        ]
        let texts = CiscoIOSRoundTripTests.lists.map { CiscoIOSRoundTripTests.router($0) }
        // Where numbers leave no room, the list is numbered anew.
        let full = (CiscoIOSRoundTripTests.lists.prefix(6) + [short, short]).map { list in
            let numbered = list.enumerated().map { "\($0.offset + 1) \($0.element)" }
            return CiscoIOSRoundTripTests.router(numbered, named: true)
        }
        let more = [short, short].map { CiscoIOSRoundTripTests.router($0) }
        try Self.check(CiscoIOSRoundTripTests.trip, on: texts + more + full)
    }

    @Test func `lists of ASA`() throws {
        let short = [
            "permit tcp any host 10.1.1.10 eq 5005", "permit tcp any host 10.1.1.10 eq ftp",
            "deny tcp any any",
        ]
        let texts = (CiscoASARoundTripTests.lists + [short, short]).map {
            CiscoASARoundTripTests.firewall($0, objects: CiscoASARoundTripTests.objects)
        }
        try Self.check(CiscoASARoundTripTests.trip, to: "10.1.1.10", on: texts, rounds: 8)
    }

    @Test func `chains of iptables`() throws {
        let texts = IPTablesRoundTripTests.lists.flatMap { list in
            ["DROP", "ACCEPT"].map {
                IPTablesRoundTripTests.rules(
                    list.map { $0.replacing("-A X ", with: "-A INPUT ") }, policy: $0,
                    chains: ["own"])
            }
        }
        try Self.check(IPTablesRoundTripTests.trip, on: texts)
    }

    @Test func `rules of pf`() throws {
        try Self.check(PFRoundTripTests.trip(.host), on: PFRoundTripTests.filters, rounds: 8)
    }

    @Test func `rules of firewalld`() throws {
        var trip = RoundTrip(Firewalld.self) {
            try FirewalldHost.carryOut($0, on: $1, zone: "public")
        }
        trip.read = { Firewalld.read(ConfigText(file: "public.xml", $0)) }
        let texts = FirewalldRoundTripTests.zones.map { zone in
            let head = "<zone\(zone.target.map { " target=\"\($0)\"" } ?? "")>"
            return ([head] + zone.inner + ["</zone>"]).joined(separator: "\n") + "\n"
        }
        try Self.check(trip, on: texts)
    }

    @Test func `rules of ufw`() throws {
        let trip = RoundTrip(Ufw.self) { try UfwHost.carryOut($0, on: $1) }
        try Self.check(trip, on: UfwRoundTripTests.lists.map(UfwRoundTripTests.file))
    }

    @Test func `rules of RouterOS`() throws {
        try Self.check(
            RouterOSRoundTripTests.trip,
            on: RouterOSRoundTripTests.filters.map { RouterOSRoundTripTests.text($0) })
    }

    @Test func `policies of Junos, PAN-OS and FortiOS`() throws {
        let junos = [
            ZonedRoundTripTests.policy("no", ["any"], then: "deny"),
            ZonedRoundTripTests.policy("ftp", ["junos-ftp"]),
        ]
        try Self.check(
            ZonedRoundTripTests.trip(Junos.self), to: "10.1.1.10",
            on: junos.map { ZonedRoundTripTests.junos + $0 }, forbids: false)
        let panos = [
            ZonedRoundTripTests.rule("a", "passive"), ZonedRoundTripTests.rule("a", "any", "deny"),
        ]
        try Self.check(
            ZonedRoundTripTests.trip(PANOS.self), to: "10.1.1.10",
            on: panos.map { ZonedRoundTripTests.panos + $0 }, forbids: false)
        let fortios = [
            ZonedRoundTripTests.policy(1, "passive"),
            ZonedRoundTripTests.policy(7, "passive", "deny"),
        ]
        try Self.check(
            ZonedRoundTripTests.trip(FortiOS.self), to: "10.1.1.10",
            on: fortios.map { ZonedRoundTripTests.fortios + $0 }, forbids: false)
    }

    @Test func `rules of clouds`() throws {
        let lists = [
            [], [CloudRoundTripTests.entry(100, "allow", 21, 21)],
            [
                CloudRoundTripTests.entry(50, "deny", 5000, 6000),
                CloudRoundTripTests.entry(60, "allow", 1024, 65535),
            ],
        ]
        try Self.check(
            CloudRoundTripTests.list, on: try lists.map(CloudRoundTripTests.listText))
        let groups = [
            [CloudRoundTripTests.rule("a", 300, "Allow", ["21"])],
            [CloudRoundTripTests.rule("b", 150, "Deny", ["5000-6000"])],
        ]
        try Self.check(CloudRoundTripTests.nsg, on: try groups.map(CloudRoundTripTests.nsgText))
        let networks = [
            [CloudRoundTripTests.firewallRule("a", ["21"])],
            [CloudRoundTripTests.firewallRule("b", ["5000-6000"], denies: true, priority: 10)],
        ]
        try Self.check(CloudRoundTripTests.google, on: try networks.map(CloudRoundTripTests.json))
        let permissions = [
            [], [CloudRoundTripTests.permission(1024, 65535)],
            [
                CloudRoundTripTests.permission(21, 21), CloudRoundTripTests.permission(5001, 5100),
                CloudRoundTripTests.permission(5000, 6000, "198.51.100.0/24"),
            ],
        ]
        try Self.check(
            CloudRoundTripTests.group, on: try permissions.map(CloudRoundTripTests.groupText),
            forbids: false)
    }

    /// What closes ports gives back the rest of a rule, and not what an earlier change closed.
    @Test func `one rule of an AWS security group is closed twice`() throws {
        let trip = CloudRoundTripTests.group
        let address = try #require(IPAddress(Self.server))
        let text = try CloudRoundTripTests.groupText([
            CloudRoundTripTests.permission(1024, 65535),
            CloudRoundTripTests.permission(6000, 65535),
        ])
        let configuration = trip.read(text)
        let before = trip.meaning(configuration, of: address)
        let fixer = trip.format.fixer(configuration)
        let (first, second) = (PortSet(5000...5999), PortSet(7000...7100))
        let fixes = try [first, second].map { try #require(fixer(.forbid($0, to: address))) }
        let closed = try fixes.reduce(text) { try trip.carryOut($1.commands, $0) }
        #expect(
            "\(trip.meaning(closed, of: address))" == "\(before.denying(first).denying(second))")
        let undone = try fixes.reversed().reduce(closed) { try trip.carryOut($1.undo, $0) }
        #expect("\(trip.meaning(undone, of: address))" == "\(before)")
    }

    @Test func `rules of Windows`() throws {
        let trip = WindowsRoundTripTests.trip(NetshFirewallScript.self) { commands, text in
            text + commands.joined(separator: "\n") + "\n"
        }
        try Self.check(
            trip,
            on: [
                "\(WindowsRoundTripTests.plain) 21 FTP\n",
                "\(WindowsRoundTripTests.advanced) name=\"x\" dir=in action=allow protocol=TCP localport=1024-65535\n",
            ])
    }
}
