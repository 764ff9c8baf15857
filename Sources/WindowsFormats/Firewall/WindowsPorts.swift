import Net
import PolicyText

/// The ports of a rule, as Windows writes them: numbers, ranges, and words for ports that it knows.
struct WindowsPorts: Hashable {
    /// Nil: all.
    var ports: PortSet?
    /// Why some of them aren't known.
    var doubt: String?

    /// Words that stand for ports which change while Windows runs, or that an administrator sets
    /// (those of RPC may be any): each of all ports may be meant.
    ///
    /// Source: MS-GPFAS 2.2.2.3, port keywords; the PowerShell names of New-NetFirewallRule.
    private static let changing: Set<String> = [
        "rpc", "iphttps", "iphttpsin", "iphttpsout", "iptlsin", "iptlsout", "teredo", "ply2disc",
        "playtodiscovery", "mdns", "dhcp", "cortanaout", "tcpcdpsvc",
    ]
    /// The endpoint mapper, whose port is always the same.
    private static let mapper: Set<String> = ["rpc-epmap", "rpcepmap"]

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
            if Self.mapper.contains(part) {
                ranges.append(135...135)
            } else {
                guard Self.changing.contains(part) else { return nil }
                doubt = "for \(text.excerpt), whose ports aren't known"
            }
        }
        if isAll { doubt = nil }
        ports = isAll || doubt != nil ? nil : PortSet(ranges)
    }
}
