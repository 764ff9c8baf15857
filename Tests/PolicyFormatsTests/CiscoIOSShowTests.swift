import Net
import Policy
import PolicyFormats
import Testing

@Suite struct CiscoIOSShowTests {
    private let text = ConfigText(
        file: "show.txt",
        """
        Standard IP access list 99
            10 permit 10.0.10.0, wildcard bits 0.255.0.255 (20 matches)
            20 deny   any log
        Extended IP access list 101
            10 permit tcp any host 10.1.1.1 eq www (3 matches)
            20 permit ip any any time-range off (inactive)
            30 permit tcp any any eq 21 time-range on (active)
        """)

    @Test func `reads what is printed of several lists`() throws {
        #expect(CiscoIOSShow.recognise(text) == .certain)
        #expect(CiscoIOS.recognise(text) == .no)
        let device = try #require(CiscoIOSShow.read(text).device)
        #expect(device.selectable == ["101", "99"])
        let rules = try #require(device.chains["101"]?.rules)
        #expect(rules.map { $0.match.never != nil } == [false, true, false])
        #expect(rules[0].source.text.contains("(3 matches)"))
        #expect(device.chains["99"]?.rules.count == 2)
        #expect(CiscoIOSShow.read(text).notes.allSatisfy { $0.state == .used })
    }
}
