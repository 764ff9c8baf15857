import Net
import Streams

/// The control sessions that are read now; a session keeps its number while it is here.
///
/// A session is changed where it stands (`sessions.open[number].…`): a copy of one costs more than
/// most packets. An array and not a subscript that yields: of what was yielded the compiler lets
/// go where it has made a copy (Swift 6.3.1, without optimization).
struct SessionSlots {
    /// By number; those that are not in use are blank.
    var open: [OpenSession] = []
    private var isUsed: [Bool] = []
    private var free: [Int] = []
    /// By number: no sweep before this moment finds anything to do.
    private var due: [Timestamp] = []

    var count: Int { open.count - free.count }

    /// Whether there is a session of that number.
    @inline(__always)
    func holds(_ number: Int) -> Bool { number < isUsed.count && isUsed[number] }

    /// Takes a session in; see `OpenSession.init`.
    ///
    /// - Returns: Its number.
    mutating func insert(
        _ control: consuming ControlSession, starts: OpenSession.Starts
    ) -> Int {
        guard let number = free.popLast() else {
            open.append(OpenSession(control, starts: starts))
            isUsed.append(true)
            due.append(.distantPast)
            return open.count - 1
        }
        open[number].begin(control, starts: starts)
        isUsed[number] = true
        due[number] = .distantPast
        return number
    }

    /// Forgets a session; its memory is kept for the next one.
    mutating func remove(_ number: Int) {
        open[number].end()
        isUsed[number] = false
        free.append(number)
    }

    // MARK: when a sweep looks at it

    /// Whether a sweep may find something to do.
    @inline(__always)
    func isDue(_ number: Int, at now: Timestamp) -> Bool { isUsed[number] && due[number] <= now }

    /// Nothing is to be done before a moment, as things stand.
    mutating func wait(_ number: Int, until moment: Timestamp) { due[number] = moment }

    /// There will be something to do at a moment, if not before.
    mutating func look(_ number: Int, at moment: Timestamp) {
        due[number] = min(due[number], moment)
    }

    /// Numbers of all sessions, ascending.
    var numbers: [Int] { isUsed.indices.filter { isUsed[$0] } }
}
