/// A command line of a batch file, taken apart. Lines are counted from 1.
indirect enum BatchNode {
    /// A command without its redirections.
    case command(String, line: Int)
    /// One after the other: a block in parentheses, or commands parted by `&`.
    case sequence([BatchNode])
    /// `first && then` or `first || then`.
    case after(BatchNode, then: BatchNode, line: Int)
    case choice(BatchCondition, then: BatchNode, otherwise: BatchNode, line: Int)
    case loop(BatchLoop, body: BatchNode, line: Int)
    /// What cmd doesn't understand.
    case fault(String, line: Int)
    /// A label, a remark, nothing.
    case nothing(line: Int)
}

extension BatchNode {
    /// The line on which it starts; 0 for a block of nothing.
    var line: Int {
        switch self {
        case .command(_, let line), .after(_, _, let line), .choice(_, _, _, let line),
            .loop(_, _, let line), .fault(_, let line), .nothing(let line):
            line
        case .sequence(let nodes): nodes.first?.line ?? 0
        }
    }
}

struct BatchCondition {
    enum Test {
        case compare(String, String, String)
        case defined(String)
        /// Never known: a clause that says what.
        case undecided(String)
    }

    var test: Test
    var negated = false
    var ignoresCase = false
}

struct BatchLoop {
    /// `l` for a counting loop, `f`, `d` or `r`; nil: a plain list.
    var kind: UInt8?
    var variable: UInt8
    /// What stands between the parentheses.
    var set: String
}
