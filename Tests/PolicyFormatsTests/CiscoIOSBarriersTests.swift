import Net
import Policy
import PolicyFormats
import Testing

/// What drops packets beside the lists of IOS: it is never taken for permission.
@Suite struct CiscoIOSBarriersTests {
    private func verdict(_ below: String = "", _ global: String = "") -> Reach.Verdict? {
        let text = """
            hostname edge
            class-map match-all FTP
             match access-group name DATA
            \(global)
            interface GigabitEthernet0/0
             ip address 203.0.113.2 255.255.255.0
             ip access-group IN in
             \(below)
            interface GigabitEthernet0/1
             ip address 10.1.1.1 255.255.255.0
            ip access-list extended DATA
             permit tcp any any range 5001 5201
            ip access-list extended IN
             permit tcp any host 10.1.1.10 range 5001 5201
            """
        let hop = Hop(
            name: "", configuration: CiscoIOS.read(ConfigText(file: "edge.cfg", text)),
            place: .through, source: SourceLine(file: "", line: nil, text: ""))
        return PathEvaluator([hop]).reach(
            ReachQuestion(
                from: .allV4, to: IPAddress(v4: 0x0a01_010a), ports: PortSet(5100...5100))
        ).segments.first?.verdict
    }

    @Test(arguments: [
        "ip port access-group DATA in", "ipv4 access-group DATA ingress",
        "packet-filter 3000 inbound", "traffic-filter inbound acl 3000", "service-acl input DATA",
        "apply access-list ip DATA in", "access-group 3000",
        "rate-limit input access-group 101 8000 1500 2000 conform-action drop exceed-action drop",
    ])
    func `knows nothing behind a filter on the interface that isn't modelled`(_ line: String) {
        #expect(verdict() == .permitted)
        #expect(verdict(line) == .unknown)
    }

    @Test(arguments: [" drop", " police 8000 conform-action drop exceed-action drop"])
    func `knows nothing where a policy of service drops a class`(_ action: String) {
        let policy = "policy-map EDGE\n class FTP\n \(action)"
        #expect(verdict("service-policy input EDGE", policy) == .unknown)
        let parent = policy + "\npolicy-map ALL\n class class-default\n  service-policy EDGE"
        #expect(verdict("service-policy input ALL", parent) == .unknown)
        #expect(verdict("service-policy input OTHER", policy) == .permitted)
    }

    @Test func `takes no marking, no queue and no rate for a filter`() {
        let policy =
            "policy-map EDGE\n class FTP\n  set dscp af21\n  police 8000 1500 exceed-action drop"
        #expect(verdict("service-policy input EDGE", policy) == .permitted)
        #expect(verdict("service-policy output EDGE", policy) == .permitted)
    }

    @Test(arguments: [
        "flow record X\n match ipv4 source address", "kron policy-list SAVE\n cli write",
        "device-tracking policy P\n no protocol udp", "monitor session 1 source interface Gi1/0/1",
        "telephony-service\n max-ephones 4", "wlccp authentication-server client any M", "restconf",
        "cts authorization list SGT", "telemetry ietf subscription 1\n encoding encode-kvgpb",
    ])
    func `knows commands that make no difference`(_ lines: String) {
        let notes = CiscoIOS.read(ConfigText(file: "edge.cfg", lines)).notes
        #expect(notes.allSatisfy { $0.state == .irrelevant })
    }

    @Test(arguments: ["vlan filter MAP vlan-list 10", "cts role-based enforcement"])
    func `knows nothing where the whole device drops by other means`(_ line: String) {
        #expect(verdict("", line) == .unknown)
        #expect(verdict("", "no " + line) == .permitted)
    }

    @Test(arguments: [
        "!! IOS XR Configuration 7.3.1", "ipv4 access-list IN", "sysname edge", "acl number 3000",
        " packet-filter 3000 inbound", " traffic-filter inbound acl 3000",
        " service-acl input DATA", " apply access-list ip DATA in",
        " ip route-static 0.0.0.0 0.0.0.0 203.0.113.1",
    ])
    func `doesn't recognise systems whose interfaces hold other filters`(_ line: String) {
        let text = """
            version 7.1
            \(line)
            interface GigabitEthernet0/0
             ip address 203.0.113.2 255.255.255.0
            interface GigabitEthernet0/1
             ip address 10.1.1.1 255.255.255.0
            """
        #expect(CiscoIOS.recognise(ConfigText(file: "edge.cfg", text)) == .no)
    }
}
