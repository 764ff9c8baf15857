import Net
import Policy
import Testing

@testable import PolicyFormats

@Suite struct KubernetesServiceTests {
    private let node = "203.0.113.5"

    private func read(_ text: String) -> FirewallVerdicts {
        FirewallVerdicts(KubernetesService.self, text)
    }

    private func service(_ spec: String, _ rest: String = "") -> FirewallVerdicts {
        read(
            "apiVersion: v1\nkind: Service\nmetadata:\n  name: ftp\nspec:\n  selector: {app: ftp}\n\(spec)\(rest)"
        )
    }

    static let node = """
        apiVersion: v1
        kind: Service
        metadata:
          name: ftp
        spec:
          type: NodePort
          externalTrafficPolicy: Local
          selector:
            app: ftp
          ports:
            - name: control
              port: 21
              targetPort: control
              nodePort: 30021
            - name: data-0
              port: 30100
              nodePort: 30100
        ---
        apiVersion: apps/v1
        kind: Deployment
        spec:
          template:
            spec:
              containers:
                - name: ftp
                  ports:
                    - name: control
                      containerPort: 2121
        """

    @Test func `a node's ports go to the pods'`() throws {
        let config = try Formats.read(file: "ftp.yaml", bytes: Array(Self.node.utf8))
        #expect(config.format == "kubernetes-service")
        let read = read(Self.node)
        #expect(try read.ports(node) == "30021,30100")
        #expect(try read.ports(.unknown, node) == "")
        #expect(try read.delivered(node, 30021) == "\(node):2121")
        #expect(try read.delivered(node, 30100) == node)
        #expect(read.configuration.device?.hidesClients == false)
        #expect(
            read.configuration.notes.allSatisfy { $0.state == .used || $0.state == .irrelevant })
        #expect(try read.lines(node, 30021).contains(14))
    }

    @Test func `a load balancer takes the port at its address, from whom it may`() throws {
        let read = service(
            "  type: LoadBalancer\n  loadBalancerSourceRanges: [198.51.100.0/24]\n  ports:\n  - {port: 21, targetPort: 2121, nodePort: 31021}\n",
            "status:\n  loadBalancer:\n    ingress:\n    - ip: 203.0.113.80\n")
        #expect(try read.ports("203.0.113.80") == "21,31021")
        #expect(try read.ports(.permitted, "203.0.113.80", from: "192.0.2.1") == "31021")
        #expect(try read.ports(node) == "31021")
        #expect(read.configuration.device?.hidesClients == true)
    }

    @Test func `reads what kubectl prints as JSON`() throws {
        let text = """
            {"apiVersion": "v1", "kind": "List", "items": [
              {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "ftp"},
               "spec": {"type": "NodePort", "clusterIP": "10.96.0.5",
                        "ports": [{"port": 21, "protocol": "TCP", "targetPort": 21,
                                   "nodePort": 30021},
                                  {"port": 69, "protocol": "UDP", "nodePort": 30069}]}}]}
            """
        #expect(KubernetesService.recognise(ConfigText(file: "svc.json", text)) == .certain)
        #expect(try read(text).ports(node) == "30021")
        #expect(try read(text).ports("10.96.0.5") == "21,30021")
    }

    @Test func `a service of the cluster alone is reached at its own address`() throws {
        #expect(
            try service("  clusterIP: 10.96.0.5\n  ports: [{port: 21}]\n").ports(node) == "")
        #expect(
            try service("  externalIPs: [203.0.113.5]\n  ports: [{port: 21}]\n").ports(node)
                == "21")
    }

    @Test func `ports of other pods are no way to the server`() throws {
        let read = service(
            "  type: LoadBalancer\n  ports: [{port: 21}]\n",
            "---\napiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec:\n  type: LoadBalancer\n  selector: {app: web}\n  ports: [{port: 80}]\n"
        )
        #expect(try read.ports(node) == "21")
        #expect(try read.ports(.unknown, node) == "80")
    }

    @Test(arguments: [
        ("  type: NodePort\n  ports: [{port: 21}]\n", 30500),
        ("  type: LoadBalancer\n  ports: [{port: 21, targetPort: nowhere}]\n", 21),
        (
            "  type: LoadBalancer\n  loadBalancerSourceRanges: [x]\n  ports: [{port: 21}]\n", 21
        ),
        (
            "  type: LoadBalancer\n  ports: [{port: 21}]\n---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nspec: {}\n",
            21
        ),
        (
            "  ports: [{port: 21}]\n---\napiVersion: v1\nkind: Pod\nspec:\n  hostNetwork: true\n  containers: []\n",
            22
        ),
    ])
    func `what isn't known is unknown, never open`(spec: String, port: Int) throws {
        let segments = try service(spec).reach(node, ports: "\(port)").segments
        #expect(segments.map(\.verdict) == [.unknown])
    }

    @Test func `a pod may take a port of its node itself`() throws {
        let read = service(
            "  ports: [{port: 21}]\n",
            "---\napiVersion: v1\nkind: Pod\nspec:\n  containers:\n  - ports: [{containerPort: 2121, hostPort: 21}]\n"
        )
        #expect(try read.ports(node) == "21")
        #expect(try read.delivered(node, 21) == "\(node):2121")
    }

    @Test func `what it writes is read as meant`() throws {
        let before = "  type: LoadBalancer\n  ports:\n  - port: 21\n"
        let fix = KubernetesService.fix(
            .permit(try #require(PortSet("5000-5002")), to: try #require(IPAddress(node))),
            service(before).configuration)
        let entries = try #require(fix).commands.filter { !$0.hasPrefix("#") }
            .map { "  \($0)\n" }.joined()
        #expect(try service(before + entries).ports(node) == "21,5000-5002")
    }

    @Test func `no broken text makes it stumble`() {
        FirewallVerdicts.batter(KubernetesService.self, Self.node, step: 7)
    }
}
