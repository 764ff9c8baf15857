/// Commands that have no final reply yet, in their order.
struct CommandQueue {
    private var commands: [PendingCommand] = []
    /// The first that still waits.
    private var head = 0
    /// A reply code that none of them may have.
    private var missed: Int?

    var count: Int { commands.count - head }
    var first: PendingCommand? { head < commands.count ? commands[head] : nil }

    mutating func append(_ command: PendingCommand) {
        commands.append(command)
        missed = nil
    }

    func contains(where matches: (Verb) -> Bool) -> Bool {
        (head..<commands.count).contains { matches(commands[$0].verb) }
    }

    /// The place of the first command that may have a reply of that code; nil where none may.
    mutating func place(answering code: Int) -> Int? {
        if missed == code { return nil }
        var place = head
        while place < commands.count {
            if LegalReplies.accepts(code, commands[place].verb) { return place }
            place += 1
        }
        missed = code
        return nil
    }

    subscript(place: Int) -> PendingCommand {
        get { commands[place] }
        set { commands[place] = newValue }
    }

    /// Takes the command at that place out, and those before it.
    mutating func take(_ place: Int) -> PendingCommand {
        let command = commands[place]
        head = place + 1
        if head == commands.count {
            commands.removeAll(keepingCapacity: true)
            head = 0
        } else if head >= 64 {
            commands.removeFirst(head)
            head = 0
        }
        return command
    }
}
