import Net
import Policy
import PolicyText

/// How long connections last on which nothing is sent.
extension ASAReader {
    /// `timeout conn 1:00:00 half-closed 0:10:00 …`; 0 keeps them for good.
    mutating func readTimeout(_ line: IOSLine) -> Reading {
        guard !line.negated, line.words.count > 2 else {
            config.idle = nil
            return Self.furniture
        }
        let parts = line.words[2].split(separator: ":").map { UInt16($0).map(Int.init) }
        if parts == [0] {
            config.idle = (0, line.number)
            return Self.used
        }
        guard parts.count == 3, let hours = parts[0], let minutes = parts[1],
            let seconds = parts[2], minutes < 60, seconds < 60
        else { return (.invalid, "no time of the form 1:00:00") }
        config.idle = (hours * 3600 + minutes * 60 + seconds, line.number)
        return Self.used
    }
}

extension ASADeviceBuilder {
    /// Nil where a class may have another one.
    var idleTimeout: Setting<Int>? {
        guard config.classTimeout == nil, let idle = config.idle else { return nil }
        return Setting(idle.seconds, reader.text.source(idle.line))
    }
}

extension ASAWriter {
    func keepIdle(_ seconds: Int) -> Fix? {
        guard (300...4_294_967).contains(seconds) else { return nil }
        let undo = config.idle.map { [Self.timeout($0.seconds)] } ?? ["no timeout conn"]
        return script([Self.timeout(seconds)], undo: undo)
    }

    private static func timeout(_ seconds: Int) -> String {
        guard seconds > 0 else { return "timeout conn 0" }
        let (minutes, rest) = seconds.quotientAndRemainder(dividingBy: 60)
        func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
        return "timeout conn \(minutes / 60):\(two(minutes % 60)):\(two(rest))"
    }

    /// A class for each port below the policy that already inspects FTP; `fixup` where that does.
    func readControl(_ ports: PortSet) -> Fix? {
        guard !ports.isEmpty, ports.count <= 16 else { return nil }
        if config.release.map({ $0.major < 7 && config.product == "pix" }) ?? false {
            let lines = ports.ports.map { "fixup protocol ftp \($0)" }
            return script(lines, undo: lines.map { "no \($0)" })
        }
        let policy = config.servicePolicies.first {
            !(config.policies[$0.policy] ?? []).isEmpty
        }
        guard let policy = policy?.policy else { return nil }
        let classes = ports.ports.map { (name: "pinhole-ftp-\($0)", port: $0) }
        guard classes.allSatisfy({ config.classes[$0.name] == nil }) else { return nil }
        return script(
            classes.flatMap { ["class-map \($0.name)", " match port tcp eq \($0.port)"] }
                + ["policy-map \(policy)"]
                + classes.flatMap { [" class \($0.name)", "  inspect ftp"] },
            undo: ["policy-map \(policy)"] + classes.map { " no class \($0.name)" }
                + classes.map { "no class-map \($0.name)" })
    }
}
