import Net
import Policy
import Testing

@testable import PolicyFormats

@Suite struct PFRoundTripTests {
    static let server = "203.0.113.10"
    static let inside = "10.1.1.10"

    /// Puts lines where their comment says, and takes them out again.
    static func carryOut(_ commands: [String], on text: String) throws -> String {
        var lines = text.trippedLines
        guard let head = commands.first else { return text }
        if head == "# take out of pf.conf:" {
            for command in commands.dropFirst() {
                guard let place = lines.firstIndex(of: String(command.dropFirst(2))) else {
                    throw Refused("no such line: \(command)")
                }
                lines.remove(at: place)
            }
            return lines.joined(separator: "\n") + "\n"
        }
        let place: Int
        let above = /# in pf\.conf, above `(.+)` \(line \d+ as it was read\):/
        if let match = try above.wholeMatch(in: head) {
            guard let line = lines.firstIndex(of: String(match.1)) else { throw Refused(head) }
            place = line
        } else if head == "# in pf.conf, at the end:" {
            place = lines.count
        } else {
            throw Refused(head)
        }
        for command in commands.dropFirst() {
            guard ["pass ", "block ", "rdr ", "match "].contains(where: command.hasPrefix) else {
                throw Refused(command)
            }
        }
        lines.insert(contentsOf: commands.dropFirst(), at: place)
        return lines.joined(separator: "\n") + "\n"
    }

    static func trip(_ place: Device.Place) -> RoundTrip {
        var trip = RoundTrip(PFConf.self) { try carryOut($0, on: $1) }
        (trip.place, trip.entering, trip.leaving) = (place, "em0", "em1")
        return trip
    }

    static let filters: [String] = [
        "block all\npass in on em0 proto tcp to any port 21\n",
        "pass all\nblock in proto tcp to any port 5000:6000\n",
        "block in quick proto tcp to any port 5050\npass in quick proto tcp to any port 1024:65535\nblock all\n",
        "pass in quick proto tcp from any to any port 5001:5100\nblock in quick from 198.51.100.0/24\nblock all\n",
        "block all\n",
    ]

    @Test(arguments: filters)
    func `opens and closes ports`(_ text: String) throws {
        for ports in ["5001-5201", "21,5001-5201"] {
            try Self.trip(.host).permit(ports, to: Self.server, on: text)
            try Self.trip(.host).forbid(ports, to: Self.server, on: text)
        }
    }

    static let redirections: [String] = [
        "rdr on em0 proto tcp from any to 203.0.113.10 port { 21, 5001:5100 } -> 10.1.1.10\n",
        "rdr on em0 proto tcp from any to 203.0.113.10 port 21 -> 10.1.1.77\nrdr on em0 proto tcp from any to 203.0.113.10 port 5001:5201 -> 10.1.1.10\n",
        "match in on em0 proto tcp to 203.0.113.10 port { 21 5001:5100 } rdr-to 10.1.1.10\n",
    ]

    @Test(arguments: redirections)
    func `opens and closes ports behind a redirection`(_ redirection: String) throws {
        let text = redirection + "block in all\npass out all\n"
        var trip = Self.trip(.through)
        trip.bystanders = ["203.0.113.77"]
        try trip.permit("21,5001-5100", to: Self.server, on: text)
        let open = redirection + "pass all\n"
        try trip.forbid("21,5001-5050", to: Self.server, on: open)
    }

    @Test(arguments: redirections + [""])
    func `redirects ports`(_ redirection: String) throws {
        var trip = Self.trip(.through)
        trip.staysWhenRepeated = false
        try trip.translate(
            "21,5001-5201", outside: Self.server, inside: Self.inside,
            on: redirection + "pass all\n")
    }
}

@Suite struct RouterOSRoundTripTests {
    /// Rules are put into the export as a menu of their own, which is what an export prints of them.
    static func carryOut(_ commands: [String], on text: String) throws -> String {
        var lines = text.trippedLines
        for command in commands {
            if let match = try /\/ip firewall (filter|nat) remove \[find comment="([^"]*)"\]/
                .wholeMatch(in: command)
            {
                let count = lines.count
                lines.removeAll { $0.contains("comment=\"\(match.2)\"") }
                guard lines.count < count else { throw Refused("no such item: \(command)") }
            } else if let match = try
                /\/ip firewall (filter|nat) add (.* comment="[^"]*")( place-before=0)?/
                .wholeMatch(in: command)
            {
                let menu = "/ip firewall \(match.1)"
                if !lines.contains(menu) { lines.append(menu) }
                let start = (lines.firstIndex(of: menu) ?? 0) + 1
                let end = lines[start...].firstIndex { $0.hasPrefix("/") } ?? lines.count
                guard match.3 == nil || end > start else { throw Refused("no such item 0") }
                lines.insert("add \(match.2)", at: match.3 == nil ? end : start)
            } else {
                throw Refused(command)
            }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    static var trip: RoundTrip {
        var trip = RoundTrip(RouterOS.self) { try carryOut($0, on: $1) }
        trip.bystanders = ["203.0.113.77"]
        return trip
    }

    static func text(_ filter: [String], nat: [String] = []) -> String {
        (["# nov/21/2026 10:00:00 by RouterOS 6.49", "/ip address"]
            + ["add address=203.0.113.2/24 interface=ether1"]
            + ["add address=10.1.1.1/24 interface=bridge", "/ip firewall filter"] + filter
            + (nat.isEmpty ? [] : ["/ip firewall nat"] + nat)).joined(separator: "\n") + "\n"
    }

    static let filters: [[String]] = [
        [
            "add action=accept chain=forward dst-port=21 protocol=tcp",
            "add action=drop chain=forward",
        ],
        ["add action=drop chain=forward dst-port=5000-6000 protocol=tcp"],
        [
            "add action=accept chain=forward connection-state=established,related",
            "add action=accept chain=forward dst-port=5001-5100 protocol=tcp comment=\"pinhole\"",
            "add action=drop chain=forward src-address=198.51.100.0/24",
            "add action=jump chain=forward jump-target=own protocol=tcp",
            "add action=drop chain=forward",
            "add action=accept chain=own dst-port=1024-65535 protocol=tcp",
        ],
    ]
    static let nats: [[String]] = [
        [], ["add action=dst-nat chain=dstnat dst-address=203.0.113.10 to-addresses=10.1.1.10"],
        [
            "add action=dst-nat chain=dstnat dst-address=203.0.113.10 dst-port=21 protocol=tcp to-addresses=10.1.1.77",
            "add action=dst-nat chain=dstnat dst-address=203.0.113.10 dst-port=5001-5100 protocol=tcp to-addresses=10.1.1.10",
        ],
    ]

    @Test(arguments: filters)
    func `opens and closes ports`(_ filter: [String]) throws {
        for nat in Self.nats {
            let text = Self.text(filter, nat: nat)
            let many = "\(PortSet(ports: (0..<20).map { 7000 + 2 * $0 }))"
            for ports in ["5001-5201", "21,5001-5201", many] {
                try Self.trip.permit(ports, to: "203.0.113.10", on: text)
                try Self.trip.forbid(ports, to: "203.0.113.10", on: text)
            }
        }
    }

    @Test(arguments: nats)
    func `translates ports`(_ nat: [String]) throws {
        let text = Self.text(["add action=accept chain=forward"], nat: nat)
        try Self.trip.translate(
            "21,5001-5201", outside: "203.0.113.10", inside: "10.1.1.10", on: text)
    }
}
