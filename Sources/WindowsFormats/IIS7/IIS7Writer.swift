import Net
import Policy

/// Writes the `appcmd` commands that carry out a change on the FTP service of IIS 7 to 10.
enum IIS7Writer {
    static let platform = "Windows (IIS 7 to 10)"

    private static let appcmd = #"%windir%\system32\inetsrv\appcmd.exe set config"#
    static let restart = ["net stop ftpsvc && net start ftpsvc"]

    static func fix(_ change: Change, _ configuration: Configuration?) -> Fix? {
        switch change {
        case .setPassiveRange(let range):
            guard range.lowerBound >= IIS7Model.accepted.lowerBound else { return nil }
            var undo = self.range(0, 0)
            if case .ports(let old)? = configuration?.server?.passive,
                configuration?.server?.passiveFrom == .set
            {
                undo = self.range(old.lowerBound, old.upperBound)
            }
            return Fix(
                platform: platform, commands: [self.range(range.lowerBound, range.upperBound)],
                undo: [undo], restart: restart)
        case .advertise(let address):
            guard address.family == .v4 else { return nil }
            let old = configuration?.server?.advertisedAddress.map { "\($0.value)" } ?? ""
            func lines(_ value: String) -> [String] {
                set([("firewallSupport.externalIp4Address", value)], configuration)
            }
            return Fix(
                platform: platform, commands: lines("\(address)"), undo: lines(old),
                restart: restart)
        case .requireTLS:
            let old = policy(configuration) ?? "SslRequire"
            func lines(_ value: String) -> [String] {
                set(
                    [
                        ("security.ssl.controlChannelPolicy", value),
                        ("security.ssl.dataChannelPolicy", value),
                    ], configuration)
            }
            return Fix(
                platform: platform,
                commands: lines("SslRequire")
                    + ["REM ftpServer.security.ssl.serverCertHash must name a certificate"],
                undo: lines(old), restart: restart)
        case .refuseForeignPeers:
            func lines(_ port: Bool, _ passive: Bool) -> [String] {
                set(
                    [
                        ("security.dataChannelSecurity.matchClientAddressForPort", "\(port)"),
                        ("security.dataChannelSecurity.matchClientAddressForPasv", "\(passive)"),
                    ], configuration)
            }
            let server = configuration?.server
            let wasOpen = (
                port: server?.foreignActivePeers?.value ?? false,
                passive: server?.foreignPassivePeers?.value ?? false
            )
            return Fix(
                platform: platform, commands: lines(true, true),
                undo: lines(!wasOpen.port, !wasOpen.passive), restart: restart)
        case .restart: return Fix(platform: platform, commands: [], restart: restart)
        case .refuseActive, .permit, .forbid, .translate, .set: return nil
        }
    }

    /// The policy of the control channel as it was set last, be it of one site among several;
    /// unset, it is `SslRequire`.
    static func policy(_ configuration: Configuration?) -> String? {
        (configuration?.notes ?? []).reversed().lazy.compactMap {
            $0.text.firstMatch(of: /controlChannelPolicy\W+(?:-Value\W+)?(Ssl\w+)/)
        }.first.map { String($0.1) }
    }

    private static func range(_ low: UInt16, _ high: UInt16) -> String {
        "\(appcmd) -section:system.ftpServer/firewallSupport /lowDataChannelPort:\"\(low)\" /highDataChannelPort:\"\(high)\" /commit:apphost"
    }

    /// For every site that is known to serve FTP; for the defaults where none is.
    private static func set(
        _ values: [(String, String)], _ configuration: Configuration?
    ) -> [String] {
        var places = (configuration?.notes ?? []).compactMap { note -> String? in
            guard note.state == .used || note.state == .notModelled,
                let match = note.text.firstMatch(of: /<site [^>]*\bname="([^"'\]]*)"/)
            else { return nil }
            return "[name='\(match.1)']"
        }
        if places.isEmpty { places = ["siteDefaults"] }
        return places.flatMap { place in
            values.map { path, value in
                "\(appcmd) -section:system.applicationHost/sites \"/\(place).ftpServer.\(path):\(value)\" /commit:apphost"
            }
        }
    }
}
