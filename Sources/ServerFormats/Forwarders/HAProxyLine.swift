import PolicyText

/// A line of HAProxy cut into words: quotation marks and backslashes taken off, without what stands
/// behind a `#` (Configuration Manual, "Quoting and escaping").
struct HAProxyLine {
    private(set) var words: [String] = []
    /// Nil; or why HAProxy refuses the line.
    private(set) var fault: String?

    init(_ text: String) {
        var word: [UInt8] = []
        var isWord = false
        var mark: UInt8?
        var isEscaped = false
        for byte in text.utf8 {
            if isEscaped {
                word.append(byte)
                isEscaped = false
            } else if byte == UInt8(ascii: "\\"), mark != UInt8(ascii: "'") {
                (isEscaped, isWord) = (true, true)
            } else if let open = mark {
                if byte == open { mark = nil } else { word.append(byte) }
            } else if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") {
                (mark, isWord) = (byte, true)
            } else if byte == UInt8(ascii: "#") {
                break
            } else if byte == 0x20 || byte == 0x09 {
                if isWord { words.append(String(decoding: word, as: UTF8.self)) }
                (word, isWord) = ([], false)
            } else {
                word.append(byte)
                isWord = true
            }
        }
        if isWord { words.append(String(decoding: word, as: UTF8.self)) }
        if mark != nil { fault = "a quotation without an end" }
    }
}
