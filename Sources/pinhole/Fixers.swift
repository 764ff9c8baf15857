import Analyzer
import Policy
import PolicyFormats

/// The commands that mend findings, each on the platform of the server or hop that it is for.
struct Fixers {
    private let hops: [String: (Change) -> Fix?]

    init(_ path: [Hop]) {
        hops = Dictionary(
            path.map { hop in
                var configuration = hop.configuration
                configuration.device = configuration.device?.standing(at: hop)
                return (hop.name, Formats.fixer(configuration))
            }, uniquingKeysWith: { first, _ in first })
    }

    func fixes(_ change: ProposedChange, _ server: ServerView) -> [Fix] {
        switch change.target {
        case .server:
            guard let configuration = server.site?.configuration else { return [] }
            return named(Formats.fixer(configuration)(change.change), server.name)
        case .hop(let name): return named(hops[name]?(change.change), name)
        case .client: return []
        }
    }

    private func named(_ fix: Fix?, _ device: String) -> [Fix] {
        guard var fix else { return [] }
        fix.device = device
        return [fix]
    }
}
