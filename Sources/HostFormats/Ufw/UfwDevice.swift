import Net
import Policy
import PolicyText

/// The files of a ufw taken together, and the device that they make.
struct UfwDevice {
    private struct Rules {
        var part: UfwFile.Part
        var file: String
        var device: Device
        /// Chains that restoring the file empties first.
        var declared: Set<String>
    }

    private var rules: [IPAddress.Family: [Rules]] = [:]
    private var settings: [String: Setting<String>] = [:]
    private var notes: [LineNote] = []
    private var file = ""
    private var assumptions: Set<String> = []
    private var onlyProfiles = true

    /// Chains that ufw makes before it restores its files.
    private static func chains(_ prefix: String) -> [String] {
        let ways = ["input", "output", "forward"]
        let parts = [
            "before-logging", "before", "after", "after-logging", "reject", "track", "user",
            "user-logging", "skip-to-policy",
        ]
        return parts.flatMap { part in ways.map { "\(prefix)-\(part)-\($0)" } }
            + ["logging-deny", "logging-allow", "user-limit", "user-limit-accept"].map {
                "\(prefix)-\($0)"
            }
    }

    private static func prefix(_ family: IPAddress.Family) -> String {
        family == .v4 ? "ufw" : "ufw6"
    }

    mutating func take(_ text: ConfigText) {
        var own: [LineNote]
        switch UfwFile(text) ?? .rules(.user, .v4) {
        case .profiles: own = UfwProfiles(text).notes
        case .settings:
            own = readSettings(text)
            onlyProfiles = false
        case .rules(let part, let family):
            onlyProfiles = false
            var reader = IPTablesSaveReader(
                text, sets: [:], family: family,
                existing: ["filter": Self.chains(Self.prefix(family))])
            let configuration = reader.read()
            own = configuration.notes
            guard let device = configuration.device else { break }
            let declared = text.lines.filter { $0.hasPrefix(":") }.map {
                "filter/" + $0.dropFirst().prefix { $0 != " " }
            }
            rules[family, default: []].append(
                Rules(part: part, file: text.file, device: device, declared: Set(declared)))
            assumptions.formUnion(device.assumptions)
        }
        if file.isEmpty {
            file = text.file
            notes = own
        }
    }

    /// Assignments of a shell: the last of a name holds.
    private mutating func readSettings(_ text: ConfigText) -> [LineNote] {
        var lines = LineNotes(text)
        for (number, line) in zip(1..., text.lines) {
            let bare = line.bare
            guard !bare.isEmpty, !bare.hasPrefix("#") else {
                lines.set(number, .irrelevant)
                continue
            }
            guard let sign = bare.firstIndex(of: "=") else {
                lines.set(number, .notRecognised, "no assignment")
                continue
            }
            let key = String(bare[..<sign])
            let value = Self.value(bare[bare.index(after: sign)...])
            if UfwFile.keys.contains(key) {
                settings[key] = Setting(value, text.source(number))
                lines.set(number, .used)
            } else if UfwFile.idleKeys.contains(key) {
                lines.set(number, .irrelevant)
            } else {
                lines.set(number, .notRecognised, "key \(key.excerpt) isn't known")
            }
        }
        return lines.finish { _, _ in (.irrelevant, "") }
    }

    /// A word of the shell, with or without quotes, up to a comment.
    private static func value(_ text: Substring) -> String {
        guard let quote = text.first, quote == "\"" || quote == "'" else {
            return String(text.prefix { $0 != " " && $0 != "\t" && $0 != "#" })
        }
        return String(text.dropFirst().prefix { $0 != quote })
    }

    // MARK: the device

    func configuration(_ texts: [ConfigText]) -> Configuration {
        var kinds: [Configuration.Kind] = [.firewall]
        let translates = rules.values.joined().contains { rules in
            rules.device.stages.contains { $0.work == .translate }
        }
        if translates { kinds.append(.nat) }
        return Configuration(
            file: file, format: Ufw.name, kinds: kinds, device: onlyProfiles ? nil : device(),
            notes: notes)
    }

    private func device() -> Device {
        var device = Device(usualPlace: .host)
        device.assumptions = assumptions.sorted()
        if let enabled = settings["ENABLED"] {
            guard enabled.value == "yes" || enabled.value == "YES" else {
                device.stages = [
                    Stage(.filter, chain: "", ending: Setting(.permit, enabled.source))
                ]
                return device
            }
        } else {
            device.assumptions.append("\(file): ufw is taken as enabled")
        }
        if settings["DEFAULT_INPUT_POLICY"] == nil {
            device.assumptions.append(
                "\(file): ufw's shipped default policies are taken: deny incoming, deny routed")
        }
        for family in [IPAddress.Family.v4, .v6] { build(family, &device) }
        return device
    }

