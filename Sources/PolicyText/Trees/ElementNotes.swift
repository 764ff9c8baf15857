package import Policy

/// Notes of a text that is a tree of elements rather than lines: an element speaks for its lines.
package struct ElementNotes {
    package private(set) var lines: LineNotes
    package let text: ConfigText

    package init(_ text: ConfigText) {
        self.text = text
        lines = LineNotes(text)
    }

    /// The states of an object's members: those that shape the policy, those that don't, others.
    ///
    /// - Returns: the keys that are neither.
    package mutating func take(
        _ object: JSONWithLines, shaping: Set<String>, idle: Set<String>
    ) -> [String] {
        guard case .object(let members) = object.value else { return [] }
        var strange: [String] = []
        for member in members {
            if shaping.contains(member.key) {
                add(member.value, .used)
            } else if idle.contains(member.key) {
                add(member.value, .irrelevant)
            } else {
                strange.append(member.key)
                add(member.value, .notRecognised, "key \(member.key.excerpt) isn't known")
            }
        }
        return strange
    }

    /// Says it of all lines of the element, unless something that weighs more was said.
    package mutating func add(_ element: JSONWithLines, _ state: LineNote.State, _ why: String = "")
    {
        for line in element.line...max(element.line, element.last) { lines.add(line, state, why) }
    }

    /// Says it of one line, unless something that weighs more was said.
    package mutating func addLine(_ line: Int, _ state: LineNote.State, _ why: String = "") {
        lines.add(line, state, why)
    }

    /// Says it of all lines of the element, whatever was said; but a line that it may share with
    /// others isn't called irrelevant for it.
    package mutating func set(_ element: JSONWithLines, _ state: LineNote.State, _ why: String = "")
    {
        guard element.last > element.line || state != .irrelevant else {
            return lines.add(element.line, state, why)
        }
        for line in element.line...max(element.line, element.last) { lines.set(line, state, why) }
    }

    /// Lines of which nothing was said hold brackets, or nothing.
    package func finish() -> [LineNote] {
        lines.finish { _, text in
            if StructuredText.isPrompt(text) { return (.irrelevant, "a shell's prompt") }
            let bare = text.allSatisfy { " \t{}[](),-".contains($0) } || text.bare.hasPrefix("#")
            return bare
                ? (.irrelevant, "") : (.notRecognised, "no part of what is read of this format")
        }
    }

    /// The whole text is a fault.
    package static func broken(
        _ text: ConfigText, _ fault: JSONWithLines.Fault, format: String
    ) -> Configuration {
        var lines = LineNotes(text)
        lines.set(min(fault.line, max(1, text.lines.count)), .invalid, fault.why)
        let why = "the text can't be read, because of line \(fault.line): \(fault.why)"
        return Configuration(
            file: text.file, format: format, kinds: [.firewall],
            device: Device(
                usualPlace: .through,
                stages: [
                    Stage(.filter, chain: "", ending: Setting(.unknown(why), text.absence(why)))
                ]), notes: lines.finish { _, _ in (.invalid, why) })
    }
}
