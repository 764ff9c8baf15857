import Dialogue
import Foundation

/// `render-dialogue IN.dialogue OUT.pcap`; `render-dialogue --frames IN.dialogue` lists the frames.
@main
struct RenderDialogue {
    static func main() {
        let arguments = CommandLine.arguments.dropFirst()
        guard let input = arguments.dropFirst(arguments.first == "--frames" ? 1 : 0).first,
            arguments.count == 2
        else {
            fail("usage: render-dialogue IN.dialogue OUT.pcap | --frames IN.dialogue", status: 2)
        }
        do {
            let text = String(
                decoding: try Data(contentsOf: URL(fileURLWithPath: input)), as: UTF8.self)
            if arguments.first == "--frames" {
                try list(text, name: input)
            } else if let output = arguments.last {
                let bytes = try Dialogue.render(text, name: input)
                try Data(bytes).write(to: URL(fileURLWithPath: output), options: .atomic)
            }
        } catch let error as DialogueError {
            fail("\(error)", status: 1)
        } catch {
            fail("\(input): \(error.localizedDescription)", status: 1)
        }
    }

    /// A frame a line: its number, its time and the line of the dialogue that made it.
    private static func list(_ text: String, name: String) throws {
        let rows = text.split(omittingEmptySubsequences: false) { $0.isNewline }
        for (index, frame) in try Dialogue.frames(text, name: name).enumerated() {
            let row = rows.indices.contains(frame.line - 1) ? rows[frame.line - 1] : ""
            print("\(index + 1)\t\(frame.time)\t\(frame.bytes.count)\t\(frame.line): \(row)")
        }
    }

    private static func fail(_ message: String, status: Int32) -> Never {
        FileHandle.standardError.write(Data("\(message)\n".utf8))
        exit(status)
    }
}
