import Dice

/// Broken variants of a text.
extension Dice {
    private static let words = [
        " no ", " 99999999999 ", " 0 ", "-1", "255.255.255.255", " range ", " eq ", "any", "host",
        "\n", "\r\n", "=", "%%", "{{", " ", "\t", "4294967295", "65536", "0.0.0.0", "/33", "!",
    ]

    /// The text with up to eight bytes changed, words put in, or pieces taken out.
    mutating func broken(_ text: String) -> [UInt8] {
        var bytes = Array(text.utf8)
        for _ in 0...Int.random(in: 0..<8, using: &self) {
            guard !bytes.isEmpty else { break }
            let place = Int.random(in: 0..<bytes.count, using: &self)
            switch Int.random(in: 0..<3, using: &self) {
            case 0: bytes[place] = UInt8.random(in: 0...255, using: &self)
            case 1:
                bytes.insert(
                    contentsOf: (Self.words.randomElement(using: &self) ?? "").utf8, at: place)
            default:
                let end = min(bytes.count, place + Int.random(in: 1..<12, using: &self))
                bytes.removeSubrange(place..<end)
            }
        }
        return bytes
    }
}
