import Net
import Policy

/// PH227: the product lets in no more users than its range has ports for, by its own reckoning.
enum UsersCappedByRange: Rule {
    static let id = "PH227"
    static let title = "Server caps its own users from the range"
    static let severity = Severity.low
    static let grades: Grades? = Grades(
        Severity.info...Severity.low,
        "Info where only the server's own limit of users says that more are meant, low where the site does."
    )
    static let controls: [ControlSet] = [.availability]
    static let explanation = Explanation(
        checks: """
            Pure-FTPd lets in one user for every two ports of its range; that number is held \
            against the sessions that the site states and the limit that the configuration names.
            """,
        why: """
            The cap is nowhere set and nowhere logged: the next user is turned away with 421, \
            although ports are free and the configured limit is not reached.
            """,
        remedy: "Give the range twice as many ports as users are meant to be in, and open them.",
        refutation: "A number of users in at once above the cap.",
        references: ["Pure-FTPd: ftpd.c, pureftpd_start", "pure-ftpd(8), option -p"])

    static func judge(_ server: ServerView, in audit: AuditContext) -> Judgement {
        guard let settings = server.settings else {
            return .notApplicable("the server's configuration was not given")
        }
        let product = settings.behaviour.product
        guard settings.behaviour.portsPerUser != nil else {
            return .notApplicable("\(product) is not known to limit users by its range")
        }
        guard settings.passiveFrom != .invalid else {
            return .notApplicable("\(product) does not start with this range")
        }
        guard settings.passiveFrom != .unknown else {
            return .cannotTell("the configuration leaves the range open")
        }
        guard let cap = server.usersLetIn, case .ports(let ports)? = settings.passive else {
            return .passed("no range is set, and none limits the users")
        }
        let range = PortSet(ports)
        let meant = server.site?.sessions
        if range.count == 1 || range.count < max(meant ?? 0, server.mostOpenAtOnce) {
            return .notApplicable("the range is too small for transfers, which PH206 tells")
        }
        if let meant {
            guard meant > cap else { return .passed("\(cap) users are let in, \(meant) are meant") }
            return fault(
                "the site means \(meant) sessions at once", nil, cap, range, server,
                [server.site?.source].compactMap(\.self))
        }
        guard let stated = settings.maxUsers else {
            return .cannotTell("nobody states how many sessions the server is meant to carry")
        }
        guard stated.value > cap else {
            return .passed("the limit of \(stated.value) users is within the \(cap) of the range")
        }
        // Shipped configurations name 50: whether so many are meant is unknown.
        return fault(
            "its configuration names a limit of \(stated.value)", .info, cap, range, server,
            [stated.source])
    }

    private static func fault(
        _ why: String, _ severity: Severity?, _ cap: Int, _ range: PortSet, _ server: ServerView,
        _ lines: [SourceLine]
    ) -> Judgement {
        let users = cap == 1 ? "user" : "users"
        let product = server.settings?.behaviour.product ?? "The server"
        return .failed([
            Fault(
                key: "users",
                message: """
                    \(product) lets in \(cap) \(users) at once, for its range \(range) has \
                    \(range.count) ports; \(why).
                    """,
                expected: "a range of two ports for each user", observed: "\(cap)",
                severity: severity, config: server.configuredSources + lines,
                changes: server.widening, ports: range)
        ])
    }
}
