import Net
import Policy
import Testing

@testable import PolicyFormats

/// Settings of routers and firewalls beside their lists.
@Suite struct DeviceSettingRoundTripTests {
    static let server = "10.1.1.10"

    static func check(_ trip: RoundTrip, _ text: String) throws {
        let before = trip.read(text)
        let fixer = trip.format.fixer(before)
        let idle = try #require(fixer(.set(.keepIdle(172_800))))
        let kept = try trip.carryOut(idle.commands, text)
        #expect(trip.read(kept).device?.idleTimeout?.value == 172_800)
        let forgotten = trip.read(try trip.carryOut(idle.undo, kept)).device
        #expect(forgotten?.idleTimeout?.value == before.device?.idleTimeout?.value)

        let address = try #require(IPAddress(server))
        let control = try #require(
            fixer(.set(.readControl(PortSet(2121...2121), server: address))))
        let reading = try trip.carryOut(control.commands, text)
        let ports = controlPorts(trip.read(reading), address)
        #expect(ports == controlPorts(before, address).union(PortSet([21...21, 2121...2121])))
        let back = trip.read(try trip.carryOut(control.undo, reading))
        #expect(controlPorts(back, address) == controlPorts(before, address))
        for other in [trip.read(kept), trip.read(reading)] {
            for asked in [server, "203.0.113.10", "203.0.113.77"].compactMap({ IPAddress($0) }) {
                #expect(trip.meaning(other, of: asked) == trip.meaning(before, of: asked))
            }
        }
    }

    static func controlPorts(_ configuration: Configuration, _ server: IPAddress) -> PortSet {
        let watching = (configuration.device?.inspections ?? []).filter {
            $0.servers?.contains(server) ?? true
        }
        return PortSet(watching.flatMap(\.controlPorts.ranges))
    }

    @Test func `IOS keeps connections, and reads further control ports`() throws {
        let nat = ["ip nat inside source static 10.1.1.10 203.0.113.10"]
        for more in [[], ["ip nat translation tcp-timeout 300"]] {
            let text = CiscoIOSRoundTripTests.router(["permit ip any any"], nat: nat + more)
            try Self.check(CiscoIOSRoundTripTests.trip, text)
        }
    }

    @Test func `ASA keeps connections, and reads further control ports`() throws {
        let policy = """
            class-map inspection_default
             match default-inspection-traffic
            policy-map global_policy
             class inspection_default
              inspect ftp
            service-policy global_policy global

            """
        for more in ["", "timeout conn 0:30:00\n"] {
            let text = CiscoASARoundTripTests.firewall(["permit ip any any"]) + policy + more
            try Self.check(CiscoASARoundTripTests.trip, text)
        }
    }
}
