import ArgumentParser
import Capture

/// A first argument that is no command, though it stands where one does.
struct UnknownCommand {
    let word: String
    let isCapture: Bool

    static let known =
        Pinhole.configuration.subcommands.compactMap { $0.configuration.commandName } + ["help"]

    /// Nil where the arguments begin with a command or an option, or are none.
    init?(_ arguments: some Collection<String>) {
        guard let first = arguments.first, !first.hasPrefix("-"), !Self.known.contains(first) else {
            return nil
        }
        word = first
        isCapture = CaptureSet.isCapture(first)
    }

    var sentence: String {
        if isCapture { return "'\(word)' is no command; did you mean `pinhole audit \(word)`?" }
        let near = Self.known.map { (name: $0, far: Self.distance($0, word)) }
            .filter { $0.far <= 2 && $0.far < $0.name.count - 1 }
            .min { $0.far < $1.far }
        guard let near else {
            return "unknown command '\(word)'; there are \(Self.known.joined(separator: ", "))"
        }
        return "unknown command '\(word)'; did you mean `pinhole \(near.name)`?"
    }

    /// How many letters are to be put in, left out, changed or swapped with the next one.
    static func distance(_ a: String, _ b: String) -> Int {
        let (a, b) = (Array(a.lowercased()), Array(b.lowercased().prefix(64)))
        var before = [Int](repeating: 0, count: b.count + 1)
        var row = Array(0...b.count)
        for i in a.indices {
            var next = [i + 1]
            for j in b.indices {
                var least = min(row[j + 1] + 1, next[j] + 1, row[j] + (a[i] == b[j] ? 0 : 1))
                if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] {
                    least = min(least, before[j - 1] + 1)
                }
                next.append(least)
            }
            (before, row) = (row, next)
        }
        return row[b.count]
    }
}
