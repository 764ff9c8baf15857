import FTP
import Net
import Policy

/// PH225: the server announces what a name stands for, and inside that may be the inside address.
enum AdvertisedNameInside: Rule {
    static let id = "PH225"
    static let title = "Advertised name may resolve to the inside address"
    static let severity = Severity.high
    static let grades: Grades? = Grades(
        Severity.low...Severity.high,
        "High where the name ends as inside names do (.local, .internal), else low.")
    static let controls: [ControlSet] = [.internalAddresses, .availability]
    static let explanation = Explanation(
        checks: """
            Where the server is to announce a host name behind NAT: whether the name is one of \
            inside networks alone, and which address its 227 replies carried.
            """,
        why: """
            The server looks the name up when it starts, at a name server inside. Where that one \
            answers with the inside address (split DNS, a hosts file), clients are sent nowhere.
            """,
        remedy:
            "Announce the outside address itself; or see to it that the name has just that one.",
        refutation: "The name's address as the server's own resolver gives it: the outside one.",
        references: ["ProFTPD: MasqueradeAddress, NAT howto", "RFC 6762 section 3", "RFC 8375"])

    /// Names that no public name server answers for.
    private static let insideDomains = [
        "local", "localhost", "localdomain", "internal", "intranet", "lan", "corp", "home",
        "home.arpa", "private",
    ]

    static func judge(_ server: ServerView, in audit: AuditContext) -> Judgement {
        guard let settings = server.settings else {
            return .notApplicable("the server's configuration was not given")
        }
        guard settings.advertisedAddress == nil, let name = settings.advertisedName else {
            return .notApplicable("the server is not set to announce a name")
        }
        guard server.passiveOff == nil else {
            return .notApplicable("passive mode is switched off")
        }
        guard let site = server.site else {
            return .notApplicable("the server is not in the site")
        }
        let reached = site.addresses.filter { $0.family == .v4 }
        guard let outside = reached.first else {
            return .notApplicable("clients reach the server by IPv6 alone: a 229 names no address")
        }
        guard isHostName(name.value) else {
            return .cannotTell("what \(name.value) comes to is found out when the server runs")
        }
        let seen = server.offers.filter {
            $0.channel.announcedBy == .passive && $0.channel.advertised != nil
        }
        let wrong = seen.filter { offer in
            guard let address = offer.channel.advertised?.address else { return false }
            return !reached.contains(address)
                && (site.inside.contains(address) || Prefix.isPrivate(address))
        }
        if !wrong.isEmpty { return shown(wrong, name, server, outside) }
        if !seen.isEmpty { return .passed("no 227 carried an inside address for \(name.value)") }
        guard server.isTranslated, site.inside.contains(where: { $0.family == .v4 }) else {
            return .passed("the address inside is the one by which clients reach it")
        }
        if server.isRewritten, settings.tls.value == .none, settings.tlsProblem == nil {
            return .passed("a device on the path rewrites the announced address in clear text")
        }
        let isInside = insideDomains.contains { name.value.lowercased().hasSuffix(".\($0)") }
        let own = site.inside.first { $0.family == .v4 }.map { "\($0)" } ?? "its own address"
        return .failed([
            Fault(
                key: "name",
                message: isInside
                    ? """
                    The server announces what \(name.value) stands for, a name of inside networks \
                    alone; clients reach it at \(outside).
                    """
                    : """
                    The server announces what \(name.value) stands for when it starts: \(own) \
                    where split DNS answers; clients reach it at \(outside).
                    """,
                expected: "\(outside)", observed: name.value, severity: isInside ? nil : .low,
                confidence: .probable, config: [name.source], changes: changes(outside))
        ])
    }

    private static func shown(
        _ wrong: [Offer], _ name: Setting<String>, _ server: ServerView, _ outside: IPAddress
    ) -> Judgement {
        let named = Set(wrong.compactMap { $0.channel.advertised?.address }).listed
        return .failed([
            Fault(
                key: "name",
                message: """
                    The server took \(name.value) for \(named), and tells clients to connect there; \
                    they reach it at \(outside).
                    """,
                expected: "\(outside)", observed: named, count: wrong.count,
                packets: wrong.lazy.flatMap {
                    $0.failedOnTheWire ? $0.failureEvidence : [$0.announcement]
                },
                config: [name.source], offers: Set(wrong.map(\.id)),
                sessions: wrong.lazy.map(\.session), changes: changes(outside))
        ])
    }

    private static func changes(_ outside: IPAddress) -> [ProposedChange] {
        [ProposedChange(.server, .advertise(outside)), ProposedChange(.server, .restart)]
    }

    /// Labels of letters, digits and hyphens, two at least; not a placeholder, a URL or a list.
    private static func isHostName(_ text: String) -> Bool {
        let labels = text.split(separator: ".", omittingEmptySubsequences: false)
        return labels.count > 1 && text.utf8.count < 254
            && labels.allSatisfy { label in
                !label.isEmpty
                    && label.utf8.allSatisfy { byte in
                        switch byte {
                        case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, UInt8(ascii: "-"),
                            UInt8(ascii: "_"):
                            true
                        default: false
                        }
                    }
            }
    }
}
