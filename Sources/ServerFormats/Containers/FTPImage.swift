import Policy
import PolicyText

/// An image of an FTP server that takes its range from the environment.
struct FTPImage: Hashable {
    enum Product { case vsftpd, pureFTPd }

    /// Without registry and tag: `fauria/vsftpd`.
    var name: String
    var product: Product
    /// Variables of the range's ends, or one of both.
    var low: String
    var high: String
    /// As the variables hold it where nobody sets them.
    var usual: ClosedRange<UInt16>
    /// The variable of the announced address.
    var address: String

    /// Facts: the images' own start scripts.
    static let known: [FTPImage] = [
        FTPImage(
            name: "fauria/vsftpd", product: .vsftpd, low: "PASV_MIN_PORT", high: "PASV_MAX_PORT",
            usual: 21100...21110, address: "PASV_ADDRESS"),
        FTPImage(
            name: "delfer/alpine-ftp-server", product: .vsftpd, low: "MIN_PORT",
            high: "MAX_PORT", usual: 21000...21010, address: "ADDRESS"),
        FTPImage(
            name: "stilliard/pure-ftpd", product: .pureFTPd, low: "FTP_PASSIVE_PORTS",
            high: "FTP_PASSIVE_PORTS", usual: 30000...30009, address: "PUBLICHOST"),
    ]

    /// Image of that reference, whatever its registry and tag.
    static func named(_ reference: String) -> FTPImage? {
        let plain = bare(reference)
        return known.first { plain == $0.name || plain.hasSuffix("/\($0.name)") }
    }

    private static func bare(_ reference: String) -> String {
        var plain = reference.lowercased().split(separator: "@").first.map { String($0) } ?? ""
        if let colon = plain.lastIndex(of: ":"),
            plain.lastIndex(of: "/").map({ $0 < colon }) ?? true
        {
            plain = String(plain[..<colon])
        }
        return plain
    }

    /// Whether the name tells of an FTP server.
    static func isFTP(_ reference: String) -> Bool {
        let plain = bare(reference)
        if named(reference) != nil { return true }
        let words = plain.split { "/-_.".contains($0) }
        return words.contains {
            ["ftp", "ftpd", "vsftpd", "proftpd", "ftps", "pureftpd", "pyftpdlib"].contains($0)
        }
    }

    var behaviour: ServerBehaviour {
        switch product {
        case .pureFTPd: PureFTPdReading.behaviour
        case .vsftpd:
            ServerBehaviour(
                product: "vsftpd", acceptedPorts: 1024...65535, onePortAccepted: true,
                leavesRangeWhenFull: false, restartNeeded: true)
        }
    }
}
