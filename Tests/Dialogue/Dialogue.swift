/// Made-up FTP dialogues, written as text and rendered to captures.
///
/// A dialogue says who speaks, what they say and what became of each data connection; everything
/// below that (handshakes, sequence numbers, acknowledgements, checksums, times) follows from it.
/// The same text gives the same bytes on every machine. `captures/DIALOGUES.md` and `LANGUAGE.md`
/// beside this file show the language.
public enum Dialogue {
    /// The dialogue as a classic pcap file: little-endian, microseconds, Ethernet.
    ///
    /// - Parameters:
    ///   - text: the dialogue, one statement a line.
    ///   - name: what errors call the text, usually its file name.
    /// - Returns: the bytes of the file.
    /// - Throws: `DialogueError` with the line, the column and what was expected there.
    public static func render(
        _ text: String, name: String = "dialogue"
    ) throws(DialogueError) -> [UInt8] {
        PcapWriter.file(try frames(text, name: name))
    }

    /// The frames of the dialogue in the order of the capture, each with its line of the text.
    ///
    /// - Parameters:
    ///   - text: the dialogue, one statement a line.
    ///   - name: what errors call the text, usually its file name.
    /// - Returns: the frames, mishaps applied.
    /// - Throws: `DialogueError` as `render`.
    public static func frames(
        _ text: String, name: String = "dialogue"
    ) throws(DialogueError) -> [Frame] {
        let script = try Script(text, name: name)
        var stage = Stage(name: name)
        for line in script.lines { try stage.play(line) }
        return try stage.finish()
    }
}
