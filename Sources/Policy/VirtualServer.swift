public import Net

/// A server that the same program runs beside its main one, at addresses of its own.
public struct VirtualServer: Hashable, Sendable {
    public var addresses: [IPAddress]
    public var settings: ServerSettings
    /// The line that opens what the file says of it.
    public var source: SourceLine

    public init(addresses: [IPAddress], settings: ServerSettings, source: SourceLine) {
        self.addresses = addresses
        self.settings = settings
        self.source = source
    }
}

extension Configuration {
    /// The configuration as it holds for a server at these addresses: that of the one virtual
    /// server that answers there, at one of these control ports where some are stated.
    public func serving(_ addresses: [IPAddress], control: [UInt16]) -> Configuration {
        let found = virtualServers.filter { host in
            let ports = host.settings.control.map(\.value)
            return host.addresses.contains(where: addresses.contains)
                && (control.isEmpty || !Set(ports).isDisjoint(with: control))
        }
        guard found.count == 1 else { return self }
        var settings = found[0].settings
        // What the host says holds for all that run on it.
        settings.dynamicPorts = server?.dynamicPorts
        settings.hostPassive = server?.hostPassive
        settings.helperModule = server?.helperModule
        var other = self
        other.server = settings
        other.virtualSource = found[0].source
        return other
    }
}
