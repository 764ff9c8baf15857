import Net

/// What `match protocol` means of a connection's first packet.
enum IOSProtocols {
    enum Ports: Hashable {
        case all
        case these(PortSet)
        /// Not TCP.
        case none
        case unknown
    }

    private static let others: Set<String> = [
        "udp", "icmp", "icmpv6", "ntp", "tftp", "dhcp", "bootpc", "bootps", "snmp", "snmptrap",
        "isakmp", "ipsec-msft", "esp", "ah", "gre", "gtpv0", "gtpv1", "rtp",
    ]

    private static let more: [String: UInt16] = [
        "ftps": 990, "ldaps": 636, "imap": 143, "imaps": 993, "pop3s": 995, "rtsp": 554,
        "dns": 53, "ms-sql": 1433, "mysql": 3306, "kerberos": 88, "ssh": 22, "socks": 1080,
        "telnets": 992, "rdp": 3389,
    ]

    static func ports(_ name: String, ftp: PortSet) -> Ports {
        if name == "tcp" || name == "any" { return .all }
        if name == "ftp" { return .these(ftp) }
        if others.contains(name) { return .none }
        guard let port = IOSPorts.names[name] ?? more[name] else { return .unknown }
        return .these(PortSet(ports: [port]))
    }
}
