package import Policy

/// A format of which several files make one device together.
package protocol JointFormat: ConfigFormat {
    /// Whether the files are one device of this format.
    static func takes(_ texts: [ConfigText]) -> Bool
    /// Reads files that are one device. The first names it; its lines have the notes.
    static func read(together texts: [ConfigText]) -> Configuration
}

extension JointFormat {
    package static func takes(_ texts: [ConfigText]) -> Bool {
        texts.allSatisfy { recognise($0) == .certain }
    }
}

/// What several files of one kind make together.
package enum Joint {
    /// Devices one behind another, so that each must let a packet pass.
    package static func series(_ configurations: [Configuration]) -> Configuration? {
        guard var first = configurations.first else { return nil }
        var device = Device(usualPlace: first.device?.usualPlace ?? .through)
        for (number, next) in zip(1..., configurations.compactMap(\.device)) {
            guard next.selectable.isEmpty else {
                let why = "files that hold several lists each can't be taken together"
                let source = SourceLine(file: first.file, line: nil, text: why)
                device.stages = [Stage(.filter, chain: "", ending: Setting(.unknown(why), source))]
                break
            }
            // Names may be the same in two files.
            for stage in next.stages {
                var stage = stage
                stage.chain = "\(number)/\(stage.chain)"
                device.stages.append(stage)
            }
            for (name, chain) in next.chains { device.chains["\(number)/\(name)"] = chain }
            device.assumptions += next.assumptions.filter { !device.assumptions.contains($0) }
        }
        first.device = device
        return first
    }
}
