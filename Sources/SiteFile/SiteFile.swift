public import Policy
import Yams

/// Reads `pinhole.yml`: which servers there are, and what stands between them and their clients.
public struct SiteFile {
    /// Finds a configuration file by its path relative to the site file, reads it as the format
    /// named or as the one recognised, and throws a sentence on why it couldn't.
    public typealias Loader = (_ path: String, _ format: String?) throws(LoadFailure) ->
        Configuration

    public struct LoadFailure: Error, Sendable {
        public var reason: String

        public init(_ reason: String) { self.reason = reason }
    }

    /// Names that the site may use and that others define.
    public struct Vocabulary: Sendable {
        public var rules: [String]
        public var standards: [String]
        public var limits: [String]

        public init(rules: [String], standards: [String], limits: [String]) {
            self.rules = rules
            self.standards = standards
            self.limits = limits
        }
    }

    /// What could be taken of the file, and what could not.
    public var site: Site
    public var problems: [SiteProblem]

    /// Reads the text of a site file.
    ///
    /// - Parameters:
    ///   - file: Its name, for problems.
    ///   - text: What it holds.
    ///   - vocabulary: Rules and standards that exist.
    ///   - load: Reads the configuration files that it names.
    /// - Throws: `SiteProblem` where the text is no YAML mapping at all or of another version:
    ///   nothing could be taken.
    public init(
        file: String, text: String, vocabulary: Vocabulary, load: @escaping Loader
    ) throws(SiteProblem) {
        let reader = YAMLReader(file: file, text: text)
        let root = try Self.compose(file: file, text: text)
        guard case .mapping = root else {
            throw SiteProblem(
                file: file, line: 1, column: 1,
                message: "expected a mapping that begins `pinhole: 1`")
        }
        let top = reader.mapping(
            root, "site",
            known: ["pinhole", "servers", "path", "capture", "accept", "report"])
        let version = reader.value(
            top["pinhole"], "pinhole", expected: "the site schema's version, 1", Int.init)
        if let version, version != 1 {
            // Of another version it can't be told what its keys mean.
            let mark = top["pinhole"]?.mark
            throw SiteProblem(
                file: file, line: mark?.line ?? 1, column: mark?.column ?? 1,
                message: "the site schema \(version) isn't known; expected `pinhole: 1`")
        }
        if top["pinhole"] == nil { reader.report(root, "site: expected `pinhole: 1`") }
        var parser = SiteParser(reader: reader, vocabulary: vocabulary, load: load)
        site = parser.site(top)
        problems = reader.problems
    }

    private static func compose(file: String, text: String) throws(SiteProblem) -> Node {
        do {
            guard let node = try Yams.compose(yaml: text) else {
                throw SiteProblem(file: file, line: 1, column: 1, message: "the file is empty")
            }
            return node
        } catch let problem as SiteProblem {
            throw problem
        } catch let error as YamlError {
            let (line, column, message) = describe(error)
            throw SiteProblem(file: file, line: line, column: column, message: message)
        } catch {
            throw SiteProblem(file: file, line: 1, column: 1, message: "not YAML: \(error)")
        }
    }

    private static func describe(_ error: YamlError) -> (Int, Int, String) {
        switch error {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            (mark.line, mark.column, "not YAML: \(problem)")
        case .reader(let problem, let offset, _, _):
            (1, 1, "not YAML: \(problem)" + (offset.map { " at offset \($0)" } ?? ""))
        case .duplicatedKeysInMapping(let keys, let context):
            (
                context.mark.line, context.mark.column,
                "the same key twice: \(keys.map(\.description).joined(separator: ", "))"
            )
        default: (1, 1, "not YAML")
        }
    }
}
