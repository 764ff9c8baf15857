/// Frames by their place in the order of reading: a bit each.
struct FrameSet {
    private var words: [UInt64] = []
    private(set) var count = 0

    mutating func insert(_ frame: Int) {
        guard frame >= 0 else { return }
        let word = frame >> 6
        if word >= words.count {
            words.append(contentsOf: repeatElement(0, count: word + 1 - words.count))
        }
        let bit: UInt64 = 1 << UInt64(frame & 63)
        if words[word] & bit == 0 { count += 1 }
        words[word] |= bit
    }

    mutating func remove(_ frame: Int) {
        guard contains(frame) else { return }
        words[frame >> 6] &= ~(1 << UInt64(frame & 63))
        count -= 1
    }

    func contains(_ frame: Int) -> Bool {
        let word = frame >> 6
        return frame >= 0 && word < words.count && words[word] & 1 << UInt64(frame & 63) != 0
    }
}
