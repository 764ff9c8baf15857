import PolicyText

/// A line of a listing that says what the next lines are about: `Port configuration for Domain
/// profile (current):`, in English or German.
///
/// Redirected listings are in the code page of the console, so an umlaut may be any character.
struct ListingHead {
    enum Table { case ports, open, programs, services, other }

    enum Place: Hashable {
        case profile(String)
        case interface(String)
        /// That of the profile in force.
        case current
    }

    var table = Table.other
    /// Nil: as before.
    var place: Place?
    /// The profile is marked as the one in force.
    var isCurrent = false

    /// Nil where the line is no such head.
    init?(_ line: String) {
        guard line.utf8.last == UInt8(ascii: ":") else { return nil }
        var name = String(line.dropLast()).bare
        let low = name.lowercased()
        guard !low.hasPrefix("scope"), !low.hasPrefix("bereich") else { return nil }
        for mark in ["(current)", "(aktuell)"] where low.hasSuffix(mark) {
            isCurrent = true
            name = String(name.dropLast(mark.count)).bare
        }
        if let owner = Self.owner(
            name, low, behind: ["port configuration for", "portkonfiguration f"])
        {
            table = .ports
            place = Self.place(owner)
        } else if low.hasPrefix("ports currently open on all") || Self.isGermanOpen(low) {
            table = .open
            place = .current
        } else if let owner = Self.owner(
            name, low, behind: ["additional ports open on", "weitere ge"])
        {
            table = .open
            place = .interface(owner.unquoted)
        } else if low.contains("configuration") || low.contains("konfiguration") {
            settings(name, low)
        }
    }

    /// Whose it is, by the words behind one of these beginnings. One that breaks off before an
    /// umlaut goes on to the end of the word, or to `auf`.
    private static func owner(_ name: String, _ low: String, behind marks: [String]) -> String? {
        guard let mark = marks.first(where: low.hasPrefix) else { return nil }
        var rest = name.unicodeScalars.dropFirst(mark.unicodeScalars.count)
        if mark.hasPrefix("weitere"), let place = String(rest).ranges(of: " auf ").first {
            return String(String(rest)[place.upperBound...])
        }
        rest = rest.drop { $0 != " " }
        let owner = String(rest).bare
        return owner.isEmpty ? nil : owner
    }

    private static func isGermanOpen(_ low: String) -> Bool {
        low.contains("ports") && low.contains("netzwerkschnittstellen")
    }

    private mutating func settings(_ name: String, _ low: String) {
        if low.contains("program") { table = .programs }
        if low.hasPrefix("service") || low.hasPrefix("dienst") { table = .services }
        if let profile = Self.profile(low) {
            place = .profile(profile)
        } else if low.hasSuffix(" firewall configuration") {
            place = .interface(String(name.dropLast(" firewall configuration".count)).unquoted)
        } else if let owner = Self.owner(name, low, behind: ["firewallkonfiguration f"]) {
            place = .interface(owner.unquoted)
        } else {
            place = .current
        }
    }

    private static func place(_ text: String) -> Place {
        profile(text.lowercased()).map { .profile($0) } ?? .interface(text.unquoted)
    }

    /// `domain` or `standard` where the words name a profile.
    private static func profile(_ low: String) -> String? {
        if low == "domain" || low == "standard" { return low }
        guard low.contains("profil") else { return nil }
        if low.contains("standard") { return "standard" }
        guard let start = low.ranges(of: "dom").first?.upperBound else { return nil }
        return low[start...].prefix(3).contains("n") ? "domain" : nil
    }
}

/// Words of a listing, in English or German.
enum ListingWord {
    /// Nil where it is neither.
    static func isOn(_ word: String) -> Bool? {
        switch word.lowercased() {
        case "enable", "enabled", "aktivieren", "aktiviert": true
        case "disable", "disabled", "deaktivieren", "deaktiviert": false
        default: nil
        }
    }

    static func isOutbound(_ word: String) -> Bool {
        ["outbound", "ausgehend", "abgehend"].contains(word.lowercased())
    }

    static func isInbound(_ word: String) -> Bool {
        ["inbound", "eingehend"].contains(word.lowercased())
    }

    enum Setting { case profile, mode, exceptions, remoteAdministration }

    static func setting(_ name: String) -> Setting? {
        switch name.lowercased() {
        case "profile", "profil": .profile
        case "operational mode", "betriebsmodus": .mode
        case "exception mode", "ausnahmemodus": .exceptions
        case "remote admin mode", "remoteverwaltungsmodus": .remoteAdministration
        default: nil
        }
    }
}
