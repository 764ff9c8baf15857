import Net
import Policy
import Testing

@testable import PolicyFormats

/// Firewalls of Windows. Their rules name no address: what is opened or closed is so for every
/// address of the host, as for the one that is asked about.
@Suite struct WindowsRoundTripTests {
    static let server = "203.0.113.10"

    static func trip(
        _ format: any ConfigFormat.Type,
        _ carryOut: @escaping @Sendable ([String], String) throws -> String
    ) -> RoundTrip {
        var trip = RoundTrip(format, carryOut: carryOut)
        trip.bystanders = []
        trip.staysWhenRepeated = false
        return trip
    }

    static func both(_ trip: RoundTrip, _ ports: [String], on text: String) throws {
        for ports in ports {
            try trip.permit(ports, to: server, on: text)
            let set = try #require(PortSet(ports))
            let now = trip.meaning(text, of: try #require(IPAddress(server)))
            if now != now.denying(set) { try trip.forbid(ports, to: server, on: text) }
        }
    }

    // MARK: scripts, which their reader runs

    static let plain = "netsh firewall add portopening TCP"
    static let advanced = "netsh advfirewall firewall add rule"

    @Test(arguments: [
        "netsh firewall set opmode ENABLE\n", "\(plain) 21 FTP\n",
        "FOR /L %I IN (5001,1,5100) DO \(plain) %I \"Passive FTP %I\"\n",
        "FOR /L %I IN (4990,1,5300) DO \(plain) %I x\n\(plain) 21 FTP ENABLE ALL\n",
    ])
    func `netsh firewall opens a port a command`(_ text: String) throws {
        let trip = Self.trip(NetshFirewallScript.self) { commands, text in
            text + commands.joined(separator: "\n") + "\n"
        }
        for ports in ["5001-5201", "21,5001-5201"] {
            try trip.permit(ports, to: Self.server, on: text)
            try trip.forbid(ports, to: Self.server, on: text)
        }
    }

    @Test(arguments: [
        "\(advanced) name=\"FTP\" dir=in action=allow protocol=TCP localport=21\n",
        "\(advanced) name=\"FTP 5001-5201\" dir=in action=allow protocol=TCP localport=5001-5201\n",
        "\(advanced) name=\"x\" dir=in action=allow protocol=TCP localport=5001-5100 remoteip=198.51.100.0/24\n",
        "\(advanced) name=\"x\" dir=in action=allow protocol=TCP localport=1024-65535\n",
    ])
    func `netsh advfirewall adds a rule`(_ text: String) throws {
        let trip = Self.trip(NetshFirewallScript.self) { commands, text in
            text + commands.joined(separator: "\n") + "\n"
        }
        try Self.both(trip, ["5001-5201", "21,5001-5201"], on: text)
        let blocked =
            text + "\(Self.advanced) name=\"b\" dir=in action=block protocol=TCP localport=5050\n"
        try Self.check(trip, [("b", "5050", "Block")], on: blocked)
    }

    // MARK: listings

    /// Blocks of `netsh advfirewall firewall show rule`.
    static func rule(_ name: String, _ ports: String, _ action: String = "Allow") -> String {
        [
            "Rule Name:                            \(name)",
            String(repeating: "-", count: 70),
            "Enabled:                              Yes",
            "Direction:                            In",
            "Profiles:                             Domain,Private,Public",
            "Grouping:                             ",
            "LocalIP:                              Any",
            "RemoteIP:                             Any",
            "Protocol:                             TCP",
            "LocalPort:                            \(ports)",
            "RemotePort:                           Any",
            "Edge traversal:                       No",
            "Action:                               \(action)", "",
        ].joined(separator: "\n") + "\n"
    }

    /// A command of netsh as the name, ports and action of a rule.
    static func parts(_ command: String) throws -> (verb: String, name: String, rest: String) {
        guard
            let match = try /netsh advfirewall firewall (add|delete) rule name="([^"]*)"(.*)/
                .wholeMatch(in: command)
        else { throw Refused(command) }
        return (String(match.1), String(match.2), String(match.3))
    }

    static func values(_ rest: String) throws -> (ports: String, action: String) {
        guard
            let match = try /\ dir=in action=(allow|block) protocol=TCP localport=([\d,-]+)/
                .wholeMatch(in: rest)
        else { throw Refused(rest) }
        return (String(match.2), match.1 == "allow" ? "Allow" : "Block")
    }

    /// Deletes every rule of a name, as netsh does.
    static func netsh(_ commands: [String], on listing: String) throws -> String {
        var blocks = listing.split(separator: "Rule Name:").map { "Rule Name:\($0)" }
        for command in commands where !command.hasPrefix("REM ") {
            let (verb, name, rest) = try parts(command)
            if verb == "add" {
                let (ports, action) = try values(rest)
                blocks.append(rule(name, ports, action))
            } else {
                let left = blocks.filter { !$0.contains("  \(name)\n") }
                guard left.count < blocks.count else { throw Refused("No rules match: \(command)") }
                blocks = left
            }
        }
        return blocks.joined()
    }

    static let listings: [[(String, String, String)]] = [
        [("FTP", "21", "Allow")], [("FTP 5001-5201", "5001-5100", "Allow")],
        [("a", "1024-65535", "Allow"), ("b", "5050", "Block")],
        [("FTP 21,5001-5201", "21", "Allow"), ("c", "5001-5201", "Allow")],
        [("Not for FTP 5001-5201", "6000", "Block"), ("a", "1024-65535", "Allow")],
    ]

    /// A rule that blocks beats what lets in, so that opening leaves what is blocked.
    static func check(
        _ trip: RoundTrip, _ rules: [(String, String, String)], on text: String
    ) throws {
        let blocked = PortSet(
            rules.filter { $0.2 == "Block" }.flatMap { PortSet($0.1)?.ranges ?? [] })
        let address = try #require(IPAddress(server))
        for ports in [PortSet(5001...5201), PortSet([21...21, 5001...5201])] {
            try trip.check(.permit(ports, to: address), of: address, on: text, open: ports) {
                $0.permitting(ports.subtracting(blocked))
            }
            try trip.forbid("\(ports)", to: server, on: text)
        }
    }

    @Test(arguments: listings)
    func `netsh changes what it lists`(_ rules: [(String, String, String)]) throws {
        let trip = Self.trip(NetshAdvancedFirewallShow.self) { try Self.netsh($0, on: $1) }
        let text = rules.map { Self.rule($0.0, $0.1, $0.2) }.joined()
        try Self.check(trip, rules, on: text)
    }

    @Test(arguments: listings)
    func `netsh changes the registry`(_ rules: [(String, String, String)]) throws {
        func value(_ name: String, _ ports: String, _ action: String) -> String {
            let list = ports.split(separator: ",").map {
                ($0.contains("-") ? "LPort2_10=" : "LPort=") + $0 + "|"
            }
            return
                "\"{\(name)}\"=\"v2.30|Action=\(action)|Active=TRUE|Dir=In|Protocol=6|\(list.joined())Name=\(name)|\""
        }
        let key =
            #"HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Services\SharedAccess\Parameters\FirewallPolicy\FirewallRules"#
        let text =
            (["Windows Registry Editor Version 5.00", "", "[\(key)]"]
            + rules.map { value($0.0, $0.1, $0.2) }).joined(separator: "\n") + "\n"
        let trip = Self.trip(WindowsFirewallRegistry.self) { commands, text in
            var lines = text.trippedLines
            for command in commands where !command.hasPrefix("REM ") {
                let (verb, name, rest) = try Self.parts(command)
                if verb == "add" {
                    let (ports, action) = try Self.values(rest)
                    let list = ports.split(separator: ",").map {
                        ($0.contains("-") ? "LPort2_10=" : "LPort=") + $0 + "|"
                    }
                    lines.append(
                        "\"{\(name) new}\"=\"v2.30|Action=\(action)|Active=TRUE|Dir=In|Protocol=6|\(list.joined())Name=\(name)|\""
                    )
                } else {
                    lines.removeAll { $0.contains("|Name=\(name)|") }
                }
            }
            return lines.joined(separator: "\n") + "\n"
        }
        try Self.check(trip, rules, on: text)
    }

    @Test(arguments: listings)
    func `PowerShell changes what it lists`(_ rules: [(String, String, String)]) throws {
        func row(_ name: String, _ ports: String, _ action: String) -> String {
            "\"{\(name)}\",\"\(name)\",\"True\",\"Inbound\",\"\(action)\",\"Any\",\"TCP\",\"\(ports)\",\"Any\""
        }
        let head =
            "\"Name\",\"DisplayName\",\"Enabled\",\"Direction\",\"Action\",\"Profile\",\"Protocol\",\"LocalPort\",\"RemoteAddress\""
        let text = ([head] + rules.map { row($0.0, $0.1, $0.2) }).joined(separator: "\n") + "\n"
        let trip = Self.trip(NetFirewallRule.self) { commands, text in
            var lines = text.trippedLines
            for command in commands where !command.hasPrefix("# ") {
                if let match = try
                    /New-NetFirewallRule -DisplayName "([^"]*)" -Direction Inbound -Action (Allow|Block) -Protocol TCP -LocalPort ([\d,-]+)/
                    .wholeMatch(in: command)
                {
                    lines.append(
                        "\"{\(match.1) new}\",\"\(match.1)\",\"True\",\"Inbound\",\"\(match.2)\",\"Any\",\"TCP\",\"\(match.3)\",\"Any\""
                    )
                } else if let match = try /Remove-NetFirewallRule -DisplayName "([^"]*)"/
                    .wholeMatch(in: command)
                {
                    lines.removeAll { $0.contains(",\"\(match.1)\",") }
                } else {
                    throw Refused(command)
                }
            }
            return lines.joined(separator: "\n") + "\n"
        }
        try Self.check(trip, rules, on: text)
    }
}
