import ArgumentParser
import Policy
import SiteFile

/// One device of configuration files, and where it stands: the same for `audit` and `reach`.
struct DeviceOptions: ParsableArguments {
    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp(
            "The firewall's configuration; several files are one device.", valueName: "file"))
    var firewall: [String] = []
    @Option(name: .customLong("as"), help: "The format that the firewall's files are in.")
    var format: String?
    @Flag(help: "The firewall runs on the destination itself.") var onHost = false
    @Flag(help: "The firewall stands between clients and the destination.") var through = false
    @Option(help: "The interface by which packets enter.") var entering: String?
    @Option(help: "The interface by which packets leave.") var leaving: String?
    @Option(help: "The list, group or chain that is in force, where the file holds several.")
    var select: String?

    /// The first option that says something, by its name.
    var stated: String? {
        let options = [
            ("--firewall", !firewall.isEmpty), ("--as", format != nil), ("--on-host", onHost),
            ("--through", through), ("--entering", entering != nil), ("--leaving", leaving != nil),
            ("--select", select != nil),
        ]
        return options.first(where: \.1)?.0
    }

    /// Reads the files as one device.
    ///
    /// - Parameters:
    ///   - loader: Reads them, and remembers them for the report.
    ///   - name: What decisions call the device; empty for a lone one.
    /// - Returns: The device at its place.
    /// - Throws: `Failure` where a file can't be read or says nothing of a firewall, or where it has
    ///   no such interface.
    func hop(_ loader: PolicyLoader, name: String) throws(Failure) -> Hop {
        let configuration: Configuration
        do {
            configuration = try loader.load(together: firewall, as: format)
        } catch {
            throw .unusable(error.reason)
        }
        guard let device = configuration.device else {
            throw .unusable("\(configuration.file): it says nothing of a firewall")
        }
        for side in [entering, leaving].compactMap(\.self) {
            if let why = device.lacks(interface: side) {
                throw .unusable("\(configuration.file): \(why)")
            }
        }
        return Hop(
            name: name, configuration: configuration,
            place: onHost ? .host : through ? .through : device.usualPlace, outside: entering,
            inside: leaving, select: select,
            source: .argument("--firewall \(firewall.joined(separator: " "))"))
    }

    func validate() throws {
        guard !(onHost && through) else {
            throw ValidationError("--on-host and --through exclude each other")
        }
    }
}
