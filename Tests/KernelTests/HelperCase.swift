/// A rule set around an FTP server, a session through it, and whether its data port is open.
struct HelperCase {
    /// Where the server is: on the machine with the rules, behind it, or behind its translation.
    enum Place { case here, behind, translated }

    var name: String
    var rules: String
    /// Where the client knocks.
    var port: UInt16 = 21
    var command = "PASV"
    var tls = false
    var place = Place.here
    var opens: Bool
    /// Whether that depends on what a rule set doesn't tell, so that reach can't.
    var depends = false

    init(
        _ name: String, opens: Bool, depends: Bool = false, port: UInt16 = 21,
        command: String = "PASV",
        tls: Bool = false, place: Place = .here, _ rules: String
    ) {
        self.name = name
        self.rules = rules
        self.port = port
        self.command = command
        self.tls = tls
        self.place = place
        self.opens = opens
        self.depends = depends
    }
}

extension HelperCase {
    // MARK: iptables

    private static let accepted = "-p tcp -m multiport --dports 21,2121 -j ACCEPT"
    private static let known = "-m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT"
    private static let helper = "-A PREROUTING -p tcp -m tcp --dport 21 -j CT --helper ftp"

    private static func iptables(
        raw: [String] = [], nat: [String] = [],
        _ filter: [String] = ["-A INPUT \(accepted)", "-A INPUT \(known)"]
    ) -> String {
        let tables = [
            ["*raw", ":PREROUTING ACCEPT [0:0]", ":OUTPUT ACCEPT [0:0]", ":x - [0:0]"] + raw,
            ["*nat", ":PREROUTING ACCEPT [0:0]"] + nat,
            ["*filter", ":INPUT DROP [0:0]", ":FORWARD DROP [0:0]", ":OUTPUT ACCEPT [0:0]"]
                + filter,
        ]
        return tables.map { ($0 + ["COMMIT"]).joined(separator: "\n") + "\n" }.joined()
    }

    private static let forwarding = ["-A FORWARD \(accepted)", "-A FORWARD \(known)"]

    static let ofIptables: [HelperCase] = [
        .init("no helper assigned", opens: false, iptables()),
        .init("helper on the port", opens: true, iptables(raw: [helper])),
        .init("helper, EPSV", opens: true, command: "EPSV", iptables(raw: [helper])),
        .init("helper, TLS", opens: false, tls: true, iptables(raw: [helper])),
        .init(
            "helper, EPSV, TLS", opens: false, command: "EPSV", tls: true, iptables(raw: [helper])),
        .init("helper on another port", opens: false, port: 2121, iptables(raw: [helper])),
        .init(
            "helper on 2121", opens: true, port: 2121,
            iptables(raw: ["-A PREROUTING -p tcp --dport 2121 -j CT --helper ftp"])),
        .init(
            "helper on any port", opens: true, port: 2121,
            iptables(raw: ["-A PREROUTING -p tcp -j CT --helper ftp"])),
        .init(
            "only ESTABLISHED let in", opens: false,
            iptables(
                raw: [helper],
                ["-A INPUT \(accepted)", "-A INPUT -m conntrack --ctstate ESTABLISHED -j ACCEPT"])),
        .init(
            "RELATED of that helper", opens: true,
            iptables(
                raw: [helper],
                [
                    "-A INPUT \(accepted)", "-A INPUT -m state --state ESTABLISHED -j ACCEPT",
                    "-A INPUT -m helper --helper ftp -m state --state RELATED -j ACCEPT",
                ])),
        .init(
            "RELATED to port 20 only", opens: false,
            iptables(
                raw: [helper],
                [
                    "-A INPUT \(accepted)", "-A INPUT -m state --state ESTABLISHED -j ACCEPT",
                    "-A INPUT -p tcp --dport 20 -m state --state RELATED -j ACCEPT",
                ])),
        .init(
            "RELATED to high ports", opens: true,
            iptables(
                raw: [helper],
                [
                    "-A INPUT \(accepted)", "-A INPUT -m state --state ESTABLISHED -j ACCEPT",
                    "-A INPUT -p tcp --dport 1024: -m state --state RELATED -j ACCEPT",
                ])),
        .init(
            "helper for another client", opens: false,
            iptables(raw: ["-A PREROUTING -s 198.51.100.2 -p tcp --dport 21 -j CT --helper ftp"])),
        .init(
            "accepted before the helper", opens: false,
            iptables(raw: ["-A PREROUTING -s 198.51.100.0/30 -j ACCEPT", helper])),
        .init(
            "helper by a chain", opens: true,
            iptables(raw: [
                "-A PREROUTING -p tcp -j x", "-A x -p tcp --dport 21 -j CT --helper ftp",
            ])),
        .init(
            "returned before the helper", opens: false,
            iptables(raw: [
                "-A PREROUTING -p tcp -j x", "-A x -s 198.51.100.1 -j RETURN",
                "-A x -p tcp --dport 21 -j CT --helper ftp",
            ])),
        .init(
            "helper on the way out", opens: false,
            iptables(raw: ["-A OUTPUT -p tcp --dport 21 -j CT --helper ftp"])),
        .init(
            "taken out of tracking before", opens: false,
            iptables(raw: ["-A PREROUTING -p tcp --dport 21 -j NOTRACK", helper])),
        .init(
            "taken out of tracking behind", opens: true,
            iptables(raw: [helper, "-A PREROUTING -p tcp --dport 21 -j NOTRACK"])),
        .init(
            "taken into a zone before", opens: false,
            iptables(raw: ["-A PREROUTING -p tcp -j CT --zone 1", helper])),
        .init(
            "a line of its own, TLS", opens: true, tls: true,
            iptables([
                "-A INPUT \(accepted)", "-A INPUT -p tcp --dport 1024: -j ACCEPT",
                "-A INPUT \(known)",
            ])),
        .init("behind, no helper", opens: false, place: .behind, iptables(forwarding)),
        .init("behind", opens: true, place: .behind, iptables(raw: [helper], forwarding)),
        .init(
            "behind, TLS", opens: false, tls: true, place: .behind,
            iptables(raw: [helper], forwarding)),
        .init(
            "translated", opens: true, depends: true, place: .translated,
            iptables(
                raw: [helper],
                nat: ["-A PREROUTING -p tcp --dport 21 -j DNAT --to-destination 192.0.2.1"],
                forwarding)),
        .init(
            "translated, no helper", opens: false, place: .translated,
            iptables(
                nat: ["-A PREROUTING -p tcp --dport 21 -j DNAT --to-destination 192.0.2.1"],
                forwarding)),
        .init(
            "translated from 2121, helper on 21", opens: false, port: 2121, place: .translated,
            iptables(
                raw: [helper],
                nat: ["-A PREROUTING -p tcp --dport 2121 -j DNAT --to-destination 192.0.2.1:21"],
                forwarding)),
        .init(
            "redirected from 2100, helper on 2100", opens: true, port: 2100,
            iptables(
                raw: ["-A PREROUTING -p tcp --dport 2100 -j CT --helper ftp"],
                nat: ["-A PREROUTING -p tcp --dport 2100 -j REDIRECT --to-ports 21"])),
        .init(
            "redirected from 2100, helper on 21", opens: false, port: 2100,
            iptables(
                raw: [helper], nat: ["-A PREROUTING -p tcp --dport 2100 -j REDIRECT --to-ports 21"])
        ),
    ]
}
