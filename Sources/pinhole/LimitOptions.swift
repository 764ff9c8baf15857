import ArgumentParser
import Policy
import Streams

/// Bounds of what is kept while packets are read.
struct LimitOptions: ParsableArguments {
    @Option(
        name: .customLong("limit"),
        help: ArgumentHelp(
            "Set a bound of what is kept, such as flows=1000000; may be given several times.",
            discussion: "Names: \(Limits.bounds.map(\.name).joined(separator: ", ")).",
            valueName: "name=number"))
    var stated: [String] = []

    /// The bounds as the site and then the options state them.
    func limits(_ site: Site = Site()) throws(Failure) -> Limits {
        var limits = Limits()
        for (name, value) in site.limits { _ = limits.set(name, to: value) }
        for text in stated {
            let parts = text.split(separator: "=", maxSplits: 1).map(String.init)
            guard parts.count == 2, let value = Int(parts[1]), limits.set(parts[0], to: value)
            else {
                let names = Limits.bounds.map(\.name).joined(separator: ", ")
                throw .unusable(
                    "--limit \(text): expected NAME=NUMBER, 1 to 1073741824, with a name of \(names)"
                )
            }
        }
        return limits
    }
}
