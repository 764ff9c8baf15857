package import Policy

/// The elements of an XML text, each with the names of those around it.
package struct XMLNodes {
    package struct Node {
        package var element: XMLScanner.Element
        /// From the root down to the element itself.
        package var path: [String]
        /// Where its parent stands among the nodes.
        package var parent: Int?

        package var name: String { element.name }
        /// The text straight inside it, without blanks at its ends.
        package var text: String { element.text.stripping(" \t\n\r") }

        /// Whether the path ends in these names.
        package func ends(_ names: String...) -> Bool {
            path.suffix(names.count).elementsEqual(names)
        }
    }

    package let nodes: [Node]
    package let fault: XMLScanner.Fault?

    package init(_ text: String, limit: Int = .max) {
        let scan = XMLScanner(text, elementLimit: limit, keepsText: true)
        var nodes: [Node] = []
        var open: [Int] = []
        for element in scan.elements {
            open.removeLast(max(0, open.count - element.depth))
            let above = open.last
            let path = (above.map { nodes[$0].path } ?? []) + [element.name]
            open.append(nodes.count)
            nodes.append(Node(element: element, path: path, parent: above))
        }
        self.nodes = nodes
        fault = scan.fault
    }

    /// Notes for the lines of which nothing else was said.
    package func finish(_ notes: LineNotes, _ otherwise: String) -> [LineNote] {
        let fault = fault
        return notes.finish { line, content in
            if let fault, line >= fault.line, !content.bare.isEmpty {
                return (.notRecognised, "the XML breaks at line \(fault.line): \(fault.why)")
            }
            return (.irrelevant, content.bare.isEmpty ? "blank" : otherwise)
        }
    }
}
