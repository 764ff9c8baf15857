/// Where replies repeat a secret of the client. Codes and announcements stay as they are.
enum SecretEchoes {
    static func places(of words: [[UInt8]], in payload: Span<UInt8>) -> [Range<Int>] {
        var ranges: [Range<Int>] = []
        guard !words.isEmpty else { return ranges }
        var start = 0
        while start < payload.count {
            var end = start
            while end < payload.count, payload[end] != 0x0a { end += 1 }
            let isAnnouncement =
                end - start >= 3 && payload[start] == 0x32 && payload[start + 1] == 0x32
                && (0x37...0x39).contains(payload[start + 2])
            if !isAnnouncement {
                let text = start + codeLength(payload.extracting(start..<end))
                for word in words {
                    ranges += places(of: word, in: payload.extracting(text..<end)).map {
                        text + $0.lowerBound..<text + $0.upperBound
                    }
                }
            }
            start = end + 1
        }
        return ranges
    }

    private static func codeLength(_ line: Span<UInt8>) -> Int {
        guard line.count >= 3, (0..<3).allSatisfy({ (0x30...0x39).contains(line[$0]) }) else {
            return 0
        }
        return line.count > 3 && [0x20, 0x2d].contains(line[3]) ? 4 : 3
    }

    /// Some servers repeat a command in upper case.
    private static func isSame(_ a: UInt8, _ b: UInt8) -> Bool {
        a == b || a & 0xdf == b & 0xdf && (0x41...0x5a).contains(a & 0xdf)
    }

    private static func places(of word: [UInt8], in line: Span<UInt8>) -> [Range<Int>] {
        guard line.count >= word.count else { return [] }
        return (0...line.count - word.count).compactMap { at in
            for index in 0..<word.count where !isSame(line[at + index], word[index]) { return nil }
            return at..<at + word.count
        }
    }
}
