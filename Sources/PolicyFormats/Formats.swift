import HostFormats
import NetworkFormats
public import Policy
public import PolicyText
import ServerFormats
import WindowsFormats

/// The registry of formats: one line each.
public enum Formats {
    public static let all: [any ConfigFormat.Type] = [
        VsftpdConf.self,
        ProFTPD.self,
        PureFTPd.self,
        PureFTPdFolder.self,
        PureFTPdCommand.self,
        FileZilla09.self,
        FileZilla1.self,
        IIS7ApplicationHost.self,
        IIS7Appcmd.self,
        IIS7PowerShell.self,
        PyFTPdLib.self,
        PyFTPdLibCommand.self,
        WindowsDynamicPort.self,
        WuFTPd.self,
        GlFTPd.self,
        CrushFTP.self,
        AWSTransfer.self,
        VsftpdCommand.self,
        FTPContainer.self,
        DockerPorts.self,
        HAProxy.self,
        NginxStream.self,
        KubernetesService.self,
        IIS5Registry.self,
        IIS6Adsutil.self,
        IIS6Metabase.self,
        NetshFirewallScript.self,
        NetshFirewallShow.self,
        NetshAdvancedFirewallShow.self,
        WindowsFirewallRegistry.self,
        NetFirewallRule.self,
        CiscoIOS.self,
        CiscoIOSShow.self,
        CiscoASA.self,
        CiscoASAShow.self,
        PFConf.self,
        PfSense.self,
        Junos.self,
        FortiOS.self,
        PANOS.self,
        RouterOS.self,
        IPSetSave.self,
        IPTablesSave.self,
        AWSSecurityGroups.self,
        AWSNetworkACLs.self,
        AzureNSG.self,
        GCPFirewall.self,
        Ufw.self,
        UfwStatus.self,
        Firewalld.self,
        FirewallCmd.self,
        Nftables.self,
        NftablesJSON.self,
    ]

    /// Why a file could not be taken.
    public enum Refusal: Error, Hashable, Sendable {
        /// `--as` names no format; holds the names that exist.
        case unknownName(String, known: [String])
        case notRecognised(file: String)
        /// Several formats claim it with the same certainty.
        case ambiguous(file: String, formats: [String])
        /// Not one line says anything in the format that it is said to be.
        case notUnderstood(file: String, format: String)
        /// Several files, of which one is a whole device or server of its own.
        case notTogether(file: String, format: String)
    }

    /// The format of that name.
    public static func named(_ name: String) -> (any ConfigFormat.Type)? {
        all.first { $0.name == name }
    }

    /// Reads a file by the format that it is said to be, else by the one that recognises it best.
    public static func read(
        file: String, bytes: [UInt8], as name: String? = nil
    ) throws(Refusal) -> Configuration {
        let text = ConfigText(file: file, bytes: bytes)
        if let format = try named(strictly: name) {
            return try understood(format.read(text), [text])
        }
        return try understood(recognised(text).read(text), [text])
    }

    /// The format that recognises a text best: of a long one it first looks at a sample.
    private static func recognised(_ text: ConfigText) throws(Refusal) -> any ConfigFormat.Type {
        if let sample = text.sample {
            let certain = all.filter { $0.recognise(sample) == .certain }
            if certain.count == 1, let winner = certain.first { return winner }
        }
        let claims = all.map { (format: $0, sure: $0.recognise(text)) }.filter { $0.sure > .no }
        guard let best = claims.map(\.sure).max() else { throw .notRecognised(file: text.file) }
        let winners = claims.filter { $0.sure == best }
        guard winners.count == 1, let winner = winners.first else {
            throw .ambiguous(file: text.file, formats: winners.map { $0.format.name })
        }
        return winner.format
    }

