import Net
public import Policy
public import PolicyText

/// Services of Kubernetes: manifests (YAML, several in a file) and what `kubectl get svc -o yaml`
/// or `-o json` prints.
///
/// A node takes `nodePort` at all its addresses, a load balancer and `externalIPs` take `port`;
/// each goes on to `targetPort` of one of the pods. Nothing is handed on that isn't listed, port by
/// port. Source: Kubernetes, "Service"; API reference, `ServiceSpec`.
public enum KubernetesService: ConfigFormat {
    public static let name = "kubernetes-service"
    public static let platform = "Kubernetes (Service)"

    public static func recognise(_ text: ConfigText) -> Recognition {
        // With the FTP server's pods, it is an `ftp-container` that says both.
        guard holdsServices(text), FTPContainer.recognise(text) == .no else { return .no }
        return .certain
    }

    static func holdsServices(_ text: ConfigText) -> Bool {
        guard text.mentions("apiVersion"), text.mentions("Service"),
            let documents = try? StructuredText.documents(text)
        else { return false }
        return objects(documents).contains { $0["kind"]?.string == "Service" }
    }

    /// The objects of the documents, those of lists too.
    static func objects(_ documents: [JSONWithLines]) -> [JSONWithLines] {
        documents.flatMap { document -> [JSONWithLines] in
            guard document["apiVersion"] != nil else { return [] }
            return document["items"]?.array ?? [document]
        }
    }

    public static func read(_ text: ConfigText) -> Configuration {
        do throws(JSONWithLines.Fault) {
            var reader = KubernetesReader(text)
            return reader.read(objects(try StructuredText.documents(text)))
        } catch {
            return ElementNotes.broken(text, error, format: name)
        }
    }

    /// A service has no ranges: entries beyond this are not written.
    private static let mostEntries = 256

    public static func fix(_ change: Change, _ configuration: Configuration?) -> Fix? {
        let ports: PortSet
        switch change {
        case .permit(let wanted, to: _): ports = wanted
        case .translate(let wanted, outside: _, inside: _): ports = wanted
        default: return nil
        }
        guard ports.count <= mostEntries else { return nil }
        let entries = ports.ports.map {
            "- {name: ftp-\($0), port: \($0), targetPort: \($0), protocol: TCP}"
        }
        return Fix(
            platform: platform,
            commands: [
                "# below `ports:` of the service; of a NodePort, each with the nodePort that the server announces"
            ] + entries,
            undo: ["# take these entries out"] + entries.map { "#" + $0 },
            restart: ["kubectl apply -f service.yaml"])
    }
}
