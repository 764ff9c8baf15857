import Net
import Policy
import PolicyText

/// A section of HAProxy that listens, has servers, or both; or the defaults of such.
struct HAProxySection {
    struct Bind {
        var ports: ClosedRange<UInt16>
        var addresses: AddressSet?
        var mayBeAnyAddress = false
        var source: SourceLine
        var doubts: [String] = []
    }

    struct Server {
        var address: Translation.Target
        var port: Port
        var isBackup = false
        var doubts: [String] = []
    }

    enum Port: Hashable {
        case same
        case offset(Int)
        case one(UInt16)
    }

    struct Choice {
        var backend: String
        /// Why it may not be chosen.
        var doubt: String?
    }

    var kind: String
    var line: Int
    var binds: [Bind] = []
    var servers: [Server] = []
    /// `use_backend`, in order.
    var choices: [Choice] = []
    var usual: String?
    var mode: String?
    var isDisabled = false
    /// It goes where the client asked.
    var isTransparent = false
    /// Words that stand behind every server from here on.
    var serverWords: [String] = []
    /// Why what it does with a connection isn't known.
    var doubts: [String] = []

    /// What it does with a connection that its frontend takes.
    struct Way {
        var target: Translation.Target
        var port = Port.same
        var doubts: [String] = []

        static func unknown(_ why: String) -> Way { Way(target: .unknown(why)) }
    }

    /// Where it goes; `named` finds a backend.
    func way(_ named: (String) -> HAProxySection?) -> Way {
        var behind = self
        // The first that holds decides.
        if let choice = choices.first {
            if let doubt = choice.doubt { return .unknown(doubt) }
            guard let found = named(choice.backend) else { return Self.missing(choice.backend) }
            behind = found
        } else if let usual {
            guard let found = named(usual) else { return Self.missing(usual) }
            behind = found
        }
        let isOther = behind.line != line
        if let mode = [mode, behind.mode].compactMap(\.self).first(where: { $0 != "tcp" }) {
            return .unknown("it speaks \(mode.excerpt), not FTP's plain TCP")
        }
        if isOther, behind.isDisabled { return .unknown("its backend is switched off") }
        if isTransparent || behind.isTransparent {
            return .unknown("it goes where the client asked")
        }
        var way = behind.target()
        way.doubts += doubts + (isOther ? behind.doubts : [])
        return way
    }

    private static func missing(_ name: String) -> Way {
        .unknown("backend \(name.excerpt) isn't in the file")
    }

    /// Servers take connections by turns; those marked `backup` only where no other is up.
    private func target() -> Way {
        let active = servers.filter { !$0.isBackup }
        let meant = active.isEmpty ? Array(servers.prefix(1)) : active
        guard let first = meant.first else { return .unknown("it has no server") }
        guard meant.count <= ForwardedPorts.maximumServers else {
            return .unknown("limit of \(ForwardedPorts.maximumServers) servers reached")
        }
        guard meant.allSatisfy({ $0.port == first.port }) else {
            return .unknown("its servers have different ports")
        }
        var way = Way(target: first.address, port: first.port, doubts: meant.flatMap(\.doubts))
        guard meant.contains(where: { $0.address != first.address }) else { return way }
        var addresses: [IPAddress] = []
        var known: Set<IPAddress> = []
        for server in meant {
            guard case .addresses(let own) = server.address else {
                guard case .unknown = server.address else {
                    return .unknown("one of its servers is what the client asked for")
                }
                way.target = server.address
                return way
            }
            addresses += own.filter { known.insert($0).inserted }
        }
        way.target = .addresses(addresses)
        return way
    }
}

/// `[kind@]address[:port]` as HAProxy reads it: the last colon stands before the port.
struct HAProxyAddress {
    var host: String
    /// Nil where no colon stands there.
    var port: String?
    var family: IPAddress.Family?

    enum Kind {
        case tcp(HAProxyAddress)
        /// A socket of another kind, at which no TCP arrives.
        case other
        /// One that is handed over when it starts.
        case inherited
        case unknown
    }

    private static let families: [String: IPAddress.Family] = [
        "ipv4": .v4, "ipv6": .v6, "tcp4": .v4, "tcp6": .v6, "mptcp4": .v4, "mptcp6": .v6,
    ]
    private static let others: Set<String> = [
        "unix", "abns", "abnsz", "sockpair", "udp", "udp4", "udp6", "quic", "quic4", "quic6",
        "rhttp",
    ]

    static func kind(_ text: String) -> Kind {
        guard !text.contains("$") else { return .unknown }
        guard !text.hasPrefix("/") else { return .other }
        var rest = text
        var family: IPAddress.Family?
        if let at = text.firstIndex(of: "@") {
            var kind = String(text[..<at])
            rest = String(text[text.index(after: at)...])
            if kind.hasPrefix("dgram+") { return .other }
            if kind.hasPrefix("stream+") { kind = String(kind.dropFirst("stream+".count)) }
            if kind == "fd" { return .inherited }
            if others.contains(kind) { return .other }
            family = families[kind]
            guard family != nil || kind == "tcp" || kind == "mptcp" else { return .unknown }
        }
        guard let mark = rest.lastIndex(where: { $0 == ":" || $0 == "]" }), rest[mark] == ":" else {
            return .tcp(HAProxyAddress(host: rest.stripping("[]"), family: family))
        }
        return .tcp(
            HAProxyAddress(
                host: rest[..<mark].stripping("[]"), port: String(rest[rest.index(after: mark)...]),
                family: family))
    }
}
