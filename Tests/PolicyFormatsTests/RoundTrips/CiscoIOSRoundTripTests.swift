import Dice
import Net
import Policy
import Testing

@testable import PolicyFormats

@Suite struct CiscoIOSRoundTripTests {
    static let trip = RoundTrip(CiscoIOS.self) { try IOSRouter.carryOut($0, on: $1) }
    static let server = "203.0.113.10"
    static let inside = "10.1.1.10"

    /// A router with this list at its outside, and these lines of NAT.
    static func router(
        _ entries: [String], named: Bool = false, nat: [String] = [], groups: [String] = []
    ) -> String {
        let name = named ? "outside-in" : "101"
        let list =
            named
            ? ["ip access-list extended \(name)"] + entries.map { " \($0)" }
            : entries.map { "access-list \(name) \($0)" }
        let head = [
            "version 12.4", "hostname edge", "interface FastEthernet0/0",
            " ip address 203.0.113.2 255.255.255.0", " ip access-group \(name) in",
        ]
        let sides = nat.isEmpty ? ["", ""] : [" ip nat outside", " ip nat inside"]
        return
            (head + [sides[0], "interface FastEthernet0/1", " ip address 10.1.1.1 255.255.255.0"]
            + [sides[1]] + groups + nat + list + ["end"])
            .filter { !$0.isEmpty }.joined(separator: "\n") + "\n"
    }

    static let lists: [[String]] = [
        ["permit tcp any host 203.0.113.10 eq ftp", "deny ip any any log"],
        ["permit tcp any host 203.0.113.10 eq ftp"],
        // Too narrow, too wide, overlapping.
        ["permit tcp any host 203.0.113.10 range 5001 5100", "deny ip any any"],
        ["permit tcp any host 203.0.113.10 range 1024 65535", "deny ip any any"],
        [
            "deny tcp any any range 5100 5300", "permit tcp any 203.0.113.0 0.0.0.255 gt 1023",
            "deny ip any any",
        ],
        // An entry alike already stands below the denial.
        [
            "deny tcp any any range 5000 6000", "permit tcp any host 203.0.113.10 range 5001 5201",
            "permit tcp any host 203.0.113.10 eq ftp",
        ],
        // A whole entry above one that opens more.
        [
            "permit tcp any host 203.0.113.10 eq 5005",
            "permit tcp 198.51.100.0 0.0.0.255 any range 5000 6000", "deny ip any any",
        ],
        [
            "permit tcp any any established", "deny tcp host 198.51.100.9 any",
            "remark open", "permit tcp any host 203.0.113.10 eq 5005",
            "permit tcp any host 203.0.113.10 range 5100 5150 log", "permit udp any any",
            "permit ip any host 203.0.113.77", "deny tcp any any", "permit ip any any",
        ],
        ["permit ip any any"],
    ]

    @Test(arguments: lists)
    func `opens ports`(_ list: [String]) throws {
        for named in [false, true] {
            for ports in ["5001-5201", "21,5001-5201", "65535"] {
                try Self.trip.permit(ports, to: Self.server, on: Self.router(list, named: named))
            }
        }
    }

    @Test(arguments: lists)
    func `closes ports`(_ list: [String]) throws {
        for named in [false, true] {
            let text = Self.router(list, named: named)
            for ports in ["5001-5201", "21,5001-5201", "5005"] {
                let set = try #require(PortSet(ports))
                let address = try #require(IPAddress(Self.server))
                let now = Self.trip.meaning(text, of: address)
                guard now != now.denying(set) else { continue }
                try Self.trip.forbid(ports, to: Self.server, on: text)
            }
        }
    }

    @Test func `opens ports where numbers leave no room`() throws {
        for numbers in [[10, 11, 12], [1, 2, 3], [10, 2_147_483_646, 2_147_483_647]] {
            let entries = ["permit tcp any any eq 80", "deny tcp any any", "permit ip any any"]
            let list = zip(numbers, entries).map { "\($0) \($1)" }
            let text = Self.router(list, named: true)
            try Self.trip.permit("21,5001-5201,6000,7000-7010", to: Self.server, on: text)
        }
    }

    @Test func `opens and closes ports that groups name`() throws {
        let groups = [
            "object-group network servers", " host 203.0.113.10", " 203.0.113.64 255.255.255.224",
            "object-group service ftp", " tcp eq ftp", " tcp range 5001 5100",
        ]
        let list = ["permit object-group ftp any object-group servers", "deny ip any any"]
        let text = Self.router(list, named: true, groups: groups)
        try Self.trip.permit("21,5001-5201", to: Self.server, on: text)
        try Self.trip.forbid("5001-5201", to: Self.server, on: text)
    }

