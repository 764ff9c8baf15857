import Dice
import Net
import Policy
import Testing

@testable import PolicyFormats

@Suite struct CiscoASARoundTripTests {
    static let trip = RoundTrip(CiscoASA.self) { try ASAFirewall.carryOut($0, on: $1) }
    /// Before 8.3 lists name the mapped address, from then on the real one.
    static let outside = "203.0.113.10"
    static let inside = "10.1.1.10"

    static func firewall(
        _ entries: [String], version: String = "9.8(2)", objects: [String] = [],
        nat: [String] = [], bound: Bool = true
    ) -> String {
        let head = [
            "ASA Version \(version)", "interface GigabitEthernet0/0", " nameif outside",
            " security-level 0", " ip address 203.0.113.2 255.255.255.0",
            "interface GigabitEthernet0/1", " nameif inside", " security-level 100",
            " ip address 10.1.1.1 255.255.255.0",
        ]
        let list = entries.map {
            "access-list in " + ($0.hasPrefix("remark") ? "" : "extended ") + $0
        }
        let binding = bound ? ["access-group in in interface outside"] : []
        return (head + objects + list + nat + binding).joined(separator: "\n") + "\n"
    }

    static let objects = [
        "object network ftp", " host 10.1.1.10", "object network ftp-public",
        " host 203.0.113.10", "object-group service ports tcp", " port-object eq ftp",
        " port-object range 5001 5100",
    ]
    static let oneForOne = ["nat (inside,outside) source static ftp ftp-public"]

    static let lists: [[String]] = [
        ["permit tcp any host 10.1.1.10 eq ftp", "deny ip any any"],
        ["permit tcp any host 10.1.1.10 range 5001 5100", "deny ip any any log"],
        ["permit tcp any any range 1024 65535", "deny ip any any"],
        ["permit tcp any object ftp object-group ports", "deny ip any any"],
        [
            "remark no", "deny tcp any any range 5000 6000", "remark yes",
            "permit tcp any host 10.1.1.10 range 5001 5201", "permit tcp any host 10.1.1.10 eq ftp",
        ],
        [
            "permit tcp any host 10.1.1.10 eq 5005",
            "permit tcp 198.51.100.0 255.255.255.0 any range 5000 6000", "deny ip any any",
        ],
        ["deny tcp host 198.51.100.9 any", "permit ip any any"],
    ]

    @Test(arguments: lists)
    func `opens and closes ports`(_ list: [String]) throws {
        for nat in [[], Self.oneForOne] {
            let text = Self.firewall(list, objects: Self.objects, nat: nat)
            let asked = nat.isEmpty ? Self.inside : Self.outside
            var trip = Self.trip
            if !nat.isEmpty { trip.bystanders = ["203.0.113.77"] }
            for ports in ["5001-5201", "21,5001-5201"] {
                try trip.permit(ports, to: asked, on: text)
                try trip.permit(ports, to: Self.inside, asked: asked, on: text)
                let set = try #require(PortSet(ports))
                let address = try #require(IPAddress(asked))
                let now = trip.meaning(text, of: address)
                if now != now.denying(set) { try trip.forbid(ports, to: asked, on: text) }
            }
        }
    }

    @Test(arguments: lists)
    func `opens and closes ports before release 8.3`(_ list: [String]) throws {
        let list = list.map { $0.replacing("10.1.1.10", with: Self.outside) }
            .map { $0.replacing("object ftp", with: "host \(Self.outside)") }
        let text = Self.firewall(
            list, version: "8.0(4)", objects: Array(Self.objects.dropFirst(4)),
            nat: ["static (inside,outside) 203.0.113.10 10.1.1.10 netmask 255.255.255.255"])
        for named in [Self.outside, Self.inside] {
            try Self.trip.permit("21,5001-5201", to: named, asked: Self.outside, on: text)
            try Self.trip.forbid("21,5001-5201", to: named, asked: Self.outside, on: text)
        }
    }

    @Test func `binds a list where none is`() throws {
        let text = Self.firewall([], bound: false)
        try Self.trip.permit("21,5001-5201", to: Self.inside, on: text)
    }

    @Test func `opens and closes ports of IPv6 where a list takes both`() throws {
        var trip = Self.trip
        trip.bystanders = ["2001:db8::77", Self.inside]
        let text = Self.firewall(["permit tcp any any range 5001 5100", "deny ip any any"])
        try trip.permit("21,5001-5201", to: "2001:db8::10", on: text)
        try trip.forbid("5001-5201", to: "2001:db8::10", on: text)
        let old = trip.read(Self.firewall(["deny ip any any"], version: "8.0(4)"))
        let address = try #require(IPAddress("2001:db8::10"))
        #expect(CiscoASA.fix(.permit(PortSet(21...21), to: address), old) == nil)
    }

    static let nats: [[String]] = [
        [], ["nat (inside,outside) source static ftp ftp-public service control control"],
        ["nat (inside,outside) after-auto source dynamic any interface"],
    ]

    @Test(arguments: nats)
    func `translates ports`(_ nat: [String]) throws {
        let objects = Self.objects + ["object service control", " service tcp source eq ftp"]
        let text = Self.firewall(["permit ip any any"], objects: objects, nat: nat)
        for outside in [Self.outside, "203.0.113.2"] {
            try Self.trip.translate(
                "21,5001-5201", outside: outside, inside: Self.inside, on: text)
        }
    }

    @Test func `translates ports before release 8.3`() throws {
        let text = Self.firewall(
            ["permit ip any any"], version: "8.0(4)",
            nat: [
                "static (inside,outside) tcp 203.0.113.10 ftp 10.1.1.77 ftp netmask 255.255.255.255"
            ])
        var trip = Self.trip
        trip.bystanders = ["203.0.113.77"]
        try trip.translate(
            "5001-5020", outside: Self.outside, inside: Self.inside, on: text)
        try trip.translate(
            "21,5001-5020", outside: Self.outside, inside: Self.inside, on: text)
    }

    @Test func `round trips of random lists`() throws {
        let seed = UInt64.random(in: 0 ... .max)
        print("seed \(seed)")
        var dice = Dice(seed: seed)
        for _ in 0..<40 {
            var list: [String] = []
            for _ in 0..<Int.random(in: 1...8, using: &dice) {
                let entry = CiscoIOSRoundTripTests.randomEntry(&dice)
                    .replacing("198.51.0.0 0.0.255.255", with: "198.51.0.0 255.255.0.0")
                    .replacing("203.0.113.0 0.0.0.255", with: "203.0.113.0 255.255.255.0")
                    .replacing("203.0.113.2 0.0.0.8", with: "any")
                    .replacing("203.0.113.", with: "10.1.1.")
                if !list.contains(entry) { list.append(entry) }
            }
            let text = Self.firewall(list)
            let low = UInt16.random(in: 4990...5201, using: &dice)
            let ports = PortSet([low...low + 30, 21...21].shuffled(using: &dice))
            try Self.trip.permit("\(ports)", to: Self.inside, on: text)
            let address = try #require(IPAddress(Self.inside))
            let now = Self.trip.meaning(text, of: address)
            guard now != now.denying(ports) else { continue }
            try Self.trip.forbid("\(ports)", to: Self.inside, on: text)
        }
    }
}
