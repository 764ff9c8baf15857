import Net
import Policy
import Testing

@testable import PolicyFormats

/// A server's configuration: a change asked for, its lines put where they say, the result read
/// again and compared setting by setting.
struct ServerTrip: Sendable {
    var format: any ConfigFormat.Type
    var file: String
    /// Carries commands out on a configuration's text; last come the lines that are taken back by
    /// them, where they take back.
    var carryOut: @Sendable ([String], String, [String]) throws -> String

    /// The settings by name, without the lines that set them.
    func facts(_ text: String) -> [String: String] {
        guard let server = format.read(ConfigText(file: file, text)).server else { return [:] }
        return facts(server)
    }

    private func facts(_ server: ServerSettings) -> [String: String] {
        var facts = ["passiveFrom": "\(server.passiveFrom)", "tls": "\(server.tls.value)"]
        switch server.passive {
        case .ports(let range): facts["passive"] = "\(PortSet(range))"
        case .osDynamic:
            // Whether a line says so, or none does, is the same.
            facts["passive"] = "os-dynamic"
            facts["passiveFrom"] = nil
        case nil: facts["passive"] = "none"
        }
        facts["problem"] = server.passiveProblem == nil ? nil : "some"
        facts["address"] = server.advertisedAddress.map { "\($0.value)" }
        facts["name"] = server.advertisedName?.value
        facts["control"] = "\(PortSet(ports: server.control.map(\.value)))"
        facts["tlsProblem"] = server.tlsProblem == nil ? nil : "some"
        facts["clearData"] = server.clearData == nil ? nil : "some"
        facts["active"] = "\(server.active.value)"
        facts["disabled"] = server.passiveDisabled.map { "\($0.value)" }
        facts["foreignPassive"] = server.foreignPassivePeers.map { "\($0.value)" }
        facts["foreignActive"] = server.foreignActivePeers.map { "\($0.value)" }
        facts["users"] = server.maxUsers.map { "\($0.value)" }
        return facts
    }

    /// What a change makes of the settings; an empty value: it goes.
    static func wanted(_ change: Change) -> [String: String] {
        switch change {
        case .setPassiveRange(let range):
            ["passive": "\(PortSet(range))", "passiveFrom": "set", "problem": ""]
        case .advertise(let address): ["address": "\(address)", "name": ""]
        case .requireTLS: ["tls": "required", "tlsProblem": "", "clearData": ""]
        case .refuseForeignPeers: ["foreignPassive": "false", "foreignActive": "false"]
        case .refuseActive: ["active": "false"]
        default: [:]
        }
    }

    /// Carries the change out, and back.
    ///
    /// `wanted` is what it makes of the settings, where the platform has it otherwise than
    /// ``wanted(_:)``; `unknown` are settings that the text never told, so that taking the change
    /// back leaves what is the same by other words.
    func check(
        _ change: Change, on text: String, wanted: [String: String]? = nil,
        isTakenBack: Bool = true, sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let configuration = format.read(ConfigText(file: file, text))
        let made = format.fix(change, configuration)
        let fix = try #require(
            made, "no commands for \(change) on\n\(text)", sourceLocation: sourceLocation)
        let before = facts(text)
        var expected = before
        for (key, value) in wanted ?? Self.wanted(change) {
            expected[key] = value.isEmpty ? nil : value
        }
        let mended = try carryOut(fix.commands, text, [])
        let told =
            "\(change)\n\(fix.commands.joined(separator: "\n"))\non\n\(text)\nmade\n\(mended)"
        #expect(facts(mended) == expected, "\(told)", sourceLocation: sourceLocation)
        if isTakenBack {
            let undone = try carryOut(fix.undo, mended, fix.commands)
            #expect(
                facts(undone) == before,
                "undone by\n\(fix.undo.joined(separator: "\n"))\nto\n\(undone)\nafter \(told)",
                sourceLocation: sourceLocation)
        }
        let again = format.fix(change, format.read(ConfigText(file: file, mended)))
        let twice = try carryOut(again?.commands ?? [], mended, [])
        #expect(
            facts(twice) == expected, "again, to\n\(twice)\nafter \(told)",
            sourceLocation: sourceLocation)
    }

    /// The changes that a server may be asked for.
    static let changes: [Change] = [
        .setPassiveRange(50000...50100), .setPassiveRange(5001...5201),
        .advertise(IPAddress(v4: 0xcb00_710a)), .requireTLS, .refuseForeignPeers, .refuseActive,
    ]
}

