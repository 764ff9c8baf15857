import PolicyText

/// The values that the variable of a `for` takes.
enum BatchLoopValues {
    case counting(StrideThrough<Int>)
    case list([String])
    /// It depends on what the script doesn't tell.
    case unknown(String)
    /// cmd doesn't run it, or never ends.
    case fault(String)

    init(kind: UInt8?, set: String) {
        if let name = Unknown.name(in: set) {
            self = .unknown("the loop depends on \(name), which isn't known")
            return
        }
        let words = set.split { " \t,;=".contains($0) }.map(String.init)
        switch kind {
        case UInt8(ascii: "l"):
            let numbers = words.compactMap { BatchArithmetic.number($0) }.map { Int($0) }
            guard numbers.count == 3, numbers.count == words.count else {
                self = .fault("not a loop that cmd understands")
                return
            }
            guard numbers[1] != 0 else {
                self = .fault("a step of 0 never ends")
                return
            }
            self = .counting(stride(from: numbers[0], through: numbers[2], by: numbers[1]))
        case nil:
            guard !set.contains(where: { $0 == "*" || $0 == "?" }) else {
                self = .unknown("which files there are isn't known")
                return
            }
            self = .list(words)
        default: self = .unknown("a loop over files or the output of a command")
        }
    }
}
