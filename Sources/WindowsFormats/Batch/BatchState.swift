import Policy
import PolicyText

/// What a batch file has come to on one way through it.
struct BatchState {
    /// All ways together; each fork shares out its part, so that ways which meet again are seen
    /// to be all of them.
    static let whole: UInt64 = 1 << 62

    /// By name in small letters. A value may hold `Unknown` text; a name that isn't here may come
    /// from the environment; an empty one is known to be undefined.
    var variables = ["os": "Windows_NT"]
    /// `setlocal enabledelayedexpansion` is in force.
    var delayed = false
    var frame = Frame()

    /// What belongs to the file, or to one call of a part of it.
    struct Frame {
        /// `%1`, `%2`…; nil where the file's own caller gave them.
        var arguments: [String]?
        /// Loop variables, `I` of `%%I`.
        var loops: [UInt8: String] = [:]
        /// What `endlocal` brings back.
        var saved: [(variables: [String: String], delayed: Bool)] = []
    }

    var firewall = WindowsFirewall()
    var adsutil = AdsutilReading()
    var ftp = IIS7Model()
    /// Ports that every program gets, where the script sets them; nil as well where ways differ.
    var dynamicPorts: Setting<ClosedRange<UInt16>>?

    /// This way's part of `whole`.
    var mass = whole
    /// A fork too small to share out was passed: other ways may be left that no mass tells of.
    var isThin = false
    /// The condition by which this way was taken, where that can't be decided.
    var doubt: String?
    /// The same number only for the same content.
    var version = 0

    var isCertain: Bool { mass == Self.whole && !isThin }

    /// What a line may come to: this way and another one.
    mutating func join(_ other: BatchState, version fresh: Int) {
        let why = doubt ?? other.doubt ?? "the script branches"
        if version != other.version {
            for (name, value) in variables where other.variables[name] != value {
                variables[name] = Unknown.named("%\(name)%")
            }
            for name in other.variables.keys where variables[name] == nil {
                variables[name] = Unknown.named("%\(name)%")
            }
            firewall.join(other.firewall, why)
            adsutil.join(other.adsutil, why)
            ftp.join(other.ftp, why)
            if dynamicPorts != other.dynamicPorts { dynamicPorts = nil }
            version = fresh
        }
        mass += other.mass
        isThin = isThin || other.isThin
        doubt = isCertain ? nil : why
    }
}
