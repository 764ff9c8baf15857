import Analyzer
import Foundation
import Net
import Policy
import SiteFile
import Streams

/// What was meant: the site, the files that it was made of, and what of them could not be taken.
struct LoadedSite {
    var site: Site
    var inputs: [AuditReport.Input]
    /// Sentences with file, line and column.
    var problems: [String]

    /// Nothing was said of what was meant.
    static let none = LoadedSite(site: Site(), inputs: [], problems: [])

    /// Reads a site file and the files that it names.
    init(path: String) throws(Failure) {
        let loader = PolicyLoader(
            relativeTo: URL(filePath: path).deletingLastPathComponent())
        let own = PolicyLoader()
        do {
            let bytes = try own.read(path)
            let file = try SiteFile(
                file: path, text: String(decoding: bytes, as: UTF8.self),
                vocabulary: SiteFile.Vocabulary(
                    rules: Rules.all.map { $0.id }, standards: ControlMapping.standards,
                    limits: Limits.bounds.map(\.name))
            ) { (name, format) throws(SiteFile.LoadFailure) in try loader.load(name, as: format) }
            site = file.site
            problems = file.problems.map(\.description)
            var input = AuditReport.Input(
                file: path, kind: .site, state: problems.isEmpty ? .read : .partly)
            input.bytes = UInt64(bytes.count)
            input.sha256 = FileDigests.digest(of: bytes)
            input.problem = problems.isEmpty ? nil : problems.joined(separator: "; ")
            inputs = [input] + loader.inputs
        } catch let failure as SiteFile.LoadFailure {
            throw .unusable(failure.reason)
        } catch let problem as SiteProblem {
            throw .unusable(problem.description)
        } catch {
            throw .unusable("\(path): cannot be read")
        }
    }

    /// Whether some of it could not be read.
    var isPartial: Bool { !problems.isEmpty || inputs.contains { $0.state != .read } }

    /// A site all of whose servers were lost to its faults: it would have nothing watched.
    func withServers(from path: String) throws(Failure) -> LoadedSite {
        guard site.servers.isEmpty, !problems.isEmpty else { return self }
        throw .unusable("\(path): it names no server that could be taken")
    }

    /// One device in front of every server, of files given on the command line.
    init(_ options: DeviceOptions) throws(Failure) {
        self = .none
        guard !options.firewall.isEmpty else { return }
        let loader = PolicyLoader()
        site.hops = [try options.hop(loader, name: "firewall")]
        inputs = loader.inputs
    }

    private init(site: Site, inputs: [AuditReport.Input], problems: [String]) {
        self.site = site
        self.inputs = inputs
        self.problems = problems
    }
}

/// Values of options that a site file could state too.
enum SiteOptions {
    /// Ports from 1 to 65535, such as `5001-5201`.
    static func ports(_ text: String) -> PortSet? {
        PortSet(text).flatMap { $0.isEmpty || $0.contains(0) ? nil : $0 }
    }
}