    @Test func `writes no IPv6 address into a list of IPv4`() throws {
        let configuration = Self.trip.read(Self.router(["deny ip any any"]))
        let address = try #require(IPAddress("2001:db8::10"))
        #expect(CiscoIOS.fix(.permit(PortSet(21...21), to: address), configuration) == nil)
        #expect(CiscoIOS.fix(.forbid(PortSet(21...21), to: address), configuration) == nil)
    }

    // MARK: translation

    static let overload = "ip nat inside source list 1 interface FastEthernet0/0 overload"
    static let control =
        "ip nat inside source static tcp 10.1.1.10 21 203.0.113.10 21 extendable"
    static let nats: [[String]] = [
        [overload], [overload, control],
        [
            control, "ip nat pool p 10.1.1.10 10.1.1.10 netmask 255.255.255.0 type rotary",
            "ip nat inside destination list 150 pool p",
            "access-list 150 permit tcp any host 203.0.113.10 range 5001 5100",
        ],
        [
            control, "ip nat pool p 10.1.1.10 10.1.1.10 netmask 255.255.255.0 type rotary",
            "ip nat inside destination list 150 pool p",
            "access-list 150 deny tcp any any range 5050 5060",
            "access-list 150 permit tcp any host 203.0.113.10 range 5001 5100",
        ],
        ["ip nat inside source static tcp 10.1.1.77 21 203.0.113.10 21 extendable"],
    ]

    @Test(arguments: nats)
    func `translates ports`(_ nat: [String]) throws {
        let text = Self.router(["permit ip any any"], nat: nat)
        for ports in ["5001-5201", "21,5001-5010", "21,5001-5201"] {
            let set = try #require(PortSet(ports))
            let (outside, inside) = (IPAddress(Self.server), IPAddress(Self.inside))
            let address = try #require(outside)
            let now = Self.trip.meaning(text, of: address)
            guard now != now.delivering(set, to: try #require(inside)) else { continue }
            try Self.trip.translate(ports, outside: Self.server, inside: Self.inside, on: text)
        }
    }

    @Test func `translates ports of the interface's own address`() throws {
        let nat = [
            Self.overload,
            "ip nat inside source static tcp 10.1.1.77 21 interface FastEthernet0/0 21",
        ]
        let text = Self.router(["permit ip any any"], nat: nat)
        try Self.trip.translate(
            "21,5001-5010", outside: "203.0.113.2", inside: Self.inside, on: text)
    }

    @Test func `opens what is known by its inside address`() throws {
        let text = Self.router(
            ["permit tcp any host 203.0.113.10 eq ftp", "deny ip any any"],
            nat: ["ip nat inside source static 10.1.1.10 203.0.113.10"])
        for named in [Self.server, Self.inside] {
            try Self.trip.permit("5001-5201", to: named, asked: Self.server, on: text)
        }
        try Self.trip.forbid("21", to: Self.inside, asked: Self.server, on: text)
    }

    // MARK: random lists

    static func randomEntry(_ dice: inout Dice) -> String {
        let low = UInt16.random(in: 1...65000, using: &dice)
        let near = UInt16.random(in: 4990...5210, using: &dice)
        let ports = [
            "", " eq \(low)", " range \(near) \(near + 40)", " gt \(near)", " lt \(near)",
            " neq \(near)", " range 5001 5201", " eq ftp", " eq \(near)",
        ]
        let addresses = [
            "any", "host 203.0.113.10", "203.0.113.0 0.0.0.255", "host 203.0.113.77",
            "203.0.113.2 0.0.0.8",
        ]
        let sources = ["any", "any", "host 198.51.100.9", "198.51.0.0 0.0.255.255"]
        let verb = Bool.random(using: &dice) ? "permit" : "deny"
        let proto = ["tcp", "tcp", "tcp", "udp"].randomElement(using: &dice) ?? "tcp"
        return
            "\(verb) \(proto) \(sources.randomElement(using: &dice) ?? "any") "
            + (addresses.randomElement(using: &dice) ?? "any")
            + (ports.randomElement(using: &dice) ?? "")
    }

    @Test func `round trips of random lists`() throws {
        let seed = UInt64.random(in: 0 ... .max)
        print("seed \(seed)")
        var dice = Dice(seed: seed)
        for _ in 0..<60 {
            var list: [String] = []
            for _ in 0..<Int.random(in: 1...8, using: &dice) {
                let entry = Self.randomEntry(&dice)
                if !list.contains(entry) { list.append(entry) }
            }
            let text = Self.router(list, named: Bool.random(using: &dice))
            let low = UInt16.random(in: 4990...5201, using: &dice)
            let ports = PortSet(
                [low...low + 30, 5001...5100, 21...21].shuffled(using: &dice).prefix(2))
            try Self.trip.permit("\(ports)", to: Self.server, on: text)
            let address = try #require(IPAddress(Self.server))
            let now = Self.trip.meaning(text, of: address)
            guard now != now.denying(ports) else { continue }
            try Self.trip.forbid("\(ports)", to: Self.server, on: text)
        }
    }
}
