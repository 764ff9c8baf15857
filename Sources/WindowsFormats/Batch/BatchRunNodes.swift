import Policy
import PolicyText

/// What each kind of node does.
extension BatchRun {
    mutating func run(
        _ node: BatchNode, _ way: inout BatchState?, _ leaves: inout Leaves, _ calls: Int
    ) {
        guard way != nil else { return }
        nesting += 1
        defer { nesting -= 1 }
        guard nesting <= Self.nestingLimit else {
            way = nil
            return giveUp(
                "more than \(Self.nestingLimit) blocks and calls within each other", node.line)
        }
        switch node {
        case .nothing(let line):
            guard step(line, &way) else { return }
            notes.add(line, .irrelevant, "comment, label or blank")
        case .fault(let why, let line):
            notes.set(line, .invalid, why)
            guard stopsAtFaults else { return }
            fork(&way, line, "cmd stops a script at a fault") { run, state in
                run.add(state, to: &leaves.left)
                return nil
            }
        case .command(let text, let line): leaf(text, line, &way, &leaves, calls)
        case .sequence(let nodes): for node in nodes { run(node, &way, &leaves, calls) }
        case .after(let first, let then, let line):
            run(first, &way, &leaves, calls)
            fork(&way, line, "whether the command before it succeeds isn't known") { run, state in
                var other: BatchState? = state
                run.run(then, &other, &leaves, calls)
                return other
            }
        case .choice(let condition, let then, let otherwise, let line):
            choose(condition, then, otherwise, line, &way, &leaves, calls)
        case .loop(let head, let body, let line):
            loop(head, body, line, &way, &leaves, calls)
        }
    }

    mutating func choose(
        _ condition: BatchCondition, _ then: BatchNode, _ otherwise: BatchNode, _ line: Int,
        _ way: inout BatchState?, _ leaves: inout Leaves, _ calls: Int
    ) {
        guard step(line, &way), let answer = way.map(condition.answer) else { return }
        if let doubt = way.map(self.doubt) { head(line, doubt) }
        switch answer {
        case .yes:
            run(then, &way, &leaves, calls)
        case .no:
            run(otherwise, &way, &leaves, calls)
        case .undecided(let why):
            notes.set(line, .notModelled, why)
            fork(&way, line, why) { run, state in
                var other: BatchState? = state
                run.run(then, &other, &leaves, calls)
                return other
            } first: { run, way in
                run.run(otherwise, &way, &leaves, calls)
            }
        }
    }

    mutating func loop(
        _ head: BatchLoop, _ body: BatchNode, _ line: Int, _ way: inout BatchState?,
        _ leaves: inout Leaves, _ calls: Int
    ) {
        guard let set = way.map({ BatchExpansion.late(head.set, $0) }) else { return }
        if let doubt = way.map(self.doubt) { self.head(line, doubt) }
        let outer = way?.frame.loops[head.variable]
        switch BatchLoopValues(kind: head.kind, set: set) {
        case .fault(let why): notes.set(line, .invalid, why)
        case .unknown(let why):
            notes.set(line, .notModelled, why)
            // Once may be never or often: the second pass sees what the first one may have left.
            for _ in 0..<2 {
                fork(&way, line, why) { run, state in
                    var other: BatchState? = state
                    let name = String(decoding: [head.variable], as: UTF8.self)
                    other?.frame.loops[head.variable] = Unknown.named("%%\(name)")
                    run.run(body, &other, &leaves, calls)
                    return other
                }
            }
        case .counting(let values):
            turns(values.lazy.map { "\($0)" }, head, body, line, &way, &leaves, calls)
        case .list(let values): turns(values, head, body, line, &way, &leaves, calls)
        }
        way?.frame.loops[head.variable] = outer
    }

    private mutating func turns(
        _ values: some Sequence<String>, _ head: BatchLoop, _ body: BatchNode, _ line: Int,
        _ way: inout BatchState?, _ leaves: inout Leaves, _ calls: Int
    ) {
        for value in values {
            guard way != nil else { break }
            let before = steps
            way?.frame.loops[head.variable] = value
            run(body, &way, &leaves, calls)
            // An empty body costs a turn too.
            if steps == before, !step(line, &way) { break }
        }
    }

    mutating func leaf(
        _ text: String, _ line: Int, _ way: inout BatchState?, _ leaves: inout Leaves,
        _ calls: Int
    ) {
        guard step(line, &way), var state = way else { return }
        way = nil
        steps += text.utf8.count / 256
        let outcome = command(BatchExpansion.late(text, state), line, &state)
        if outcome.changed { state.version = fresh() }
        note(line, outcome.state, outcome.why, doubt(state))
        switch outcome.leap {
        case nil: way = state
        case .go(let label): leaves.jumps.append((label.lowercased(), line, state))
        case .leave: add(state, to: &leaves.left)
        case .exit: add(state, to: &leaves.exited)
        case .run(let inner):
            var parser = BatchParser([inner], from: 0) { $0 }
            way = state
            guard calls < Self.callLimit else {
                return giveUp("more than \(Self.callLimit) calls within each other", line)
            }
            run(parser.parse().at(line), &way, &leaves, calls + 1)
        case .call(let label, let arguments):
            way = state
            state = BatchState()
            call(label, arguments, line, &way, &leaves, calls)
        }
    }

    /// Runs a called part; `way` holds the caller's state.
    mutating func call(
        _ label: String, _ arguments: [String], _ line: Int, _ way: inout BatchState?,
        _ leaves: inout Leaves, _ calls: Int
    ) {
        guard calls < Self.callLimit else {
            way = nil
            return giveUp("more than \(Self.callLimit) calls within each other", line)
        }
        guard let place = labels[label.lowercased()]?.first else {
            return notes.set(line, .invalid, "no label \(Unknown.shown(label).excerpt)")
        }
        guard let own = way?.frame else { return }
        way?.frame = BatchState.Frame(arguments: arguments)
        let (doubt, mass, thin) = (way?.doubt, way?.mass, way?.isThin)
        var (back, exited) = script(from: place, &way, calls: calls + 1)
        add(exited, to: &leaves.exited)
        exited = nil
        // What `setlocal` of the called part hid comes back.
        if let hidden = back?.frame.saved.first {
            back?.variables = hidden.variables
            back?.delayed = hidden.delayed
        }
        back?.frame = own
        if back?.mass == mass, back?.isThin == thin { back?.doubt = doubt }
        way = back
    }
}

extension BatchNode {
    /// The same, all of it on one line of the file.
    func at(_ line: Int) -> BatchNode {
        switch self {
        case .command(let text, _): .command(text, line: line)
        case .sequence(let nodes): .sequence(nodes.map { $0.at(line) })
        case .after(let first, let then, _): .after(first.at(line), then: then.at(line), line: line)
        case .choice(let condition, let then, let otherwise, _):
            .choice(condition, then: then.at(line), otherwise: otherwise.at(line), line: line)
        case .loop(let head, let body, _): .loop(head, body: body.at(line), line: line)
        case .fault(let why, _): .fault(why, line: line)
        case .nothing: .nothing(line: line)
        }
    }
}
