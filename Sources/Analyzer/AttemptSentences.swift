import FTP
import Net

extension [ControlAttempt] {
    /// Servers whose attempts are told one by one.
    private static var most: Int { 5 }

    /// A sentence a server on those who never came to a dialogue with it; where there are several
    /// captures, it names the one of its first frame.
    func sentences(_ captures: [String]) -> [String] {
        let servers = Dictionary(grouping: self, by: \.server).sorted { $0.key < $1.key }
        let told = servers.prefix(Self.most).map { server, attempts in
            let tries = attempts.reduce(0) { $0 + $1.attempts }
            let clients = Set(attempts.map(\.client.address)).count
            let outcomes = Set(attempts.map(\.outcome.rawValue)).sorted().joined(separator: ", ")
            let frame =
                attempts.map(\.first).min().map { first in
                    let place = captures.count > 1 ? " of \(captures[first.capture])" : ""
                    return " (from frame \(first.number)\(place) on)"
                } ?? ""
            return """
                \(tries == 1 ? "One SYN" : "\(tries) SYNs") of \
                \(clients == 1 ? "one client" : "\(clients) clients") to \(server)\(frame) came to \
                nothing: \(outcomes). --firewall or the path of a site tells which line decides.
                """
        }
        let rest = servers.dropFirst(Self.most)
        guard !rest.isEmpty else { return told }
        return told + ["Attempts at \(rest.count) more servers came to nothing."]
    }
}
