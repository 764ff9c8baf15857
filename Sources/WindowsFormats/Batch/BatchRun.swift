import Policy
import PolicyText

/// Runs a batch file as cmd.exe would, on every way that its conditions leave open.
///
/// What a condition decides is followed. Where it can't be decided (`errorlevel`, `exist`, `%1`,
/// a variable from outside) both ways are, each with its own state, until they meet again; what
/// they don't agree on is in doubt.
struct BatchRun {
    /// Commands that are run at most, all ways together.
    static let usualStepLimit = 100_000
    /// Forks beyond those whose ways can be told to meet again.
    static let forkLimit = 4000
    /// Blocks, conditions, loops and calls within each other, all told.
    static let nestingLimit = 200
    /// `call :label` within each other.
    static let callLimit = 40

    /// Runs one command in a state; says what to note of its line. A label to go to, the end of
    /// the script and the like come back as `Leap`.
    typealias Command = (_ text: String, _ line: Int, _ state: inout BatchState) -> Outcome

    struct Outcome {
        var state: LineNote.State
        var why = ""
        var leap: Leap?
        /// Whether the state holds something else than before.
        var changed = false
    }

    enum Leap {
        case go(String)
        case call(String, [String])
        /// `exit /b`, `goto :eof`.
        case leave
        case exit
        /// A command line within the command: `cmd /c "…"`.
        case run(String)
    }

    let lines: [String]
    let prompted: Set<UInt8>
    let labels: [String: [Int]]
    let command: Command
    var notes: LineNotes
    /// Whether a fault may end the script; at the prompt the next command comes all the same.
    var stopsAtFaults = true
    private var thinForks = 0
    var nesting = 0
    var stepLimit = usualStepLimit
    var steps = 0
    var versions = 0
    /// Why some way was not followed to its end, and the line, from 1.
    private(set) var gaveUp: (why: String, line: Int)?

    /// Where the ways of a command line go, but for the next line.
    struct Leaves {
        var jumps: [(label: String, line: Int, state: BatchState)] = []
        var left: BatchState?
        var exited: BatchState?
    }

    init(
        _ lines: [String], prompted: Set<UInt8>, notes: LineNotes, command: @escaping Command
    ) {
        self.lines = lines
        self.prompted = prompted
        self.notes = notes
        self.command = command
        var labels: [String: [Int]] = [:]
        for (index, line) in lines.enumerated() {
            if let name = Self.label(line) { labels[name, default: []].append(index) }
        }
        self.labels = labels
    }

    /// The state in which the script ends.
    mutating func run(_ state: BatchState) -> BatchState {
        var first: BatchState? = state
        let (left, exited) = script(from: 0, &first, calls: 0)
        guard var end = left ?? exited else { return state }
        if left != nil, let exited { end.join(exited, version: fresh()) }
        return end
    }

    /// The name of a line's label in small letters.
    static func label(_ line: String) -> String? {
        let bare = line.utf8.drop { $0 == 0x20 || $0 == 0x09 }
        guard bare.first == UInt8(ascii: ":"), bare.dropFirst().first != UInt8(ascii: ":") else {
            return nil
        }
        let name = bare.dropFirst().drop { $0 == 0x20 }.prefix { !" \t:&|<>+,;=".utf8.contains($0) }
        return name.isEmpty ? nil : String(decoding: name, as: UTF8.self).lowercased()
    }

    /// Runs from line `start`, from 0, to where the script or the called part of it ends. The state
    /// is taken, never held twice: one that is would be copied with each command.
    mutating func script(
        from start: Int, _ state: inout BatchState?, calls: Int
    ) -> (left: BatchState?, exited: BatchState?) {
        var ends = Leaves()
        var pending: [Int: BatchState] = [:]
        pending[start] = state
        state = nil
        var seen: [Int: Set<Int>] = [:]
        var position = start
        while let next = pending.keys.filter({ $0 >= position }).min() ?? pending.keys.min() {
            position = next
            var way = pending.removeValue(forKey: next)
            while position < lines.count, var current = way {
                way = nil
                if let waiting = pending.removeValue(forKey: position) { merge(&current, waiting) }
                if Self.label(lines[position]) != nil {
                    seen[position, default: []].insert(current.version)
                }
                let (node, last) = parse(position, current)
                steps += last - position
                way = current
                current = BatchState()
                var leaves = Leaves()
                run(node, &way, &leaves, calls)
                add(leaves.left, to: &ends.left)
                add(leaves.exited, to: &ends.exited)
                for jump in leaves.jumps { go(jump, &way, &pending, seen, &ends) }
                position = last + 1
            }
            add(way, to: &ends.left)
        }
        return (ends.left, ends.exited)
    }

