import Streams

/// Commands that have no final reply yet, in their order.
struct CommandQueue {
    /// What the capture lacks.
    private struct Lost {
        var commands = false
        var replies = false
    }

    private struct Waiting {
        var verb: Verb
        /// More is known of it than its verb.
        var hasDetail = false
    }

    /// Those between `head` and `end` wait; the memory of others is kept.
    private var commands: [Waiting] = []
    private var head = 0
    private var end = 0
    /// Those of which more is known, in their order; some of them may be taken.
    private var details: [(place: Int, command: PendingCommand)] = []
    /// A reply code that none of them may have.
    private var missed: Int?
    /// Of what was said since the first of them.
    private var lost = Lost()
    /// Commands whose memory is kept, and that are moved only together.
    static let few = 64

    var count: Int { end - head }
    /// Replies are missing since the first of them.
    var lacksReplies: Bool { lost.replies }
    var first: PendingCommand? { head < end ? self[head] : nil }

    /// The verb of the first where that is all that is known of it.
    @inline(__always)
    var firstVerb: Verb? {
        head < end && !commands[head].hasDetail ? commands[head].verb : nil
    }

    mutating func append(_ command: PendingCommand) {
        let hasDetail = command.text != nil || command.channel != nil
        if hasDetail { details.append((end, command)) }
        append(Waiting(verb: command.verb, hasDetail: hasDetail))
    }

    /// Appends a command of which no more is known.
    mutating func append(_ verb: Verb) { append(Waiting(verb: verb)) }

    @inline(__always)
    private mutating func append(_ waiting: Waiting) {
        if end < commands.count {
            commands[end] = waiting
        } else {
            commands.append(waiting)
        }
        end += 1
        missed = nil
    }

    /// Forgets them; the memory of a few is kept.
    mutating func removeAll() {
        (head, end, missed, lost) = (0, 0, nil, Lost())
        if !details.isEmpty { details = [] }
        if commands.count > Self.few { commands = [] }
    }

    func contains(where matches: (Verb) -> Bool) -> Bool {
        contains(before: end, where: matches)
    }

    /// Whether one stands before a place.
    func contains(before place: Int, where matches: (Verb) -> Bool) -> Bool {
        for place in head..<place where matches(commands[place].verb) { return true }
        return false
    }

    /// The place of the first command that may have a reply of that code; nil where none may, or
    /// where replies are missing and several may.
    mutating func place(answering code: Int) -> Int? {
        if missed == code { return nil }
        for place in head..<end where LegalReplies.accepts(code, commands[place].verb) {
            guard lost.replies else { return place }
            let hasOther = (place + 1..<end).contains {
                LegalReplies.accepts(code, commands[$0].verb)
            }
            return hasOther ? nil : place
        }
        missed = code
        return nil
    }

    /// Commands or replies are missing here: those that wait may have been answered. Where both
    /// are, what comes may answer one that was not seen; none but those of a login wait on.
    mutating func lose(_ direction: Direction) {
        guard count > 0 else { return }
        if direction == .toServer { lost.commands = true } else { lost.replies = true }
        guard lost.commands, lost.replies else { return }
        let logins = (head..<end).map { self[$0] }.filter(\.verb.isSecret)
        removeAll()
        for login in logins { append(login) }
    }

    subscript(place: Int) -> PendingCommand {
        get {
            commands[place].hasDetail
                ? details[index(of: place)].command : PendingCommand(verb: commands[place].verb)
        }
        set {
            if commands[place].hasDetail {
                details[index(of: place)].command = newValue
            } else {
                details.insert((place, newValue), at: index(of: place))
            }
            commands[place] = Waiting(verb: newValue.verb, hasDetail: true)
        }
    }

    /// Where in `details` a command stands or would stand.
    private func index(of place: Int) -> Int {
        details.firstIndex { $0.place >= place } ?? details.endIndex
    }

    /// Takes the command at that place out, and those before it.
    mutating func take(_ place: Int) -> PendingCommand {
        let command = self[place]
        pass(place)
        return command
    }

    /// Takes the first out.
    mutating func dropFirst() { pass(head) }

    @inline(__always)
    private mutating func pass(_ place: Int) {
        head = place + 1
        if head == end {
            if !details.isEmpty { details.removeAll(keepingCapacity: true) }
            (head, end, lost) = (0, 0, Lost())
        } else if head >= Self.few {
            forgetTaken()
        }
    }

    private mutating func forgetTaken() {
        let taken = head
        commands.removeFirst(taken)
        (head, end) = (0, end - taken)
        details.removeAll { $0.place < taken }
        for index in details.indices { details[index].place -= taken }
    }
}
