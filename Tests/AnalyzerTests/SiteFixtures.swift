@testable import FTP
import Net
import Policy
import PolicyFormats

@testable import Analyzer

/// Sites out of small configuration files, as users have them.
extension Made {
    /// A server whose `vsftpd.conf` is this, behind devices of these files.
    static func site(
        vsftpd lines: String, path: [String] = [], _ edit: (inout SiteServer) -> Void = { _ in }
    ) throws -> Site {
        var site = try site(nil, path: path, edit)
        let configuration = try read("vsftpd.conf", lines, as: "vsftpd")
        site.servers[0].configuration = configuration
        site.servers[0].control = configuration.server?.control.map(\.value) ?? [21]
        return site
    }

    /// A server of a stated range, behind devices of these files.
    static func site(
        _ range: String?, path: [String], _ edit: (inout SiteServer) -> Void = { _ in }
    ) throws -> Site {
        var site = site(range) { edit(&$0) }
        site.hops = try path.enumerated().map { number, text in
            let configuration = try read("hop\(number).cfg", text, as: nil)
            return Hop(
                name: "hop\(number)", configuration: configuration,
                place: configuration.device?.usualPlace ?? .through, source: line)
        }
        return site
    }

    static func read(_ file: String, _ text: String, as name: String?) throws -> Configuration {
        try Formats.read(file: file, bytes: Array((text + "\n").utf8), as: name)
    }

    /// A router that lets list 100 in and carries ports inside.
    static func router(_ list: [String], _ more: [String] = []) -> String {
        ([
            "version 12.4", "interface FastEthernet0/0", " ip address 203.0.113.2 255.255.255.0",
            " ip access-group 100 in", " ip nat outside", "interface FastEthernet0/1",
            " ip address 10.1.1.1 255.255.255.0", " ip nat inside", "!",
        ] + more + list.map { "access-list 100 \($0)" } + ["end"]).joined(separator: "\n")
    }

    /// A host firewall with the kernel's FTP helper on port 21.
    static let helper = """
        *raw
        :PREROUTING ACCEPT [0:0]
        -A PREROUTING -p tcp -m tcp --dport 21 -j CT --helper ftp
        COMMIT
        *filter
        :INPUT DROP [0:0]
        -A INPUT -m conntrack --ctstate ESTABLISHED -j ACCEPT
        -A INPUT -p tcp -m conntrack --ctstate RELATED -m helper --helper ftp -j ACCEPT
        -A INPUT -p tcp -m tcp --dport 21 -j ACCEPT
        COMMIT
        """

    /// A session under TLS, in which one connection to port 50005 came to this.
    static func encrypted(_ outcome: DataChannel.Outcome?) -> SessionRecord {
        session { record in
            record.encryption = .init(from: frame(5), command: "AUTH TLS")
            record.hiddenData = [outcome].compactMap(\.self).map {
                HiddenConnection(
                    client: Endpoint(client, 50001), server: Endpoint(server, 50005),
                    first: frame(9), last: frame(10), attempts: 1, outcome: $0, bytesToClient: 0,
                    bytesToServer: 0)
            }
        }
    }

    /// A PORT of this endpoint, answered so.
    static func port(
        _ endpoint: String, reply: Int?, _ outcome: DataChannel.Outcome = .unused
    ) -> SessionRecord {
        var channel = DataChannel(announcedBy: .port, frame: frame(10))
        channel.command = "PORT"
        channel.advertised = Endpoint(endpoint)
        channel.outcome = outcome
        channel.reply = reply
        if outcome != .unused { channel.dataFrame = frame(11) }
        return session([channel])
    }
}
