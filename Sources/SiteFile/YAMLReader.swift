import Yams

/// Typed access to a YAML document; what doesn't fit becomes a problem and is left out.
final class YAMLReader {
    let file: String
    let lines: [Substring]
    private(set) var problems: [SiteProblem] = []

    init(file: String, text: String) {
        self.file = file
        lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    }

    func report(_ node: Node, _ message: String) {
        let mark = node.mark
        report(line: mark?.line ?? 1, column: mark?.column ?? 1, message)
    }

    func report(line: Int, column: Int, _ message: String) {
        problems.append(SiteProblem(file: file, line: line, column: column, message: message))
    }

    /// The values of a mapping by key; keys that are not `known` are problems.
    func mapping(_ node: Node, _ what: String, known: [String]) -> [String: Node] {
        guard case .mapping(let mapping) = node else {
            report(node, "\(what): expected a mapping of \(known.joined(separator: ", "))")
            return [:]
        }
        var values: [String: Node] = [:]
        for (key, value) in mapping {
            guard let name = key.string, known.contains(name) else {
                let found = key.string.map { "'\($0)'" } ?? "a key that is no text"
                report(
                    key, "\(what): unknown key \(found); expected \(known.joined(separator: ", "))")
                continue
            }
            values[name] = value
        }
        return values
    }

    /// The items of a sequence; nothing for an absent or empty node.
    func items(_ node: Node?, _ what: String) -> [Node] {
        guard let node, !isEmpty(node) else { return [] }
        guard case .sequence(let sequence) = node else {
            report(node, "\(what): expected a list")
            return []
        }
        return Array(sequence)
    }

    /// One value or a list of them.
    func oneOrMore<Value>(
        _ node: Node?, _ what: String, expected: String, _ parse: (String) -> Value?
    ) -> [Value] {
        guard let node, !isEmpty(node) else { return [] }
        let nodes: [Node] = if case .sequence(let list) = node { Array(list) } else { [node] }
        return nodes.compactMap { value($0, what, expected: expected, parse) }
    }

    func value<Value>(
        _ node: Node?, _ what: String, expected: String, _ parse: (String) -> Value?
    ) -> Value? {
        guard let node, !isEmpty(node) else { return nil }
        guard case .scalar(let scalar) = node else {
            report(node, "\(what): expected \(expected)")
            return nil
        }
        guard let value = parse(scalar.string) else {
            report(node, "\(what): '\(scalar.string)' is not what was expected: \(expected)")
            return nil
        }
        return value
    }

    func text(_ node: Node?, _ what: String) -> String? {
        value(node, what, expected: "a text") { $0 }
    }

    private func isEmpty(_ node: Node) -> Bool {
        if case .scalar(let scalar) = node {
            return scalar.style == .plain && scalar.string.isEmpty
        }
        return false
    }
}
