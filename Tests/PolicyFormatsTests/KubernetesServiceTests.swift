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
            metadata:
              labels: {app: ftp}
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
        #expect(try read.ports(.unknown, node) == "80,30000-32767")
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

    private let balancer = "  type: LoadBalancer\n  allocateLoadBalancerNodePorts: false\n"

    @Test(arguments: [
        ("", "---\napiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\nspec: {}\n"),
        ("", "---\napiVersion: projectcalico.org/v3\nkind: GlobalNetworkPolicy\nspec: {}\n"),
        (
            "",
            "---\napiVersion: policy.networking.k8s.io/v1alpha1\nkind: AdminNetworkPolicy\nspec: {}\n"
        ),
        ("", "---\napiVersion: example.org/v1\nkind: Nonsense\nspec: {}\n"),
        ("  nonsense: 1\n", ""), ("  - {port: 22, protocol: tcp}\n", ""),
        ("  - {port: 22, nodePort: 99999}\n", ""), ("  - {port: 70000}\n", ""),
        ("  - {port: 22, nonsense: 1}\n", ""),
    ])
    func `what isn't known of a service or beside it is no permission`(
        line: String, rest: String
    ) throws {
        let read = service("\(balancer)  ports:\n  - {port: 21}\n\(line)", rest)
        #expect(try read.reach(node, ports: "21").segments.map(\.verdict) == [.unknown])
        #expect(
            read.configuration.notes.contains {
                [.notModelled, .notRecognised, .invalid].contains($0.state)
            })
    }

    private func annotated(_ annotation: String) -> FirewallVerdicts {
        read(
            "apiVersion: v1\nkind: Service\nmetadata:\n  name: ftp\n  annotations:\n    \(annotation)\nspec:\n\(balancer)  ports: [{port: 21}]\n"
        )
    }

    @Test func `annotations say whom a load balancer lets in`() throws {
        let ranges = annotated(
            "service.beta.kubernetes.io/load-balancer-source-ranges: 198.51.100.0/24")
        #expect(try ranges.ports(node) == "21")
        #expect(try ranges.ports(.unknown, node, from: "192.0.2.1") == "21")
        let strange = annotated("example.org/allowed: 10.0.0.0/8")
        #expect(try strange.ports(.unknown, node) == "21")
        #expect(strange.state(6) == .notRecognised)
        #expect(try annotated("prometheus.io/scrape: \"true\"").ports(node) == "21")
    }

    @Test func `a load balancer has ports of the nodes that are chosen when it is made`() throws {
        let read = service("  type: LoadBalancer\n  ports: [{port: 21}]\n")
        #expect(try read.ports(node) == "21")
        #expect(try read.ports(.unknown, node) == "30000-32767")
    }

    @Test func `a port's name is that of the pods that the service selects`() throws {
        func pod(_ label: String) -> String {
            "---\napiVersion: v1\nkind: Pod\nmetadata: {labels: {app: \(label)}}\nspec: {containers: [{ports: [{name: control, containerPort: 2121}]}]}\n"
        }
        let spec = "\(balancer)  ports: [{port: 21, targetPort: control}]\n"
        #expect(try service(spec, pod("web")).ports(.unknown, node) == "21")
        #expect(try service(spec, pod("web") + pod("ftp")).delivered(node, 21) == "\(node):2121")
    }

    @Test func `a port of another pod, or one that a policy may shut, is no way to the server`()
        throws
    {
        func pod(_ label: String) -> String {
            "---\napiVersion: v1\nkind: Pod\nmetadata: {labels: {app: \(label)}}\nspec: {containers: [{ports: [{containerPort: 9100, hostPort: 9100}]}]}\n"
        }
        let policy =
            "---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nspec: {podSelector: {}}\n"
        let spec = "  ports: [{port: 21}]\n"
        #expect(try service(spec, pod("ftp")).ports(node) == "9100")
        #expect(try service(spec, pod("web")).ports(.unknown, node) == "9100")
        #expect(try service(spec, pod("ftp") + policy).ports(.unknown, node) == "9100")
    }

    @Test func `a merge is named as what isn't read`() throws {
        let read = read(
            "apiVersion: v1\nkind: Service\nx-base: &p {type: NodePort, ports: [{port: 21, nodePort: 30021}]}\nspec:\n  <<: *p\n"
        )
        #expect(try read.ports(.unknown, node) == "1-65535")
        #expect(read.configuration.notes.contains { $0.why.contains("merges (<<) aren't read") })
    }

    @Test func `a pod may take a port of its node itself`() throws {
        let read = service(
            "  ports: [{port: 21}]\n",
            "---\napiVersion: v1\nkind: Pod\nmetadata: {labels: {app: ftp}}\nspec:\n  containers:\n  - ports: [{containerPort: 2121, hostPort: 21}]\n"
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

    @Test func `services and the pods of an FTP server in one file say both`() throws {
        let container = """
                    - name: ftp
                      image: fauria/vsftpd
                      env:
                        - name: PASV_MIN_PORT
                          value: "30100"
                        - name: PASV_MAX_PORT
                          value: "30100"
                        - name: FTP_PASS
                          valueFrom:
                            secretKeyRef: {name: ftp, key: password}
            """
        let text = Self.node.replacing(
            "        - name: ftp\n          ports", with: container + "\n          ports")
        let read = try Formats.read(file: "ftp.yaml", bytes: Array(text.utf8))
        #expect(read.format == "ftp-container")
        #expect(read.server?.passive == .ports(30100...30100))
        let asked = FirewallVerdicts(FTPContainer.self, text)
        #expect(try asked.ports(node) == "30021,30100")
        #expect(read.notes.filter { $0.state == .notRecognised }.isEmpty)
    }

    @Test(arguments: [
        "envFrom:\n  - configMapRef: {name: ftp}", "env_file: ftp.env",
        "env: [{name: PASV_MIN_PORT, value: '1'}]",
    ])
    func `variables from elsewhere may set the range`(_ variables: String) throws {
        let lines = variables.replacing("\n", with: "\n    ")
        let text = "services:\n  ftp:\n    image: fauria/vsftpd\n    \(lines)\n"
        let read = try Formats.read(file: "c.yml", bytes: Array(text.utf8), as: "ftp-container")
        #expect(read.server?.passiveFrom == .unknown)
    }
}
