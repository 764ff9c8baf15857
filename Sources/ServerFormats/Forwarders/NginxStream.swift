import Net
public import Policy
public import PolicyText

/// The `stream` block of `nginx.conf`: what it listens at, and where it hands connections on.
///
/// Sources: nginx, modules `ngx_stream_core_module`, `ngx_stream_proxy_module`,
/// `ngx_stream_upstream_module`, `ngx_stream_map_module`, `ngx_stream_access_module`.
public enum NginxStream: ConfigFormat {
    public static let name = "nginx-stream"
    public static let platform = "nginx (stream)"

    public static func recognise(_ text: ConfigText) -> Recognition {
        guard text.mentions("listen"), text.mentions("proxy_pass"),
            let tree = try? NginxDirective.parse(text.whole)
        else { return .no }
        if tree.contains(where: { $0.name == "stream" && $0.block != nil }) { return .certain }
        return isFragment(tree) ? .certain : .no
    }

    /// Whether the text is what another file includes within `stream`.
    static func isFragment(_ tree: [NginxDirective]) -> Bool {
        !tree.contains { ["http", "events", "stream", "mail"].contains($0.name) }
            && tree.contains { server in
                server.name == "server"
                    && (server.block ?? []).contains {
                        $0.name == "proxy_pass" && !$0.words.dropFirst().joined().contains("://")
                    }
            }
    }

    public static func read(_ text: ConfigText) -> Configuration {
        do throws(NginxDirective.Fault) {
            var reader = NginxStreamReader(text)
            return reader.read(try NginxDirective.parse(text.whole))
        } catch {
            let fault = JSONWithLines.Fault(line: error.line, why: error.why)
            return ElementNotes.broken(text, fault, format: name)
        }
    }

    public static func fix(_ change: Change, _ configuration: Configuration?) -> Fix? {
        let ports: PortSet
        let inside: IPAddress?
        switch change {
        case .permit(let wanted, let address): (ports, inside) = (wanted, address)
        case .translate(let wanted, outside: _, let address): (ports, inside) = (wanted, address)
        default: return nil
        }
        guard let inside else { return nil }
        let listens = ports.ranges.map { range in
            "        listen " + (range.count == 1 ? "" : "\(range.lowerBound)-")
                + "\(range.upperBound);"
        }
        let host = inside.family == .v4 ? "\(inside)" : "[\(inside)]"
        let block =
            ["    server {"] + listens + ["        proxy_pass \(host):$server_port;", "    }"]
        return Fix(
            platform: platform, commands: ["# within stream { }"] + block,
            undo: ["# take this block out"] + block.map { "#" + $0 },
            restart: ["nginx -t && systemctl reload nginx"])
    }
}
