/// Rows that grow without moving: a growing array holds what it has twice while it moves.
struct Rows<Row: Sendable>: RandomAccessCollection, Sendable {
    private var blocks: [[Row]] = []
    private static var blockBits: Int { 12 }

    private(set) var endIndex = 0
    var startIndex: Int { 0 }

    subscript(index: Int) -> Row {
        blocks[index >> Self.blockBits][index & (1 << Self.blockBits - 1)]
    }

    mutating func append(_ row: Row) {
        if endIndex >> Self.blockBits == blocks.count {
            blocks.append([])
            blocks[blocks.count - 1].reserveCapacity(1 << Self.blockBits)
        }
        blocks[blocks.count - 1].append(row)
        endIndex += 1
    }
}
