import Dice
import Testing

@testable import FTP

@Suite struct TLSWalkerTests {
    private let record: [UInt8] = [22, 3, 1, 0, 4, 10, 13, 10, 50]

    @Test func `passes records and finds the text behind them, however they are split`() {
        let bytes = record + record + Array("PASV\r\n".utf8)
        for cut in 0..<bytes.count {
            var walker = TLSWalker()
            let head = Array(bytes[..<cut])
            if let found = walker.walk(head.span, from: 0) {
                #expect(found == 18)
            } else {
                let found = walker.walk(Array(bytes[cut...]).span, from: 0)
                #expect(found == 18 - cut)
            }
        }
    }

    @Test func `finds no text before a record, nor in what is none`() {
        var walker = TLSWalker()
        let first = walker.walk(Array("PASV\r\n".utf8).span, from: 0)
        let second = walker.walk(Array("PASV\r\n".utf8).span, from: 0)
        #expect((first, second) == (nil, nil))
    }

    @Test func `looks for the next record after lost bytes`() {
        var walker = TLSWalker()
        _ = walker.walk(record.span, from: 0)
        walker.lose()
        let lost = walker.walk(Array("227 x\r\n".utf8).span, from: 0)
        #expect(lost == nil)
        let found = walker.walk((record + Array("QUIT".utf8)).span, from: 0)
        #expect(found == 9)
    }

    @Test(arguments: [UInt64(1), 20_261_120])
    func `takes any bytes without a trap`(_ seed: UInt64) {
        print("seed \(seed)")
        var dice = Dice(seed: seed)
        for _ in 0..<5000 {
            var walker = TLSWalker()
            for _ in 0..<4 { _ = walker.walk(dice.broken(record).span, from: 0) }
        }
    }
}
