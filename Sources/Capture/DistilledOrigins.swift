/// What a distilled capture says of the captures that it was made from.
///
/// Each interface has a comment `pinhole.distilled/1 {…}` that describes the original; interfaces
/// with the same comment are of the same one. Each packet has a comment `frame=N`.
struct DistilledOrigins {
    private(set) var comments: [String] = []
    private var indexes: [String: Int] = [:]

    /// More originals than this are not told apart: their index would not fit a mark.
    static let most = 65_535

    struct Place {
        /// Of the original.
        var index: Int
        var number: Int
    }

    /// The index of the original that an interface's comment describes; nil where it is none.
    mutating func index(of comment: Span<UInt8>) -> Int? {
        guard Self.begins(comment, with: Distilled.originPrefix) else { return nil }
        var bytes: [UInt8] = []
        for at in 0..<comment.count { bytes.append(comment[at]) }
        let text = String(decoding: bytes, as: UTF8.self)
        if let index = indexes[text] { return index }
        guard comments.count < Self.most else { return nil }
        indexes[text] = comments.count
        comments.append(text)
        return comments.count - 1
    }

    /// Where a packet stood before, by the comment among its options; nil where none says so.
    static func place(
        _ origin: Int, _ body: Span<UInt8>, optionsAt start: Int, bigEndian: Bool
    ) -> Place? {
        var at = start
        while at + 4 <= body.count {
            let code = body.load16(at, bigEndian: bigEndian)
            let length = Int(body.load16(at + 2, bigEndian: bigEndian))
            at += 4
            guard code != 0, at + length <= body.count else { return nil }
            if code == 1, let number = number(body.extracting(at..<at + length)) {
                return Place(index: origin, number: number)
            }
            at += (length + 3) & ~3
        }
        return nil
    }

    private static func number(_ comment: Span<UInt8>) -> Int? {
        guard begins(comment, with: Distilled.framePrefix) else { return nil }
        var value = 0
        for at in Distilled.framePrefix.utf8.count..<comment.count {
            guard (0x30...0x39).contains(comment[at]) else { break }
            value = value * 10 + Int(comment[at] - 0x30)
            // What a mark can hold.
            guard value < 1 << 48 else { return nil }
        }
        return value > 0 ? value : nil
    }

    private static func begins(_ bytes: Span<UInt8>, with text: String) -> Bool {
        guard bytes.count >= text.utf8.count else { return false }
        for (at, byte) in text.utf8.enumerated() where bytes[at] != byte { return false }
        return true
    }
}

/// The words by which a distilled capture speaks of its originals.
public enum Distilled {
    /// Begins an interface's comment; a JSON object follows.
    public static let originPrefix = "pinhole.distilled/1 "
    /// Begins a packet's comment; its number in the original follows.
    public static let framePrefix = "frame="
}