    /// Reads several files that make one device together: a rule set with the sets that it names.
    ///
    /// Files that tell of the host alone are read beside those of its server.
    /// The first file of a format that stands by itself is the device or server, one that includes
    /// others before all; the others are read with it.
    public static func read(
        together files: [(file: String, bytes: [UInt8])], as name: String? = nil
    ) throws(Refusal) -> Configuration {
        guard let first = files.first else { throw .notRecognised(file: "") }
        guard files.count > 1 else {
            return try read(file: first.file, bytes: first.bytes, as: name)
        }
        let texts = files.map { ConfigText(file: $0.file, bytes: $0.bytes) }
        let ofHost = texts.indices.filter { HostFacts.recognise(texts[$0]) }
        if !ofHost.isEmpty, ofHost.count < texts.count {
            let others = files.indices.filter { !ofHost.contains($0) }.map { files[$0] }
            var configuration = try read(together: others, as: name)
            if configuration.server != nil {
                HostFacts(ofHost.map { texts[$0] }).add(to: &configuration)
            }
            return configuration
        }
        if let joint = JointFormats.format(of: texts, as: name) {
            return try understood(joint.read(together: texts), texts)
        }
        if name == nil, let refusal = JointFormats.refusal(of: texts) { throw refusal }
        let asked = try named(strictly: name)
        for index in texts.indices.sorted(by: { rank(texts[$0]) < rank(texts[$1]) })
        where !isCompanion(texts[index]) {
            guard let format = asked ?? (try? recognised(texts[index])) else { continue }
            let others = texts.indices.filter { $0 != index }.map { texts[$0] }
            guard format.joinsFiles else {
                throw .notTogether(file: texts[index].file, format: format.name)
            }
            return try read(texts[index], with: others, as: format)
        }
        return try read(file: first.file, bytes: first.bytes, as: name)
    }

    /// Reads a file with others; one among them that it doesn't include, and that is certain to be
    /// a configuration, is another device or server.
    ///
    /// Of a server's own format another file may lie beside unused: an older one, a sample.
    private static func read(
        _ text: ConfigText, with others: [ConfigText], as format: any ConfigFormat.Type
    ) throws(Refusal) -> Configuration {
        let unused = others.filter { !format.includes($0, in: [text] + others) }
        var configuration = try understood(format.read(text, with: others), [text] + others)
        for other in unused {
            let claims = all.filter { $0.recognise(other) == .certain }
            let isOld = configuration.device == nil && claims.contains { $0.name == format.name }
            if let claim = claims.first, !isOld {
                throw .notTogether(file: other.file, format: claim.name)
            }
        }
        configuration.unused = unused.map(\.file)
        return configuration
    }

    /// What has its format's usual name stands above the others, and what includes others above
    /// these.
    private static func rank(_ text: ConfigText) -> Int {
        let name = text.file.split(separator: "/").last.map(String.init) ?? text.file
        if all.contains(where: { $0.usualName == name }) { return 0 }
        return text.mentions("include") ? 1 : 2
    }

    /// The format that the user names, where one is named.
    private static func named(
        strictly name: String?
    ) throws(Refusal) -> (any ConfigFormat.Type)? {
        guard let name else { return nil }
        guard let format = named(name) else {
            throw .unknownName(name, known: all.map { $0.name })
        }
        return format
    }

    /// A firewall's file of which no line was understood says nothing, and nothing is no
    /// permission; but one that would not load says so itself.
    private static func understood(
        _ configuration: Configuration, _ texts: [ConfigText]
    ) throws(Refusal) -> Configuration {
        if texts.allSatisfy({ $0.lines.allSatisfy { $0.trimmingBlanks.isEmpty } }) {
            return empty(configuration)
        }
        let notes = configuration.notes
        let refused =
            configuration.device?.stages.contains { stage in
                if case .unknown = stage.ending.value { true } else { false }
            } ?? false
        guard configuration.device != nil, !refused, !notes.contains(where: { $0.state == .used }),
            notes.contains(where: { $0.state == .invalid || $0.state == .notRecognised })
        else { return configuration }
        throw .notUnderstood(file: configuration.file, format: configuration.format)
    }

    /// What a device of an empty file does is unknown, in every format: more often an export failed
    /// than a device has no line.
    private static func empty(_ configuration: Configuration) -> Configuration {
        guard let device = configuration.device else { return configuration }
        let why = "the file is empty"
        let source = SourceLine(file: configuration.file, line: nil, text: why)
        var configuration = configuration
        configuration.device = Device(
            usualPlace: device.usualPlace,
            stages: [Stage(.filter, chain: "", ending: Setting(.unknown(why), source))])
        return configuration
    }

    /// Whether a file says nothing without another.
    private static func isCompanion(_ text: ConfigText) -> Bool {
        IPSetSave.recognise(text) == .certain
    }

    /// Gives the commands for changes on the platform that the configuration came from; nil where
    /// it has none for one.
    public static func fixer(_ configuration: Configuration) -> (Change) -> Fix? {
        named(configuration.format)?.fixer(configuration) ?? { _ in nil }
    }
}
