import ArgumentParser
import Net
import Policy

/// Which captures, and which sessions of them.
struct CaptureOptions: ParsableArguments {
    @Argument(
        help: ArgumentHelp(
            "Captures: pcap or pcapng, plain or packed with gzip, zstd or xz; folders; - for standard input.",
            valueName: "capture"))
    var captures: [String] = []

    @Option(help: "Only sessions that end at or after this time (RFC 3339 or a date, UTC).")
    var since: String?

    @Option(help: "Only sessions that begin at or before this time; a date is meant to its end.")
    var until: String?

    @Option(help: "Only sessions with the server of this address; with --site, also by its name.")
    var server: String?

    @Option(help: "Only sessions of clients in this prefix.")
    var client: String?

    /// Asked once all is parsed, so that a mistyped option is named as such.
    static func demand(_ captures: [String]) throws(Failure) {
        guard captures.isEmpty else { return }
        throw .unusable("a capture is needed: a file, a folder, or - for standard input")
    }

    /// The filter that the options state; `site` names servers.
    func filter(_ site: Site = Site()) throws(Failure) -> SessionFilter {
        var filter = SessionFilter(
            since: try Self.read(
                since, "--since", "a time such as 2026-11-20T10:00:00Z", Timestamp.init),
            until: try Self.read(
                until, "--until", "a time such as 2026-11-20T10:00:00Z", Self.end),
            server: nil,
            client: try Self.read(
                client, "--client", "a prefix such as 198.51.100.0/24", Prefix.init))
        if let from = filter.since, let to = filter.until, from > to {
            throw .unusable("--since \(from) is after --until \(to): no session can be both")
        }
        guard let server else { return filter }
        if let address = IPAddress(typed: server) {
            let ends = site.servers.map { $0.addresses + $0.inside }
            let own = ends.filter { $0.contains(address) }.flatMap(\.self)
            filter.server = .init(name: server, addresses: own.isEmpty ? [address] : own)
        } else if let named = site.servers.first(where: { $0.name == server }) {
            filter.server = .init(name: server, addresses: named.addresses + named.inside)
        } else {
            let known = site.servers.map(\.name).joined(separator: ", ")
            throw .unusable(
                "--server: '\(server)' is not an address"
                    + (Endpoint(server) == nil ? "" : " alone: leave out the port")
                    + (known.isEmpty ? "" : ", and the site has only \(known)"))
        }
        return filter
    }

    /// A time, or the last moment of a date.
    private static func end(_ text: String) -> Timestamp? {
        let isDate = !text.contains { "Tt ".contains($0) }
        return Timestamp(text)?.after(isDate ? 86_400_000_000_000 - 1 : 0)
    }

    static func read<Value>(
        _ text: String?, _ option: String, _ expected: String, _ parse: (String) -> Value?
    ) throws(Failure) -> Value? {
        guard let text else { return nil }
        guard let value = parse(text) else {
            throw .unusable("\(option): '\(text)' is not \(expected)")
        }
        return value
    }
}

extension CaptureReading {
    /// Says what could not be read; the exit code that this asks for, if any.
    func complain() -> ExitCode? {
        for problem in problems { Complaints.say("\(problem)") }
        for problem in problemsBefore { Complaints.say(problem) }
        if isUseless { return Exit.unusable }
        return problems.isEmpty && problemsBefore.isEmpty ? nil : Exit.partly
    }
}

extension IPAddress {
    /// An address as it is typed: one of IPv6 may stand in brackets, as a report shows it.
    init?(typed text: String) {
        let isBracketed = text.first == "[" && text.last == "]" && text.contains(":")
        self.init(isBracketed ? String(text.dropFirst().dropLast()) : text)
    }
}
