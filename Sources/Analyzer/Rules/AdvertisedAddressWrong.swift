import FTP
import Net
import Policy

/// PH210: the server will announce an address that its clients cannot use.
enum AdvertisedAddressWrong: Rule {
    static let id = "PH210"
    static let title = "Advertised address missing or stale"
    static let severity = Severity.high
    static let controls: [ControlSet] = [.internalAddresses, .availability]
    static let explanation = Explanation(
        checks: """
            The address that the server's configuration has it announce in a 227 is held against \
            the address at which clients reach it; a device that rewrites the announcement counts.
            """,
        why: """
            Strict clients connect to the announced address. A private or old one leads nowhere, \
            and tells outsiders how the inside is numbered. No device can mend it under TLS.
            """,
        remedy: "Have the server announce the address that clients use.",
        refutation: "A translation of the announcement by a device that was not given.",
        references: ["RFC 959 section 4.1.2", "RFC 2428 section 4"])

    static func judge(_ server: ServerView, in audit: AuditContext) -> Judgement {
        guard let site = server.site else {
            return .notApplicable("the server is not in the site")
        }
        guard let settings = server.settings else {
            return .notApplicable("the server's configuration was not given")
        }
        guard server.passiveOff == nil else {
            return .notApplicable("passive mode is switched off")
        }
        let reached = site.addresses.filter { $0.family == .v4 }
        guard !reached.isEmpty else {
            return .notApplicable("clients reach the server by IPv6 alone: a 229 names no address")
        }
        if let advertised = settings.advertisedAddress {
            guard !reached.contains(advertised.value) else {
                return .passed("\(advertised.value) is announced, and clients reach it there")
            }
            return fault(
                "The server is set to announce \(advertised.value); clients reach it at \(reached[0]).",
                "\(advertised.value)", [advertised.source], server, to: reached[0])
        }
        if let name = settings.advertisedName {
            return .cannotTell("it announces what the name \(name.value) stands for")
        }
        guard server.isTranslated else {
            return .passed("it announces its own address, by which clients reach it")
        }
        let isRewritten = server.isRewritten
        if isRewritten, settings.tls.value == .none {
            if let problem = settings.tlsProblem {
                return .cannotTell(
                    "a device rewrites it in clear text; whether TLS is offered isn't known: \(problem)"
                )
            }
            return .passed("a device on the path rewrites the announced address in clear text")
        }
        if !isRewritten, let doubt = server.doubtOfFollowing {
            let told = server.passiveOffers.filter { offer in
                offer.channel.announcedBy == .passive
                    && reached.contains(offer.session.server.address)
            }
            guard let first = told.first else {
                return .cannotTell(
                    "whether a device rewrites the announced address isn't known: \(doubt)")
            }
            if told.allSatisfy({ $0.channel.advertised?.address == $0.session.server.address }) {
                return .passed(
                    "clients were told \(first.session.server.address): a device rewrites it")
            }
        }
        let own = site.inside.first.map { "\($0)" } ?? "its own address"
        let blind =
            isRewritten ? " A device on the path rewrites it in clear text, not under TLS." : ""
        return fault(
            "It announces \(own), behind NAT; clients reach it at \(reached[0]).\(blind)", own,
            absence(settings), server, to: reached[0])
    }

    /// The proof is what the server's file lacks.
    private static func absence(_ settings: ServerSettings) -> [SourceLine] {
        settings.control.prefix(1).map {
            SourceLine(file: $0.source.file, line: nil, text: "no address to announce is set")
        }
    }

    private static func fault(
        _ message: String, _ observed: String, _ lines: [SourceLine], _ server: ServerView,
        to address: IPAddress
    ) -> Judgement {
        .failed([
            Fault(
                key: "address", message: message, expected: "\(address)", observed: observed,
                confidence: .probable, config: lines,
                changes: [
                    ProposedChange(.server, .advertise(address)), ProposedChange(.server, .restart),
                ])
        ])
    }
}
