import Net
import Policy
import Testing

@testable import HostFormats
@testable import PolicyFormats

/// nftables, where it translates; the rest is in `NftablesWriterTests`. Rules go by a handle that
/// only the kernel gives, so that nothing is taken back here.
@Suite struct NftablesRoundTripTests {
    /// The commands behind those that make what was listed.
    static func after(_ commands: [String], _ text: String) -> String {
        let reading = NftReading.text(ConfigText(file: "f", text), [])
        let before = NftCommands.commands(reading.ruleset).map(NftShell.line)
        return (before + commands).joined(separator: "\n") + "\n"
    }

    static let text = """
        table ip nat {
            chain pre {
                type nat hook prerouting priority -100; policy accept;
                ip daddr 203.0.113.10 tcp dport { 21, 5001-5201 } dnat to 10.1.1.10
            }
        }
        table inet filter {
            chain early { type filter hook prerouting priority -300; policy accept; tcp dport 5100 drop; }
            chain forward {
                type filter hook forward priority 0; policy drop;
                ct state established,related accept
                ip daddr 10.1.1.10 tcp dport 21 accept
            }
        }

        """

    @Test func `opens and closes what it translates, by either address`() throws {
        var trip = RoundTrip(Nftables.self) { commands, text in Self.after(commands, text) }
        trip.place = .through
        let asked = try #require(IPAddress("203.0.113.10"))
        for named in [asked, try #require(IPAddress("10.1.1.10"))] {
            var configuration = trip.read(Self.text)
            configuration.device?.usualPlace = .through
            let before = trip.meaning(configuration, of: asked)
            let ports = PortSet(5001...5099)
            let open = try #require(Nftables.fix(.permit(ports, to: named), configuration))
            let opened = trip.meaning(try trip.carryOut(open.commands, Self.text), of: asked)
            #expect(
                "\(opened.withoutDelivery(of: ports))" == "\(before.permitting(ports))")
            let control = PortSet(21...21)
            let shut = try #require(Nftables.fix(.forbid(control, to: named), configuration))
            let closed = trip.meaning(try trip.carryOut(shut.commands, Self.text), of: asked)
            #expect("\(closed)" == "\(before.denying(control))")
        }
    }
}
