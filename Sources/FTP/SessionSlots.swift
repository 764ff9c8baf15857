/// A control session while it is read; a class, so that it is changed where it stands.
final class OpenSession {
    var control: ControlSession
    let clientIsLow: Bool

    init(_ control: ControlSession) {
        self.control = control
        clientIsLow = control.clientIsLow
    }
}

/// The control sessions that are read now; a session keeps its number while it is here.
struct SessionSlots {
    private var sessions: [OpenSession?] = []
    private var free: [Int] = []
    private(set) var count = 0

    /// The session of that number; nil where there is none (any more).
    subscript(number: Int) -> OpenSession? {
        number < sessions.count ? sessions[number] : nil
    }

    /// Takes a session in.
    ///
    /// - Returns: Its number.
    mutating func insert(_ session: OpenSession) -> Int {
        count += 1
        guard let number = free.popLast() else {
            sessions.append(session)
            return sessions.count - 1
        }
        sessions[number] = session
        return number
    }

    mutating func remove(_ number: Int) {
        sessions[number] = nil
        free.append(number)
        count -= 1
    }

    /// All sessions with their numbers, ascending by number.
    var all: [(number: Int, session: OpenSession)] {
        sessions.enumerated().compactMap { number, session in session.map { (number, $0) } }
    }
}
