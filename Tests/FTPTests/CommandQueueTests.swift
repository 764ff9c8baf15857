import Dice
import Testing

@testable import FTP

/// The queue of commands held against a plain list.
@Suite struct CommandQueueTests {
    private static func text(_ command: PendingCommand?) -> String {
        command.map { "\($0.name) \($0.text ?? "-") \($0.channel ?? -1)" } ?? "none"
    }

    /// The place in a list of the first command that may have a reply of that code.
    private static func place(_ code: Int, _ list: [PendingCommand]) -> Int? {
        list.firstIndex { LegalReplies.accepts(code, $0.verb) }
    }

    @Test(arguments: [UInt64(1), 20_261_122])
    func `keeps commands in their order`(_ seed: UInt64) {
        print("seed \(seed)")
        var dice = Dice(seed: seed)
        var queue = CommandQueue()
        var list: [PendingCommand] = []
        var longest = 0
        for step in 0..<20_000 {
            longest = max(longest, list.count)
            #expect(queue.count == list.count)
            #expect(Self.text(queue.first) == Self.text(list.first))
            let isBare = list.first.map { $0.text == nil && $0.channel == nil } ?? false
            #expect(queue.firstVerb == (isBare ? list.first?.verb : nil))
            // Long stretches in which more come than are answered, and the other way round.
            let grows = step / 400 % 2 == 0
            switch Int.random(in: 0..<100, using: &dice) {
            case 0: (queue, list) = Self.forget(queue)
            case ..<(grows ? 97 : 20):
                let verb = [Verb.pasv, .noop, .retr, .user].randomElement(using: &dice) ?? .noop
                var command = PendingCommand(verb: verb)
                if verb == .retr { command.text = "RETR \(step)" }
                if Bool.random(using: &dice) { command.channel = step }
                if command.text == nil, command.channel == nil, Bool.random(using: &dice) {
                    queue.append(verb)
                } else {
                    queue.append(command)
                }
                list.append(command)
            default:
                let code = [227, 200, 226, 331, 150, 500].randomElement(using: &dice) ?? 200
                let found = Self.place(code, list)
                let place = queue.place(answering: code)
                #expect((place == nil) == (found == nil))
                guard let place, let found else { continue }
                #expect(Self.text(queue[place]) == Self.text(list[found]))
                if code == 150 {
                    queue[place].channel = -step
                    list[found].channel = -step
                } else if found == 0, Bool.random(using: &dice) {
                    queue.dropFirst()
                    list.removeFirst()
                } else {
                    let taken = queue.take(place)
                    #expect(Self.text(taken) == Self.text(list[found]))
                    list.removeFirst(found + 1)
                }
            }
            #expect(queue.contains { $0 == .retr } == list.contains { $0.verb == .retr })
        }
        #expect(longest > 2 * CommandQueue.few)
    }

    private static func forget(_ queue: CommandQueue) -> (CommandQueue, [PendingCommand]) {
        var queue = queue
        queue.removeAll()
        return (queue, [])
    }
}
