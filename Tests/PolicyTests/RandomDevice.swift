import Dice
import Net
import Policy

/// Small devices over 8 clients and 16 ports, with all that the model's rules can do.
struct RandomDevice {
    static let clients: [IPAddress] = (0..<8).map { IPAddress(v4: 0xc633_6400 + $0) }
    static let server = IPAddress(v4: 0xcb00_7105)
    static let inside = IPAddress(v4: 0x0a00_0005)
    static let ports: ClosedRange<UInt16> = 5000...5015

    var random: Dice
    let doubtful: Bool
    private var line = 0

    init(seed: UInt64, doubtful: Bool) {
        random = Dice(seed: seed)
        self.doubtful = doubtful
    }

    mutating func device() -> Device {
        var device = Device(usualPlace: .host)
        let names = ["pre", "in", "forward"]
        for (index, name) in (names + ["a", "b", "c"]).enumerated() {
            let later = ["a", "b", "c"].dropFirst(max(0, index - 2))
            let rules = (0..<Int.random(in: 0...5, using: &random)).map { _ in
                rule(jumps: Array(later), translates: name == "pre")
            }
            device.chains[name] = Chain(name: name, rules: rules)
        }
        let keep: Setting<Action> = Setting(.keep, SourceLine(file: "f", line: nil, text: "keep"))
        device.stages = [
            Stage(.filter, chain: "c", ending: ending()),
            Stage(.translate, chain: "pre", ending: keep),
            Stage(.filter, chain: "in", ending: ending(), places: [.host]),
            Stage(.filter, chain: "forward", ending: ending(), places: [.through]),
        ]
        return device
    }

    private mutating func ending() -> Setting<Action> {
        let action: Action = Bool.random(using: &random) ? .permit : .deny(answered: false)
        return Setting(action, SourceLine(file: "f", line: nil, text: "policy"))
    }

    private mutating func rule(jumps: [String], translates: Bool) -> FilterRule {
        line += 1
        var effects: [Effect] = []
        let choice = Int.random(in: 0..<10, using: &random)
        var action: Action
        switch choice {
        case 0, 1: action = translates ? translation() : .permit
        case 2, 3: action = .deny(answered: true)
        case 4: action = .return
        case 5:
            action = .next
            effects = [.mark(clear: 3, flip: UInt32.random(in: 0...3, using: &random))]
        case 6, 7: action = jumps.randomElement(using: &random).map { .jump($0) } ?? .return
        case 8: action = jumps.randomElement(using: &random).map { .go($0) } ?? .permit
        default: action = .permit
        }
        // Chains that are jumped to are shared by stages: they translate nothing.
        if translates, action == .permit { action = .keep }
        return FilterRule(
            match(), action, SourceLine(file: "f", line: line, text: "rule"), effects: effects)
    }

    private mutating func translation() -> Action {
        let targets: [Translation.Target] = [.device, .addresses([Self.inside]), .unchanged]
        let low = UInt16.random(in: 5000...5012, using: &random)
        let ports: ClosedRange<UInt16>? =
            Bool.random(using: &random)
            ? low...(low + UInt16.random(in: 0...3, using: &random)) : nil
        return .translate(
            Translation(
                address: targets.randomElement(using: &random) ?? .device, ports: ports,
                keepsPortsWithin: Bool.random(using: &random)))
    }

    private mutating func match() -> Match {
        var match = Match()
        if Bool.random(using: &random) {
            match.sources = AddressSet(
                Self.clients.filter { _ in Bool.random(using: &random) }.map { $0...$0 })
        }
        if Int.random(in: 0..<3, using: &random) > 0 {
            let low = UInt16.random(in: Self.ports, using: &random)
            match.destinationPorts = PortSet(
                low...UInt16.random(in: low...Self.ports.upperBound, using: &random))
        }
        switch Int.random(in: 0..<12, using: &random) {
        case 0:
            let value = UInt32.random(in: 0...3, using: &random)
            match.tests = [.mark(value: value, mask: 3, negated: Bool.random(using: &random))]
        case 1: match.tests = [.translated(Bool.random(using: &random))]
        case 2:
            match.destinations = AddressSet(Bool.random(using: &random) ? Self.server : Self.inside)
        case 3: match.never = "for once"
        case 4, 5: if doubtful { match.notModelled = ["the moon is full"] }
        default: break
        }
        return match
    }
}
