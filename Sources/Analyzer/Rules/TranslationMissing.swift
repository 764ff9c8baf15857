import Net
import Policy

/// PH208: ports that the server may offer are not translated to its own address.
enum TranslationMissing: Rule {
    static let id = "PH208"
    static let title = "NAT missing for part of the server's ports"
    static let severity = Severity.high
    static let controls: [ControlSet] = [.availability]
    static let explanation = Explanation(
        checks: """
            Where the server's own address is another than the one that clients use, every port of \
            the range and the control port is followed through the translations on the path.
            """,
        why: """
            A port without translation ends at the translating device, whatever its filter permits: \
            the transfers that are offered it hang.
            """,
        remedy: "Translate exactly the missing ports, port kept, to the server's own address.",
        refutation: "A translation in a newer export of the device, or in front of the capture.",
        references: ["RFC 2663 section 4.1.2", "RFC 3022 section 2.2"])

    static func judge(_ server: ServerView, in audit: AuditContext) -> Judgement {
        guard let site = server.site, !server.path.isEmpty else {
            return .notApplicable("no device on the path of this server is known")
        }
        guard server.isTranslated else {
            return .notApplicable("clients use the server's own address: nothing to translate")
        }
        let wanted = (server.range ?? PortSet()).union(server.controlPorts)
        let missing = server.untranslated
        guard !missing.isEmpty else {
            if let doubt = server.doubt(about: wanted) { return .cannotTell(doubt) }
            return .passed("\(wanted.brief) are translated to \(names(site.inside))")
        }
        let lines = feeding(server)
        var message = "\(missing.named) of \(names(site.addresses)) have no translation"
        message += " to \(names(site.inside))."
        if missing.count == 1 { message = message.replacing(" have ", with: " has ") }
        let control = missing.intersection(server.controlPorts)
        if !control.isEmpty, missing != wanted {
            message += " The control port needs one of its own."
        }
        if server.translator == nil {
            message +=
                " Nothing on the path translates: if another device does, it is missing in the site (`path:`)."
        }
        if let trap = trap(server, missing) {
            message += " " + trap
        }
        let carrying = server.carrying(missing, by: carrier(server))
        let behind = server.blockadesBehind(carrying)
        for blockade in behind {
            message +=
                " Once translated, \(blockade.ports.named) would be denied: \(blockade.sentence)."
        }
        return .failed([
            Fault(
                key: "\(missing)", message: message,
                expected: "\(wanted.brief) delivered to \(names(site.inside))",
                observed: "\(missing.brief) delivered nowhere else than \(names(site.addresses))",
                count: missing.count,
                confidence: server.translator == nil ? .probable : .confirmed,
                config: server.configuredSources + lines + behind.map(\.line),
                changes: [carrying].compactMap(\.self) + opening(behind, site),
                ports: missing)
        ])
    }

    /// The change that opens at the inside address what only the translation brings there.
    private static func opening(_ behind: [Blockade], _ site: SiteServer) -> [ProposedChange] {
        guard let hop = behind.first?.hop, let inside = site.inside.first else { return [] }
        let ports = PortSet(behind.flatMap(\.ports.ranges))
        return [ProposedChange(.hop(hop), .permit(ports, to: inside))]
    }

    /// What could carry the ports; nothing that runs on the server itself.
    private static func carrier(_ server: ServerView) -> Hop? {
        if let translator = server.translator { return translator }
        let isOnHost = server.addresses.contains {
            server.site?.arrival(of: $0, on: server.path) != nil
        }
        return isOnHost ? nil : server.path.first
    }

    /// Lines that translate other ports of the server, as proof of how far they go.
    private static func feeding(_ server: ServerView) -> [SourceLine] {
        guard server.translator != nil else { return [] }
        // A line that only filters translates nothing: it isn't the one to change.
        let filters = lines(.filter, server).subtracting(lines(.translate, server))
        var seen = filters
        return server.reach.flatMap(\.segments).filter { $0.translatedTo != nil }
            .flatMap(\.decidedBy).map(\.source).filter { seen.insert($0).inserted }
    }

    /// The lines of the chains that the devices ask for that work.
    private static func lines(_ work: Stage.Work, _ server: ServerView) -> Set<SourceLine> {
        Set(
            server.path.compactMap(\.configuration.device).flatMap { device in
                device.stages.filter { $0.work == work }
                    .flatMap { device.chains[$0.chain]?.rules.map(\.source) ?? [] }
            })
    }

    /// The list that feeds a translation is the filter too, so that its end shuts what it leaves out.
    private static func trap(_ server: ServerView, _ missing: PortSet) -> String? {
        for hop in server.path {
            guard let device = hop.configuration.device else { continue }
            let filters = Set(
                device.stages.filter { $0.work == .filter }
                    .flatMap { device.chains[$0.chain]?.rules.map(\.source) ?? [] })
            let feeds = device.stages.filter { $0.work == .translate }
                .flatMap { device.chains[$0.chain]?.rules ?? [] }
                .filter { filters.contains($0.source) }
            guard let feed = feeds.first, !server.denied(of: missing).isEmpty else { continue }
            let line = feed.source.line.map { ":\($0)" } ?? ""
            return """
                The list that feeds the translation (\(feed.source.file)\(line)) is also the filter: \
                whatever it leaves out, \(missing.brief) too, meets its implicit deny.
                """
        }
        return nil
    }

    private static func names(_ addresses: [IPAddress]) -> String {
        addresses.map(\.description).joined(separator: ", ")
    }
}
