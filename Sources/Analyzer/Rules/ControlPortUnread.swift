import Net
import Policy

/// PH214: a device reads FTP at its usual port, and the server's control port is another.
enum ControlPortUnread: Rule {
    static let id = "PH214"
    static let title = "Custom control port without ALG mapping"
    static let severity = Severity.medium
    static let controls: [ControlSet] = [.availability]
    static let explanation = Explanation(
        checks: """
            Where the server listens at another control port than 21 and a device on the path reads \
            FTP: whether it reads that port too, and if not, whether a port of the range or the \
            announced address depends on it.
            """,
        why: """
            A device that reads FTP opens data ports and rewrites announced addresses for the \
            control ports that it was told of. A session at another port logs in and lists nothing.
            """,
        remedy: """
            Map the port to FTP on the device, keeping 21 where it is needed; or open the range by a \
            line of its own and have the server announce its outside address.
            """,
        refutation: "A mapping of the port in a newer export of the named device.",
        references: [
            "RFC 2663 section 2.9", "RFC 3027",
            "Cisco IOS: ip nat service, ip port-map",
        ])

    /// Ports that devices know by themselves: FTP, and FTP under TLS, which none can read.
    private static let usual: Set<UInt16> = [21, 990]

    static func judge(_ server: ServerView, in audit: AuditContext) -> Judgement {
        guard server.site != nil, !server.path.isEmpty else {
            return .notApplicable("no device on the path of this server is known")
        }
        let custom = server.control.filter { !usual.contains($0) }
        guard !custom.isEmpty else {
            return .notApplicable("the server listens at FTP's own control port")
        }
        guard !server.demandsTLS else {
            return .notApplicable("the server demands TLS: no device can read the session")
        }
        let readers = server.path.filter { !server.readings(at: $0).isEmpty }
        guard !readers.isEmpty else {
            return .notApplicable("no device on the path reads FTP's control connections")
        }
        let blind = readers.flatMap { hop in
            custom.filter { port in
                !server.readings(at: hop).contains { $0.controlPorts.contains(port) }
            }.map { (hop: hop, port: $0) }
        }
        guard !blind.isEmpty else {
            return .passed("every device that reads FTP reads \(PortSet(ports: custom).named) too")
        }
        let faults = blind.compactMap { fault($0.hop, $0.port, server) }
        guard faults.isEmpty else { return .failed(faults) }
        guard let range = server.range else {
            return .cannotTell("no passive range is known that could be open without such a device")
        }
        if let doubt = server.doubt(about: range) { return .cannotTell(doubt) }
        if server.settings == nil, blind.contains(where: { rewrites($0.hop, server) }) {
            return .cannotTell("which address the server announces isn't known")
        }
        return .passed("the range has lines of its own: nothing depends on reading")
    }

    private static func fault(_ hop: Hop, _ port: UInt16, _ server: ServerView) -> Fault? {
        // Where some of the range has lines of its own, what is shut was forgotten there: PH202's.
        let range = server.range.flatMap { server.hasLines(for: $0) ? nil : $0 }
        let shut = (range.map { server.blockades(of: $0, control: port) } ?? [])
            .filter { server.hop(of: $0)?.name == hop.name }
        let keepsInside =
            rewrites(hop, server) && server.settings != nil && server.passiveOff == nil
            && server.settings?.advertisedAddress == nil && server.settings?.advertisedName == nil
        guard !shut.isEmpty || keepsInside else { return nil }
        let read = server.readings(at: hop)
        let ports = shut.reduce(PortSet()) { $0.union($1.ports) }
        let known = read.reduce(PortSet()) { $0.union($1.controlPorts) }
        var harm: [String] = []
        if !ports.isEmpty { harm.append("\(ports.named) stay shut") }
        if keepsInside { harm.append("the announced address stays the inside one") }
        let own = server.site?.inside.first ?? server.addresses.first
        return Fault(
            key: "\(hop.name) \(port)",
            message: """
                "\(hop.name)" reads FTP at \(known.named), and the server listens at \(port): \
                \(harm.joined(separator: ", and ")).
                """,
            expected: "control port \(port) read too, or nothing that depends on it",
            observed: "\(known.named) read", count: 1,
            config: (server.settings?.control.filter { $0.value == port }.map(\.source) ?? [])
                + read.map(\.source).prefix(3) + shut.map(\.line),
            changes: own.map { address in
                [
                    ProposedChange(
                        .hop(hop.name), .set(.readControl(PortSet(port...port), server: address)))
                ]
            } ?? [],
            ports: PortSet(port...port))
    }

    /// Whether the announced address would be the outside one if the hop read the session.
    private static func rewrites(_ hop: Hop, _ server: ServerView) -> Bool {
        server.isTranslated && server.readings(at: hop).contains { $0.rewritesAddress }
    }
}
