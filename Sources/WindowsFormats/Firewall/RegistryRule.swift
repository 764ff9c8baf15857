import Policy
import PolicyText

/// A rule as the registry holds it: `v2.30|Action=Allow|Active=TRUE|Dir=In|…|`.
///
/// Source: MS-GPFAS 2.2.2.19, the firewall rule grammar.
enum RegistryRule {
    /// Fields that become arguments, those of one tag joined.
    private static let tags: [String: String] = [
        "action": "action", "dir": "dir", "active": "enable", "profile": "profile",
        "protocol": "protocol", "lport": "localport", "lport2_10": "localport",
        "lport2_20": "localport", "lport2_24": "localport", "lport2_25": "localport",
        "lport2_29": "localport", "rport": "remoteport", "rport2_10": "remoteport",
        "rport2_25": "remoteport", "rport2_28": "remoteport", "la4": "localip",
        "la6": "localip", "ra4": "remoteip", "ra6": "remoteip", "ra42": "remoteip",
        "ra62": "remoteip", "app": "program", "svc": "service", "name": "name",
        "iftype": "interfacetype", "rmauth": "rmtcomputergrp", "ruauth": "rmtusrgrp",
        "security": "security", "security2": "security", "security2_9": "security",
    ]
    /// Fields that don't change whom a rule lets in.
    private static let idle: Set<String> = [
        "desc", "embedctxt", "edge", "defer", "lsm", "icmp4", "icmp6",
    ]
    /// Fields that narrow a rule by what a packet doesn't tell.
    private static let conditions: [String: String] = [
        "if": "on one interface only", "apppkgid": "for an app package only",
        "luown": "for one user's programs only", "luauth": "for some users' programs only",
        "luauth2_24": "for some users' programs only", "nnm": "on one network only",
        "securityrealmid": "for a realm of security only", "ttk": "for a kind of proximity only",
        "ttk2_22": "for a kind of proximity only", "ttk2_27": "for a kind of proximity only",
        "ttk2_28": "for a kind of proximity only", "skipver": "not for some versions of Windows",
    ]

    /// The rule that a value says.
    static func rule(_ value: String, _ source: SourceLine) -> AdvancedRule {
        var rule = AdvancedRule(arguments: [:], source: source, isReported: true)
        var doubts: [String] = []
        let parts = value.split(separator: "|", omittingEmptySubsequences: false)
        let version = version(parts.first ?? "")
        if version == nil { doubts.append("it doesn't begin with a version") }
        if parts.count < 2 || parts.last != "" { doubts.append("its text is cut short") }
        var isShipped = false
        var platform: (minimum: String, isLeast: Bool)?
        for part in parts.dropFirst() where !part.isEmpty {
            let field = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let key = field[0].bare.lowercased()
            guard field.count == 2 else {
                doubts.append("\(part.excerpt) isn't a field")
                continue
            }
            let value = String(field[1])
            if let tag = tags[key] {
                let word = word(value, of: tag)
                if let old = rule.arguments[tag] {
                    rule.arguments[tag] = old + "," + word
                } else {
                    rule.arguments[tag] = word
                }
                if tag == "name" {
                    isShipped = isShipped || WindowsProgram.isShipped(package: value)
                }
            } else if let condition = conditions[key] {
                doubts.append(condition)
            } else if key == "embedctxt" {
                isShipped = isShipped || WindowsProgram.isShipped(package: value)
            } else if key == "platform" {
                platform = (value, platform?.isLeast ?? false)
            } else if key == "platform2" {
                platform = (platform?.minimum ?? "", value.same("GTEQ"))
            } else if !idle.contains(key) {
                let isOff = value.same("FALSE") && ["lom", "pcross", "authbypassout"].contains(key)
                if !isOff { doubts.append("its field \(key.excerpt) isn't read") }
            }
        }
        if let platform, !isMet(platform, version) {
            doubts.append("for some versions of Windows only")
        }
        if isShipped, doubts.contains("for an app package only") {
            // A package of Windows' own serves no FTP.
            rule.arguments["program"] = "System"
        }
        if rule.arguments["enable"] == nil { rule.arguments["enable"] = "?" }
        rule.doubt = doubts.isEmpty ? nil : doubts.joined(separator: "; ")
        return rule
    }

    private static func word(_ value: String, of tag: String) -> String {
        guard tag == "enable" else { return value }
        return value.same("TRUE") ? "yes" : value.same("FALSE") ? "no" : value
    }

    /// `v2.30`.
    private static func version(_ text: Substring) -> (Int, Int)? {
        guard text.first == "v" else { return nil }
        let parts = text.dropFirst().split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 2, let major = UInt8(parts[0]), let minor = UInt8(parts[1]) else {
            return nil
        }
        return (Int(major), Int(minor))
    }

    /// Whether a Windows that writes rules of that version is at least the one that is asked for:
    /// 2.10 came with 6.1, 2.20 with 6.2, 2.24 with 10.0 (MS-FASP 1.7).
    private static func isMet(
        _ platform: (minimum: String, isLeast: Bool), _ version: (Int, Int)?
    ) -> Bool {
        let parts = platform.minimum.split(separator: ":").map { Int($0) ?? -1 }
        guard platform.isLeast, parts.count == 3, parts[0] == 2, let version, version.0 == 2 else {
            return false
        }
        switch (parts[1], parts[2]) {
        case (6, 0): return true
        case (6, 1): return version.1 >= 10
        case (6, 2): return version.1 >= 20
        case (6, 3): return version.1 >= 22
        case (10, 0): return version.1 >= 24
        default: return false
        }
    }
}