    private func build(_ family: IPAddress.Family, _ device: inout Device) {
        let prefix = Self.prefix(family)
        let files = (rules[family] ?? []).sorted { $0.part < $1.part }
        if family == .v6, let setting = settings["IPV6"],
            setting.value != "yes", setting.value != "YES"
        {
            device.stages.append(
                Stage(
                    .filter, chain: "", ending: Setting(.deny(answered: false), setting.source),
                    families: [family]))
            return
        }
        for rules in files {
            for (name, chain) in rules.device.chains {
                let old = rules.declared.contains(name) ? [] : device.chains[name]?.rules ?? []
                device.chains[name] = Chain(name: name, rules: old + chain.rules)
            }
            device.inspections += rules.device.inspections
        }
        // A table that doesn't load leaves nothing that could be told.
        let broken = files.lazy.flatMap(\.device.stages).first { $0.chain.isEmpty }
        if let broken {
            device.stages.append(
                Stage(.filter, chain: "", ending: broken.ending, families: [family]))
            return
        }
        if !files.contains(where: { $0.part == .before }) {
            device.chains["filter/\(prefix)-before-input"] = Self.shipped(file, prefix)
            if !files.isEmpty {
                device.assumptions.append(
                    "\(file): \(family == .v4 ? "before.rules" : "before6.rules") is taken as shipped"
                )
            }
        }
        let user = files.contains { $0.part == .user }
        for (way, chain, place) in [
            ("input", "INPUT", Device.Place.host), ("forward", "FORWARD", .through),
        ] {
            wire(prefix, way, chain, user: user, &device)
            addStages(files, before: chain, place, family, &device)
            let policy = policy(chain)
            device.stages.append(
                Stage(
                    .filter, chain: "filter/\(prefix) \(chain)", ending: policy, places: [place],
                    families: [family]))
        }
        addStages(files, before: "", .through, family, &device)
    }

    /// The way through ufw's own chains.
    private func wire(
        _ prefix: String, _ way: String, _ chain: String, user: Bool, _ device: inout Device
    ) {
        func own(_ text: String) -> SourceLine { SourceLine(file: file, line: nil, text: text) }
        let userChain = "\(prefix)-user-\(way)"
        let before = "filter/\(prefix)-before-\(way)"
        var inner = device.chains[before] ?? Chain(name: before)
        if user {
            inner.rules.append(
                FilterRule(
                    Match(), .jump("filter/\(userChain)"),
                    own("-A \(prefix)-before-\(way) -j \(userChain)")))
        } else {
            let missing = prefix == "ufw" ? "user.rules" : "user6.rules"
            inner.rules.append(
                FilterRule(Match(), .unknown("\(missing) isn't given"), own("no \(missing)")))
        }
        device.chains[before] = inner
        let skip = "filter/\(prefix)-skip-to-policy-\(way)"
        let policy = policy(chain)
        device.chains[skip] = Chain(
            name: skip, rules: [FilterRule(Match(), policy.value, policy.source)])
        var jumps: [FilterRule] = []
        for part in ["before-logging", "before", "after", "after-logging"] {
            let name = "\(prefix)-\(part)-\(way)"
            guard !(device.chains["filter/\(name)"]?.rules ?? []).isEmpty else { continue }
            jumps.append(
                FilterRule(Match(), .jump("filter/\(name)"), own("-A \(chain) -j \(name)")))
        }
        // What files add to the built-in chain itself stands behind.
        let more = device.chains["filter/\(chain)"]?.rules ?? []
        let name = "filter/\(prefix) \(chain)"
        device.chains[name] = Chain(name: name, rules: jumps + more)
        device.chains["filter/\(chain)"] = nil
    }

    /// Hooks of other tables that a packet passes before a chain of the filter table.
    private static let hooks: [(chain: String, before: String, work: Stage.Work)] = [
        ("raw/PREROUTING", "INPUT", .filter), ("mangle/PREROUTING", "INPUT", .filter),
        ("nat/PREROUTING", "INPUT", .translate), ("mangle/INPUT", "INPUT", .filter),
        ("security/INPUT", "FORWARD", .filter), ("mangle/FORWARD", "FORWARD", .filter),
        ("security/FORWARD", "", .filter), ("mangle/POSTROUTING", "", .filter),
    ]

    private func addStages(
        _ files: [Rules], before chain: String, _ place: Device.Place, _ family: IPAddress.Family,
        _ device: inout Device
    ) {
        for hook in Self.hooks where hook.before == chain {
            guard
                let stage = files.reversed().lazy.flatMap(\.device.stages).first(where: {
                    $0.chain == hook.chain
                })
            else { continue }
            device.stages.append(stage)
        }
    }

    private func policy(_ chain: String) -> Setting<Action> {
        guard let setting = settings["DEFAULT_\(chain)_POLICY"] else {
            return Setting(
                .deny(answered: false), SourceLine(file: file, line: nil, text: "policy DROP"))
        }
        switch setting.value {
        case "ACCEPT": return Setting(.permit, setting.source)
        case "DROP": return Setting(.deny(answered: false), setting.source)
        case "REJECT": return Setting(.deny(answered: true), setting.source)
        default:
            return Setting(.unknown("the policy is no policy of ufw"), setting.source)
        }
    }

    /// The shipped rules for what a new TCP connection to the host meets.
    static func shipped(_ file: String, _ prefix: String) -> Chain {
        func own(_ text: String) -> SourceLine { SourceLine(file: file, line: nil, text: text) }
        let chain = "\(prefix)-before-input"
        return Chain(
            name: "filter/\(chain)",
            rules: [
                FilterRule(
                    Match(entering: .init(["lo"])), .permit, own("-A \(chain) -i lo -j ACCEPT")),
                FilterRule(
                    Match(expectedOnly: true), .permit,
                    own("-A \(chain) -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT")),
            ])
    }
}
