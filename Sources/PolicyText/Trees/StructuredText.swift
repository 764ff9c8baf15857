import Yams

/// Documents of JSON, or of YAML, as command-line tools of clouds print them.
package enum StructuredText {
    /// Values in all documents of a text; YAML's aliases count each time that they are followed.
    package static let maximumValues = 2_000_000

    /// The documents of the text, in order.
    ///
    /// - Throws: where it is neither; a text that begins as JSON isn't tried as YAML.
    package static func documents(_ text: ConfigText) throws(JSONWithLines.Fault) -> [JSONWithLines]
    {
        let whole = withoutPrompts(text)
        let first = whole.unicodeScalars.first { !$0.properties.isWhitespace }
        if first == "{" || first == "[" { return [try JSONWithLines.parse(whole)] }
        return try yaml(whole)
    }

    /// Whether a line is a shell's prompt with the call of a tool that prints documents.
    package static func isPrompt(_ line: String) -> Bool {
        let bare = line.trimmingBlanks
        if bare == "$" || bare.hasPrefix("$ ") && tools.contains(where: bare.dropFirst(2).hasPrefix)
        {
            return true
        }
        return bare.contains("@") && bare.isPrompt(before: tools)
    }

    private static let tools = ["aws ", "az ", "gcloud ", "kubectl ", "docker ", "cat ", "oc "]

    /// Prompts above the documents and below them made blank.
    private static func withoutPrompts(_ text: ConfigText) -> String {
        func ends(_ lines: some Sequence<String>) -> Int {
            var (count, last) = (0, 0)
            for line in lines {
                count += 1
                if isPrompt(line) { last = count } else if !line.trimmingBlanks.isEmpty { break }
            }
            return last
        }
        let (head, tail) = (ends(text.lines), ends(text.lines.reversed()))
        guard head + tail > 0, head + tail <= text.lines.count else { return text.whole }
        let body = text.lines[head..<text.lines.count - tail]
        return String(repeating: "\n", count: head) + body.joined(separator: "\n") + "\n"
    }

    private static func yaml(_ text: String) throws(JSONWithLines.Fault) -> [JSONWithLines] {
        var room = maximumValues
        do {
            var documents: [JSONWithLines] = []
            for node in try Yams.compose_all(yaml: text) {
                documents.append(try value(node, depth: 0, &room))
            }
            return documents
        } catch let fault as JSONWithLines.Fault {
            throw fault
        } catch let error as YamlError {
            throw fault(error)
        } catch {
            throw JSONWithLines.Fault(line: 1, why: "not YAML")
        }
    }

    private static func fault(_ error: YamlError) -> JSONWithLines.Fault {
        switch error {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            .init(line: mark.line, why: "not YAML: \(problem)")
        case .duplicatedKeysInMapping(let keys, let context):
            .init(
                line: context.mark.line,
                why: "the same key twice: \(keys.map(\.description).joined(separator: ", "))")
        default: .init(line: 1, why: "not YAML")
        }
    }

    private static func value(
        _ node: Node, depth: Int, _ room: inout Int
    ) throws(JSONWithLines.Fault) -> JSONWithLines {
        let line = node.mark?.line ?? 1
        guard depth < JSONWithLines.maximumDepth else {
            throw JSONWithLines.Fault(line: line, why: "nested too deep")
        }
        room -= 1
        guard room > 0 else {
            throw JSONWithLines.Fault(line: line, why: "more than \(maximumValues) values")
        }
        switch node {
        case .scalar(let scalar):
            return JSONWithLines(value: plain(scalar), line: line, last: line)
        case .sequence(let items):
            var list: [JSONWithLines] = []
            for item in items { list.append(try value(item, depth: depth + 1, &room)) }
            return JSONWithLines(value: .array(list), line: line, last: list.last?.last ?? line)
        case .mapping(let mapping):
            var members: [JSONWithLines.Member] = []
            for (key, item) in mapping {
                let name = key.scalar?.string ?? ""
                var item = try value(item, depth: depth + 1, &room)
                // The key's line belongs to its value.
                if let mark = key.mark, mark.line < item.line { item.line = mark.line }
                members.append(.init(key: name, value: item))
            }
            let last = members.map(\.value.last).max() ?? line
            return JSONWithLines(value: .object(members), line: line, last: last)
        case .alias: throw JSONWithLines.Fault(line: line, why: "an alias without an anchor")
        }
    }

    /// Only unquoted words are anything but text (YAML 1.2, core schema, decimal numbers only).
    private static func plain(_ scalar: Node.Scalar) -> JSONWithLines.Value {
        let text = scalar.string
        guard scalar.style == .plain else { return .string(text) }
        switch text {
        case "", "~", "null", "Null", "NULL": return .null
        case "true", "True", "TRUE": return .bool(true)
        case "false", "False", "FALSE": return .bool(false)
        default: return Int(text) == nil ? .string(text) : .number(text)
        }
    }
}
