import Policy

/// A format of which several files make one device together.
protocol JointFormat: ConfigFormat {
    /// Whether the files are one device of this format.
    static func takes(_ texts: [ConfigText]) -> Bool
    /// Reads files that are one device. The first names it; its lines have the notes.
    static func read(together texts: [ConfigText]) -> Configuration
}

extension JointFormat {
    static func takes(_ texts: [ConfigText]) -> Bool {
        texts.allSatisfy { recognise($0) == .certain }
    }
}

/// The formats of that kind.
enum Joint {
    static let all: [any JointFormat.Type] = [
        AzureNSG.self, Ufw.self, UfwStatus.self, Firewalld.self, FirewallCmd.self,
        NetshAdvancedFirewallShow.self, NetFirewallRule.self, IPTablesFamilies.self,
    ]

    /// The one of which all the files are; nil where there is none.
    static func format(of texts: [ConfigText], as name: String?) -> (any JointFormat.Type)? {
        all.first { format in
            if let name, format.name != name { return false }
            return name != nil && !format.joinsFiles || format.takes(texts)
        }
    }

    /// Why files can't be taken together, of which one is of such a format: another would go unread.
    static func refusal(of texts: [ConfigText]) -> Formats.Refusal? {
        for format in all where !format.joinsFiles {
            let own = texts.filter { format.recognise($0) == .certain }
            guard let first = own.first, own.count < texts.count else { continue }
            return .notTogether(file: first.file, format: format.name)
        }
        return nil
    }

    /// Devices one behind another, so that each must let a packet pass.
    static func series(_ configurations: [Configuration]) -> Configuration? {
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
