import Net
import Policy
import PolicyText

/// The FTP service of IIS 5 and 6 (`MSFTPSVC`): what its settings come to, and the commands that
/// change them.
///
/// Facts: no TLS, active mode can't be switched off (KB Q283679), one passive range for the whole
/// service, no advertised address, and a changed range waits for a restart.
enum IISFTPService {
    enum Generation: String, Sendable {
        case five = "IIS 5"
        case six = "IIS 6"

        var platform: String {
            self == .five ? "Windows 2000 (IIS 5)" : "Windows Server 2003 (IIS 6)"
        }
    }

    /// What a file says of the passive range.
    struct Statement: Hashable, Sendable {
        var value: String
        var sources: [SourceLine]
        /// A fault beyond the value's grammar, such as a wrong type.
        var problem: String?

        var reading: IISPassiveRange {
            if let problem { return .invalid(problem) }
            return IISPassiveRange(value)
        }
    }

    static func settings(
        _ generation: Generation, _ statement: Statement?, control: [Setting<UInt16>] = [],
        in text: ConfigText
    ) -> ServerSettings {
        let product = generation.rawValue
        var passive: ServerSettings.Passive? = .ports(IISPassiveRange.fallback)
        var origin = ServerSettings.Origin.default
        var problem: String?
        var sources = [text.absence("default of \(product)")]
        if let statement {
            switch statement.reading {
            case .unset:
                sources = statement.sources
            case .ports(let range):
                passive = .ports(range)
                origin = .set
                sources = statement.sources
            case .invalid(let why):
                passive = nil
                origin = .invalid
                problem = why
                sources = statement.sources
            }
        }
        let usual = Setting<UInt16>(21, text.absence("default of \(product)"))
        var settings = ServerSettings(
            passive: passive, passiveFrom: origin, passiveSources: sources,
            control: control.isEmpty ? [usual] : control,
            tls: Setting(.none, text.absence("\(product) has no TLS for FTP")),
            active: Setting(true, text.absence("\(product) can't switch active mode off")),
            behaviour: ServerBehaviour(
                product: product, acceptedPorts: IISPassiveRange.accepted, onePortAccepted: true,
                restartNeeded: true, fallbackRange: IISPassiveRange.fallback))
        settings.passiveProblem = problem
        return settings
    }

    static let restart = "net stop msftpsvc && net start msftpsvc"

    private static let key = #"HKLM\SYSTEM\CurrentControlSet\Services\Msftpsvc\Parameters"#
    private static let adsutil = #"cscript.exe %SystemDrive%\Inetpub\AdminScripts\adsutil.vbs"#

    static func fix(
        _ change: Change, _ generation: Generation, _ configuration: Configuration?
    ) -> Fix? {
        switch change {
        case .setPassiveRange(let range):
            guard range.lowerBound >= IISPassiveRange.accepted.lowerBound else { return nil }
            var undo = remove(generation)
            if let server = configuration?.server, server.passiveFrom == .set,
                case .ports(let before)? = server.passive
            {
                undo = set(before, generation)
            }
            return Fix(
                platform: generation.platform, commands: [set(range, generation)], undo: [undo],
                restart: [restart])
        case .refuseForeignPeers:
            let names = ["EnablePortAttack", "EnablePasvTheft"]
            return Fix(
                platform: generation.platform,
                commands: names.map { "reg add \(key) /v \($0) /t REG_DWORD /d 0 /f" },
                undo: names.map { name in
                    guard let value = number(name, configuration) else {
                        return "reg delete \(key) /v \(name) /f"
                    }
                    return "reg add \(key) /v \(name) /t REG_DWORD /d \(value) /f"
                },
                restart: [restart])
        case .restart:
            return Fix(platform: generation.platform, commands: [], restart: [restart])
        case .advertise, .requireTLS, .refuseActive, .permit, .forbid, .translate, .set:
            return nil
        }
    }

    /// A number of the service's parameters in a registry export; nil where none is set.
    private static func number(_ name: String, _ configuration: Configuration?) -> UInt32? {
        let notes = configuration?.notes ?? []
        let line = notes.last {
            $0.text.bare.lowercased().hasPrefix("\"\(name.lowercased())\"=dword:")
        }
        return line?.text.split(separator: ":").last.flatMap { UInt32($0.bare, radix: 16) }
    }

    private static func set(_ range: ClosedRange<UInt16>, _ generation: Generation) -> String {
        let value = range.count == 1 ? "\(range.lowerBound)" : PortSet(range).description
        switch generation {
        case .five: return "reg add \(key) /v PassivePortRange /t REG_SZ /d \(value) /f"
        case .six: return "\(adsutil) set /MSFTPSVC/PassivePortRange \"\(value)\""
        }
    }

    private static func remove(_ generation: Generation) -> String {
        switch generation {
        case .five: "reg delete \(key) /v PassivePortRange /f"
        case .six: "\(adsutil) delete /MSFTPSVC/PassivePortRange"
        }
    }
}