    func parse(_ position: Int, _ state: BatchState) -> (BatchNode, last: Int) {
        var parser = BatchParser(lines, from: position) {
            BatchExpansion.percents($0, state, prompted: prompted)
        }
        let node = parser.parse()
        return (node, parser.line)
    }

    mutating func go(
        _ jump: (label: String, line: Int, state: BatchState), _ way: inout BatchState?,
        _ pending: inout [Int: BatchState], _ seen: [Int: Set<Int>], _ ends: inout Leaves
    ) {
        var state = jump.state
        state.frame.loops = [:]
        guard !Unknown.isIn(jump.label) else {
            return giveUp("where it goes isn't known", jump.line)
        }
        let places = labels[jump.label] ?? []
        guard let place = places.first(where: { $0 >= jump.line }) ?? places.first else {
            notes.set(
                jump.line, .invalid, "no label \(jump.label.excerpt): cmd ends the script here")
            return add(state, to: &ends.left)
        }
        if seen[place]?.contains(state.version) == true {
            // It has been there with nothing changed since: no more will come of it, and where
            // there is another way, that is the one by which the loop ends.
            guard way != nil else { return add(state, to: &ends.left) }
            way?.mass += state.mass
            if state.isThin { way?.isThin = true }
            if way?.isCertain == true { way?.doubt = nil }
            return
        }
        if var waiting = pending.removeValue(forKey: place) {
            merge(&waiting, state)
            pending[place] = waiting
        } else {
            pending[place] = state
        }
    }

    /// Shares the way out among two, and lets them meet again.
    mutating func fork(
        _ way: inout BatchState?, _ line: Int, _ why: String,
        _ other: (inout BatchRun, BatchState) -> BatchState?,
        first: (inout BatchRun, inout BatchState?) -> Void = { _, _ in }
    ) {
        guard var state = way else { return }
        way = nil
        if state.mass < 2 {
            thinForks += 1
            state.isThin = true
        }
        guard thinForks <= Self.forkLimit else {
            return giveUp("more than \(Self.forkLimit) conditions that can't be decided", line)
        }
        let outer = state.doubt
        var branch = state
        branch.mass = state.mass / 2
        state.mass -= branch.mass
        branch.doubt = "line \(line): \(why)"
        state.doubt = branch.doubt
        way = state
        state = BatchState()
        first(&self, &way)
        if let back = other(&self, branch) {
            if var met = way {
                way = nil
                merge(&met, back)
                if !met.isCertain { met.doubt = outer ?? met.doubt }
                way = met
            } else {
                way = back
            }
        }
    }

    /// Counts a command; false where the limit is reached, which ends the way.
    mutating func step(_ line: Int, _ way: inout BatchState?) -> Bool {
        steps += 1
        guard steps > stepLimit else { return true }
        way = nil
        giveUp("followed for \(stepLimit) commands only", line)
        return false
    }

    mutating func giveUp(_ why: String, _ line: Int) {
        notes.set(line, .notModelled, why)
        if gaveUp == nil { gaveUp = (why, line) }
    }

    /// Why a command on this way may not run; nil where it does.
    func doubt(_ state: BatchState) -> String? {
        state.isCertain ? nil : state.doubt ?? "the script branches"
    }

    mutating func note(_ line: Int, _ state: LineNote.State, _ why: String, _ doubt: String?) {
        guard state == .used, let doubt else { return notes.add(line, state, why) }
        notes.add(line, .notModelled, "it may not run: \(doubt)")
    }

    mutating func head(_ line: Int, _ doubt: String?) {
        if doubt == nil { notes.addHead(line) } else { note(line, .used, "", doubt) }
    }

    mutating func fresh() -> Int {
        versions += 1
        return versions
    }

    mutating func merge(_ state: inout BatchState, _ other: BatchState) {
        if state.version != other.version { steps += state.firewall.weight / 8 }
        state.join(other, version: fresh())
    }

    mutating func add(_ state: BatchState?, to end: inout BatchState?) {
        guard let state else { return }
        guard var before = end else {
            end = state
            return
        }
        end = nil
        merge(&before, state)
        end = before
    }
}
