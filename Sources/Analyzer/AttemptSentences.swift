import FTP
import Net

extension [ControlAttempt] {
    /// Servers whose attempts are told one by one.
    private static var most: Int { 5 }

    /// A sentence a server on those who never came to a dialogue with it.
    var sentences: [String] {
        let servers = Dictionary(grouping: self, by: \.server).sorted { $0.key < $1.key }
        let told = servers.prefix(Self.most).map { server, attempts in
            let tries = attempts.reduce(0) { $0 + $1.attempts }
            let clients = Set(attempts.map(\.client.address)).count
            let outcomes = Set(attempts.map(\.outcome.rawValue)).sorted().joined(separator: ", ")
            let frame = attempts.map(\.first).min().map { " (from frame \($0.number) on)" } ?? ""
            return """
                \(tries == 1 ? "One SYN" : "\(tries) SYNs") of \
                \(clients == 1 ? "one client" : "\(clients) clients") to \(server)\(frame) came to \
                nothing: \(outcomes). --firewall or a site tells which line decides.
                """
        }
        let rest = servers.dropFirst(Self.most)
        guard !rest.isEmpty else { return told }
        return told + ["Attempts at \(rest.count) more servers came to nothing."]
    }
}
