import Net
import Policy

/// PH223: the host's dynamic ports were made few, so that FTP's passive ports come out few.
enum DynamicRangeShrunk: Rule {
    static let id = "PH223"
    static let title = "Dynamic range of the system shrunk to emulate an FTP range"
    static let severity = Severity.medium
    static let controls: [ControlSet] = [.configuration]
    static let explanation = Explanation(
        checks: """
            The number of dynamic ports that Windows is set to is held against the 16384 that it \
            has since Vista.
            """,
        why: """
            Every program takes the ports of its outgoing connections from that range. Made small \
            for FTP's sake it runs out for all of them, and FTP shares its ports with them.
            """,
        remedy: """
            Set the FTP service's own range, and give the system its ports back: `netsh int ipv4 \
            set dynamicport tcp start=49152 num=16384`.
            """,
        refutation: "A reason for the small range that has nothing to do with FTP.",
        references: [
            "Microsoft KB 929851: default dynamic port range",
            "Microsoft: system.ftpServer/firewallSupport", "RFC 6056 section 3.2",
        ])

    /// As many as Windows has had since Vista.
    private static let usual: ClosedRange<UInt16> = 49152...65535

    static func judge(_ server: ServerView, in audit: AuditContext) -> Judgement {
        guard let settings = server.settings else {
            return .notApplicable("the server's configuration was not given")
        }
        guard let dynamic = settings.dynamicPorts else {
            if case .osDynamic(let usual?) = settings.passive, usual == Self.usual {
                return .cannotTell(
                    "the system's ports are offered, and no file tells which those are")
            }
            return .notApplicable("no file tells the dynamic ports of the system")
        }
        let range = PortSet(dynamic.value)
        guard range.count < usual.count else {
            return .passed("the system has \(range.count) dynamic ports")
        }
        // The FTP server takes them, or has a range of its own and left them small for nothing.
        let takesThem: Bool?
        switch settings.passive {
        case _ where server.passiveOff != nil: takesThem = nil
        case .ports(let own): takesThem = own == dynamic.value
        case .osDynamic: takesThem = true
        case nil: takesThem = settings.passiveFrom == .invalid ? true : nil
        }
        let whose =
            takesThem.map { $0 ? ", FTP among them" : "; FTP has a range of its own" } ?? ""
        return .failed([
            Fault(
                key: "\(range)",
                message: """
                    The system hands out only the \(range.count) ports \(range) to all programs\
                    \(whose).
                    """,
                expected: "\(PortSet(usual))", observed: "\(range)",
                confidence: .probable, config: [dynamic.source] + also(settings, dynamic),
                changes: changes(server, takesThem ?? false), ports: range)
        ])
    }

    private static func also(
        _ settings: ServerSettings, _ dynamic: Setting<ClosedRange<UInt16>>
    ) -> [SourceLine] {
        settings.passive == .ports(dynamic.value) ? settings.passiveSources : []
    }

    /// A range of FTP's own in their place, the same ports where the service takes them.
    private static func changes(_ server: ServerView, _ takesThem: Bool) -> [ProposedChange] {
        guard takesThem, let range = server.settings?.dynamicPorts?.value,
            let accepted = server.settings?.behaviour.acceptedPorts,
            accepted.contains(range.lowerBound), accepted.contains(range.upperBound)
        else { return [] }
        return [
            ProposedChange(.server, .setPassiveRange(range)), ProposedChange(.server, .restart),
        ]
    }
}
