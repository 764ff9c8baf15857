import Net
import Policy
import Testing

@testable import PolicyFormats

/// Firewalls between zones; their readers run the commands behind the configuration's own.
@Suite struct ZonedRoundTripTests {
    static func trip(_ format: any ConfigFormat.Type) -> RoundTrip {
        var trip = RoundTrip(format) { commands, text in
            let restart = commands.filter { $0 != "commit" }
            return text + restart.joined(separator: "\n") + "\n"
        }
        trip.staysWhenRepeated = false
        return trip
    }

    static let ports = ["5001-5201", "21,5001-5201,7000"]

    // MARK: Junos

    static let junos = """
        set interfaces ge-0/0/0 unit 0 family inet address 203.0.113.2/24
        set interfaces ge-0/0/1 unit 0 family inet address 10.1.1.1/24
        set security zones security-zone untrust interfaces ge-0/0/0.0
        set security zones security-zone trust interfaces ge-0/0/1.0
        set security address-book global address ftp 10.1.1.10/32
        set security address-book global address other 10.1.1.11/32
        set applications application passive protocol tcp
        set applications application passive destination-port 5001-5100

        """
    static let junosNAT = """
        set security nat destination pool ftp address 10.1.1.10/32
        set security nat destination rule-set in from zone untrust
        set security nat destination rule-set in rule two match destination-address 203.0.113.10/32
        set security nat destination rule-set in rule two then destination-nat pool ftp

        """

    static func policy(
        _ name: String, _ applications: [String], to: String = "any", then: String = "permit"
    ) -> String {
        let head = "set security policies from-zone untrust to-zone trust policy \(name)"
        return
            (["\(head) match source-address any", "\(head) match destination-address \(to)"]
            + applications.map { "\(head) match application \($0)" } + ["\(head) then \(then)"])
            .joined(separator: "\n") + "\n"
    }

    @Test(arguments: [
        policy("ftp", ["junos-ftp"]), policy("ftp", ["junos-ftp", "passive"], to: "ftp"),
        policy("no", ["any"], then: "deny"),
        policy("no", ["passive"], then: "reject") + policy("all", ["any"], to: "other"),
        policy("ftp-10.1.1.10-5001-5201", ["junos-ftp"], to: "other")
            + policy("no", ["any"], then: "deny"),
    ])
    func `Junos puts a policy before the others`(_ policies: String) throws {
        for (nat, asked) in [("", "10.1.1.10"), (Self.junosNAT, "203.0.113.10")] {
            var trip = Self.trip(Junos.self)
            trip.bystanders = ["10.1.1.11", "203.0.113.77"]
            for ports in Self.ports {
                try trip.permit(ports, to: asked, on: Self.junos + nat + policies)
            }
        }
    }

    // MARK: PAN-OS

    static let panos = """
        set network interface ethernet ethernet1/1 layer3 ip 203.0.113.2/24
        set network interface ethernet ethernet1/2 layer3 ip 10.1.1.1/24
        set network virtual-router default routing-table ip static-route d interface ethernet1/1
        set network virtual-router default routing-table ip static-route d destination 0.0.0.0/0
        set zone untrust network layer3 ethernet1/1
        set zone trust network layer3 ethernet1/2
        set address ftp ip-netmask 203.0.113.10
        set service passive protocol tcp port 5001-5100

        """
    static let panosNAT = """
        set address ftp-inside ip-netmask 10.1.1.10
        set rulebase nat rules in from untrust
        set rulebase nat rules in to untrust
        set rulebase nat rules in source any
        set rulebase nat rules in destination ftp
        set rulebase nat rules in service any
        set rulebase nat rules in destination-translation translated-address ftp-inside

        """

    static func rule(
        _ name: String, _ service: String, to: String = "any", _ action: String = "allow"
    ) -> String {
        let head = "set rulebase security rules \(name)"
        return [
            "from untrust", "to trust", "source any", "destination \(to)", "application any",
            "service \(service)", "action \(action)",
        ].map { "\(head) \($0)" }.joined(separator: "\n") + "\n"
    }

    @Test(arguments: [
        rule("a", "passive"), rule("a", "any", "deny"),
        rule("a", "passive", "drop") + rule("b", "any", to: "10.1.1.11"),
        "set service ftp-10.1.1.10-5001-5201 protocol tcp port 80\n"
            + rule("ftp-10.1.1.10-5001-5201", "ftp-10.1.1.10-5001-5201", to: "10.1.1.11")
            + rule("b", "any", "deny"),
    ])
    func `PAN-OS puts a rule before the others`(_ rules: String) throws {
        for (nat, asked) in [("", "10.1.1.10"), (Self.panosNAT, "203.0.113.10")] {
            var trip = Self.trip(PANOS.self)
            trip.bystanders = ["10.1.1.11", "203.0.113.77"]
            for ports in Self.ports {
                try trip.permit(ports, to: asked, on: Self.panos + nat + rules)
            }
        }
    }

    // MARK: FortiOS

    static let fortios = """
        #config-version=FGT60F-7.0.5
        config system interface
            edit "wan1"
                set ip 203.0.113.2 255.255.255.0
                set role wan
            next
            edit "internal"
                set ip 10.1.1.1 255.255.255.0
            next
        end
        config firewall address
            edit "all"
            next
            edit "other"
                set subnet 10.1.1.11 255.255.255.255
            next
        end
        config firewall service custom
            edit "passive"
                set tcp-portrange 5001-5100
            next
            edit "ftp-10.1.1.10-5001-5201"
                set tcp-portrange 80
            next
        end

        """
    static let fortiosNAT = """
        config firewall vip
            edit "ftp"
                set extip 203.0.113.10
                set extintf "wan1"
                set mappedip "10.1.1.10"
            next
        end

        """

    static func policy(
        _ number: Int, _ service: String, to: String = "all", _ action: String = "accept"
    ) -> String {
        """
        config firewall policy
            edit \(number)
                set srcintf "wan1"
                set dstintf "internal"
                set srcaddr "all"
                set dstaddr "\(to)"
                set service "\(service)"
                set schedule "always"
                set action \(action)
            next
        end

        """
    }

    @Test(arguments: [
        policy(1, "passive"), policy(1, "ALL", to: "other", "deny"),
        policy(7, "passive", "deny") + policy(1, "ftp-10.1.1.10-5001-5201", to: "other"),
    ])
    func `FortiOS puts a policy before the others`(_ policies: String) throws {
        for (nat, asked) in [("", "10.1.1.10"), (Self.fortiosNAT, "203.0.113.10")] {
            var trip = Self.trip(FortiOS.self)
            trip.bystanders = ["10.1.1.11", "203.0.113.77"]
            for ports in Self.ports {
                try trip.permit(ports, to: asked, on: Self.fortios + nat + policies)
            }
        }
    }
}