/// A file of settings, one a line, into which lines are put as their comments say.
struct SettingsFile {
    /// How the file tells a comment.
    var comment = "#"
    /// What the line begins with before which a line goes that stands in for no other.
    var closing: String?
    /// Where a line goes that stands in for no other.
    var isPutOnTop = false
    /// The setting of a line.
    var key: @Sendable (String) -> String?

    init(isPutOnTop: Bool = false, key: @escaping @Sendable (String) -> String?) {
        self.isPutOnTop = isPutOnTop
        self.key = key
    }

    func carryOut(
        _ commands: [String], on text: String, takingBack made: [String] = []
    ) throws -> String {
        var lines: [String?] = text.trippedLines
        var extra: [String] = []
        var marked: [Int] = []
        var restored: [String: Int] = [:]
        var section: [String]?
        for command in commands {
            if let open = section {
                section = open + [command]
                if command.hasPrefix("</") {
                    extra += open + [command]
                    section = nil
                }
            } else if let match = command.firstMatch(of: /^# in place of line (\d+): (.*)$/) {
                guard let number = Int(match.1), lines.indices.contains(number - 1),
                    let old = lines[number - 1], old.bare == match.2
                else { throw Refused("no such line: \(command)") }
                marked.append(number - 1)
            } else if let match = command.firstMatch(of: /^# take out the section (.*)$/) {
                guard let start = lines.firstIndex(of: String(match.1)),
                    let end = lines[start...].firstIndex(where: { $0?.hasPrefix("</") ?? false })
                else { throw Refused(command) }
                for line in start...end { lines[line] = nil }
            } else if let match = command.firstMatch(
                of: /^# take out the line (?:that sets )?(.*)$/)
            {
                let name = String(match.1)
                guard let place = place(of: name.lowercased(), in: lines, made) else {
                    throw Refused(command)
                }
                lines[place] = nil
            } else if command.hasPrefix("# in ")
                || command.hasPrefix("#") && command.contains("must")
            {
                continue
            } else if command.hasPrefix("<"), key(command) == nil {
                section = [command]
            } else if command.hasPrefix(comment) {
                throw Refused(command)
            } else if let name = key(command)?.lowercased() {
                if let first = marked.first {
                    for place in marked { lines[place] = nil }
                    lines[first] = command
                    marked = []
                } else if let place = restored[name] {
                    lines[place] = (lines[place] ?? "") + "\n" + command
                } else if !made.isEmpty, let place = place(of: name, in: lines, made) {
                    lines[place] = command
                    restored[name] = place
                } else {
                    extra.append(command)
                }
            } else {
                throw Refused("no setting: \(command)")
            }
        }
        guard marked.isEmpty, section == nil else { throw Refused("nothing in place of a line") }
        let kept = lines.compactMap(\.self)
        if let closing, let end = kept.firstIndex(where: { $0.bare.hasPrefix(closing) }) {
            return (kept[..<end] + extra + kept[end...]).joined(separator: "\n") + "\n"
        }
        return (isPutOnTop ? extra + kept : kept + extra).joined(separator: "\n") + "\n"
    }
    /// The line of a setting: that which was made, where one is taken back.
    private func place(of name: String, in lines: [String?], _ made: [String]) -> Int? {
        let own = lines.indices.filter { lines[$0].flatMap(key)?.lowercased() == name }
        return own.first { lines[$0].map(made.contains) ?? false } ?? own.first
    }
}
