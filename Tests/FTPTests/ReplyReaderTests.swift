import Net
import Testing

@testable import FTP

@Suite struct ReplyReaderTests {
    private func read(_ lines: [String], lossBefore: Int? = nil) -> [String] {
        var reader = ReplyReader()
        var found: [String] = []
        for (index, line) in lines.enumerated() {
            let frame = FrameReference(
                capture: 0, number: index + 1, time: Timestamp(nanoseconds: 0))
            if index == lossBefore { reader.lose() }
            let text = Array(line.utf8)
            var result = reader.read(text.span, frame, isCut: false, followsLoss: false)
            if result == .interrupted {
                found.append("\(reader.long.code)!")
                result = reader.read(text.span, frame, isCut: false, followsLoss: false)
            }
            switch result {
            case .partial: break
            case .single(let code): found.append("\(code)@\(frame.number)")
            case .long:
                let announces = ReplyReader.announces(reader.long.code)
                let frame = announces ? reader.long.announced.frame : reader.long.firstFrame
                found.append("\(reader.long.code)@\(frame.number)")
            case .interrupted: found.append("!")
            case .notAReply: found.append("?")
            case .invalidCode: found.append("invalid")
            }
        }
        return found
    }

    @Test(arguments: [
        (["220 Ready"], ["220@1"]), (["220"], ["220@1"]),
        (["230-Hello", "550 not a reply", "230-more", " 230 indented", "230 Done"], ["230@1"]),
        (["214-Help", "227 x (1,2,3,4,5,6)", "214 End"], ["214@1"]),
        (["227-socket", "227 (1,2,3,4,5,6)"], ["227@2"]),
        (["227-(1,2,3,4,5,6)", "227 done"], ["227@1"]),
        (["Welcome"], ["?"]), (["220Welcome"], ["?"]), (["999 x"], ["invalid"]), ([""], ["?"]),
    ])
    func `reads replies of one line and of many`(_ lines: [String], _ expected: [String]) {
        #expect(read(lines) == expected)
    }

    @Test func `forgets what an earlier reply announced`() {
        var reader = ReplyReader()
        let frame = FrameReference(capture: 0, number: 1, time: Timestamp(nanoseconds: 0))
        var announced: [AnnouncedEndpoint] = []
        for line in ["227-(192,0,2,1,1,1)", "227 x", "229-x", "229 y"] {
            let text = Array(line.utf8)
            if reader.read(text.span, frame, isCut: false, followsLoss: false) == .long {
                announced.append(reader.long.announced.endpoint)
            }
        }
        #expect(announced.count == 2)
        #expect(announced.first != .nothing)
        #expect(announced.last == .nothing)
    }

    @Test func `ends a reply whose last line was lost`() {
        #expect(read(["230-Hello", "331 Password"], lossBefore: 1) == ["230!", "331@2"])
        #expect(read(["230-Hello", "220-New", "220 x"], lossBefore: 1) == ["230!", "220@2"])
    }
}
