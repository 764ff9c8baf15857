import PolicyText

/// Labels and words of what `netsh advfirewall … show` prints, in one language.
///
/// Redirected listings are in the console's code page, so a letter beyond ASCII may be anything:
/// only ASCII letters and digits are compared.
struct ListingLanguage: Hashable {
    enum Field: Hashable {
        case name, description, enabled, direction, profiles, group, localAddress, remoteAddress
        case `protocol`, localPort, remotePort, edge, program, service, interfaces, computers
        case users, security, origin, action
    }

    var name: String
    /// By folded label.
    var labels: [String: Field]
    /// Words of a rule's values as the arguments of netsh say them, by folded word.
    var words: [String: String]
    /// Folded words of which a profile's head holds one, beside that of its name.
    var headings: [String]
    var states: [String: Bool]
    var state: String
    var policy: String
    var localRules = "localfirewallrules"

    static let all = [english, german]

    static let english = ListingLanguage(
        name: "English",
        labels: [
            "rulename": .name, "description": .description, "enabled": .enabled,
            "direction": .direction, "profiles": .profiles, "grouping": .group,
            "localip": .localAddress, "remoteip": .remoteAddress, "protocol": .protocol,
            "localport": .localPort, "remoteport": .remotePort, "edgetraversal": .edge,
            "program": .program, "service": .service, "interfacetypes": .interfaces,
            "remotecomputergroup": .computers, "rmtcomputergrp": .computers,
            "remoteusergroup": .users, "rmtusrgrp": .users, "security": .security,
            "rulesource": .origin, "action": .action,
        ],
        words: [
            "yes": "yes", "no": "no", "in": "in", "out": "out", "allow": "allow",
            "block": "block", "bypass": "bypass", "any": "any", "none": "any",
            "domain": "domain", "private": "private", "public": "public",
            "notrequired": "notrequired",
        ],
        headings: ["profilesettings"], states: ["on": true, "off": false], state: "state",
        policy: "firewallpolicy")

    static let german = ListingLanguage(
        name: "German",
        labels: [
            "regelname": .name, "beschreibung": .description, "aktiviert": .enabled,
            "richtung": .direction, "profile": .profiles, "gruppierung": .group,
            "lokaleip": .localAddress, "lokalesip": .localAddress, "localip": .localAddress,
            "remoteip": .remoteAddress, "protokoll": .protocol, "lokalerport": .localPort,
            "localport": .localPort, "remoteport": .remotePort, "edgeausnahme": .edge,
            "edgeberbrckung": .edge, "programm": .program, "dienst": .service,
            "schnittstellentypen": .interfaces, "remotecomputergruppe": .computers,
            "remotebenutzergruppe": .users, "sicherheit": .security, "regelquelle": .origin,
            "aktion": .action,
        ],
        words: [
            "ja": "yes", "nein": "no", "eingehend": "in", "ein": "in", "ausgehend": "out",
            "aus": "out", "abgehend": "out", "zulassen": "allow", "blockieren": "block",
            "blocken": "block", "umgehen": "bypass", "beliebig": "any", "alle": "any",
            "keine": "any", "domne": "domain", "privat": "private", "ffentlich": "public",
            "notrequired": "notrequired", "nichterforderlich": "notrequired",
            "lokalessubnetz": "localsubnet",
        ],
        headings: ["profileinstellungen", "einstellungenfr"],
        states: ["ein": true, "aus": false], state: "status", policy: "firewallrichtlinie")

    /// ASCII letters and digits in small letters.
    static func folded(_ text: some StringProtocol) -> String {
        var bytes: [UInt8] = []
        for byte in text.utf8 {
            switch byte {
            case 0x30...0x39, 0x61...0x7a: bytes.append(byte)
            case 0x41...0x5a: bytes.append(byte | 0x20)
            default: continue
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The field of a line `Label:  value`, and the value.
    func field(_ line: String) -> (field: Field, value: String)? {
        guard let colon = line.utf8.firstIndex(of: UInt8(ascii: ":")),
            let field = labels[Self.folded(line[..<colon])]
        else { return nil }
        return (field, String(line[line.utf8.index(after: colon)...]).bare)
    }

    /// The profile whose settings follow the head.
    func profile(_ head: String) -> String? {
        let word = Self.folded(head)
        guard head.utf8.last == UInt8(ascii: ":"), headings.contains(where: word.contains) else {
            return nil
        }
        let rest = word.replacing("einstellungenfr", with: "")
        return [
            ("dom", "domain"), ("privat", "private"), ("public", "public"), ("ffentlich", "public"),
        ]
        .first { rest.hasPrefix($0.0) }?.1
    }

    /// A rule's value as netsh would take it: words that are known, all others as they stand.
    func value(_ text: String, of field: Field) -> String {
        switch field {
        case .program, .service, .description, .name, .group, .origin, .edge:
            return words[Self.folded(text)] == "any" ? "any" : text
        case .protocol:
            return words[Self.folded(text)] == "any" && text.contains(where: \.isLetter)
                ? "any" : text
        default:
            return text.split(separator: ",").map { part in
                let word = part.bare
                let isWord = !word.utf8.contains { (0x2e...0x3a).contains($0) }
                return isWord ? words[Self.folded(word)] ?? word : word
            }.joined(separator: ",")
        }
    }
}
