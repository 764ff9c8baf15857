import Net

/// The ports of a rule, as Windows writes them: numbers, ranges, and words for ports that it knows.
struct WindowsPorts: Hashable {
    /// Nil: all.
    var ports: PortSet?
    /// Why some of them aren't known.
    var doubt: String?

    /// Words that stand for ports which change while Windows runs, and where these can lie.
    ///
    /// Source: MS-GPFAS 2.2.2.3, port keywords; the PowerShell names of New-NetFirewallRule.
    private static let words: [String: ClosedRange<UInt16>] = [
        "rpc": 1024...65535, "rpc-epmap": 135...135, "rpcepmap": 135...135,
        "iphttps": 0...65535, "iphttpsin": 0...65535, "iphttpsout": 0...65535,
        "iptlsin": 0...65535, "iptlsout": 0...65535, "teredo": 0...65535,
        "ply2disc": 0...65535, "playtodiscovery": 0...65535, "mdns": 0...65535,
        "dhcp": 0...65535, "cortanaout": 0...65535, "tcpcdpsvc": 0...65535,
    ]
    /// The endpoint mapper's is always the same.
    private static let exact: Set<String> = ["rpc-epmap", "rpcepmap"]

    /// Reads `any`, or ports, ranges and words parted by commas or semicolons; nil where it is
    /// none of these.
    init?(_ text: String) {
        let parts = text.split { $0 == "," || $0 == ";" }.map { $0.bare.lowercased() }
            .filter { !$0.isEmpty }
        guard !parts.isEmpty else { return nil }
        var ranges: [ClosedRange<UInt16>] = []
        var isAll = false
        for part in parts {
            if ["any", "*", "0-65535", "1-65535"].contains(part) {
                isAll = true
                continue
            }
            if !part.contains(where: \.isWhitespace), let ports = PortSet(part) {
                ranges += ports.ranges
                continue
            }
            guard let known = Self.words[part] else { return nil }
            if !Self.exact.contains(part) {
                doubt = "for \(text.excerpt), whose ports aren't known"
            }
            ranges.append(known)
        }
        if isAll { doubt = nil }
        ports = isAll || ranges.contains(0...65535) ? nil : PortSet(ranges)
    }
}
