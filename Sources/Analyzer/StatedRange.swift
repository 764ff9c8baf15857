import Net
import Policy

extension SiteServer {
    /// A sentence where the passive range that the site states is not the one that the server's own
    /// configuration makes; nil where they agree, or only one of them is known.
    var dissent: String? {
        guard let stated = statedPassive, let settings = configuration?.server else { return nil }
        let own: String
        var source = settings.passiveSources.first
        if let off = settings.passiveDisabled, off.value {
            own = "switches passive mode off"
            source = off.source
        } else {
            switch settings.passive {
            case .ports(let range) where PortSet(range) == stated.value: return nil
            case .ports(let range): own = "has the server offer \(PortSet(range))"
            case .osDynamic: own = "leaves the ports to the host"
            case nil: return nil
            }
        }
        let line = source?.line.map { ":\($0)" } ?? ""
        let place = source.map { " (\($0.file)\(line))" } ?? ""
        return """
            The site states passive ports \(stated.value.brief) for \(name) (\(stated.source.file):\
            \(stated.source.line ?? 0)), and its configuration \(own)\(place): what is stated was audited.
            """
    }
}
