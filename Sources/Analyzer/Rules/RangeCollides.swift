import Net
import Policy

/// PH205: the passive range holds ports of other services, or lies where the system takes its own.
enum RangeCollides: Rule {
    static let id = "PH205"
    static let title = "Passive range collides with other services"
    static let severity = Severity.high
    static let grades: Grades? = Grades(
        Severity.info...Severity.high,
        "High where a line of its own opens the port of a known service in the range, else info.")
    static let controls: [ControlSet] = [.neededPorts]
    static let explanation = Explanation(
        checks: """
            The configured range is held against the registered ports of services that people run \
            beside FTP, and against the usual dynamic ranges of operating systems.
            """,
        why: """
            An opening for the range opens such a service too. A port that an outgoing connection \
            holds cannot be offered at that moment.
            """,
        remedy: """
            Move the range, or reserve it (`ip_local_reserved_ports` on Linux, `excludedportrange` \
            on Windows), and see to it that nothing else listens in it.
            """,
        refutation: "The list of listening sockets of the server, without the named port.",
        references: [
            "IANA Service Name and Transport Protocol Port Number Registry", "RFC 6335 section 6",
        ])

    static let services: [(port: UInt16, name: String)] = [
        (1433, "Microsoft SQL Server"), (1521, "Oracle"), (1723, "PPTP"), (2049, "NFS"),
        (3128, "Squid"), (3306, "MySQL"), (3389, "Remote Desktop"),
        (5432, "PostgreSQL"), (5900, "VNC"), (5985, "WinRM"), (5986, "WinRM over TLS"),
        (6379, "Redis"), (8080, "HTTP alternate"), (8443, "HTTPS alternate"),
        (9200, "Elasticsearch"), (11211, "memcached"), (27017, "MongoDB"),
    ]

    private static let dynamic: [(range: ClosedRange<UInt16>, system: String)] = [
        (1025...5000, "Windows before Vista"), (32768...60999, "Linux"),
        (49152...65535, "Windows since Vista"),
    ]

    static func judge(_ server: ServerView, in audit: AuditContext) -> Judgement {
        guard let range = server.range else {
            return .notApplicable("no passive range is known")
        }
        let hits = services.filter { range.contains($0.port) }
        let opened = hits.filter { ownPermit(for: $0.port, server) != nil }
        if !hits.isEmpty {
            let shown = opened.isEmpty ? hits : opened
            let names = shown.map { "\($0.port) (\($0.name))" }.joined(separator: ", ")
            let permits = opened.compactMap { ownPermit(for: $0.port, server) }
            let why =
                opened.isEmpty
                ? "whether such a service runs here isn't known"
                : "a line of its own permits it"
            return .failed([
                Fault(
                    key: "services",
                    message:
                        "The passive range \(range.brief) holds ports of other services: \(names); \(why).",
                    expected: "a range of its own", observed: names, count: shown.count,
                    severity: opened.isEmpty ? .info : nil, confidence: .probable,
                    config: server.configuredSources + permits,
                    ports: PortSet(ports: shown.map(\.port)))
            ])
        }
        let known = server.settings?.dynamicPorts?.value
        // Where the system's ports are offered themselves, PH201 and PH223 tell it.
        if known.map({ PortSet($0) }) == range {
            return .passed("\(range.brief) holds no port of a known service")
        }
        let all = known.map { [(range: $0, system: "this system")] } ?? dynamic
        let overlaps = all.filter { !range.isDisjoint(with: PortSet($0.range)) }
        guard let first = overlaps.first else {
            return .passed(
                "\(range.brief) holds no port of a known service, nor of a dynamic range")
        }
        let systems = overlaps.map { "\($0.system) (\(PortSet($0.range)))" }.joined(separator: ", ")
        return .failed([
            Fault(
                key: "dynamic",
                message: """
                    The passive range \(range.brief) lies where outgoing connections take their \
                    ports: \(systems).
                    """,
                expected: "a reserved range", observed: "within \(PortSet(first.range))",
                severity: .info, confidence: .probable, config: server.configuredSources,
                ports: range)
        ])
    }

    /// A line on the path that permits this port and hardly another.
    private static func ownPermit(for port: UInt16, _ server: ServerView) -> SourceLine? {
        server.path.compactMap(\.configuration.device).flatMap { $0.chains.values }
            .flatMap(\.rules).first { rule in
                guard rule.action == .permit, rule.match.never == nil,
                    let ports = rule.match.destinationPorts
                else { return false }
                return ports.contains(port) && ports.count <= 3
            }?.source
    }
}
