import Net
import Policy
import PolicyFormats
import Testing

@Suite struct CiscoASAShowTests {
    static let listing = """
        access-list cached ACL log flows: total 0, denied 0 (deny-flow-max 4096)
        access-list out_in; 5 elements; name hash: 0xcb4257a3
        access-list out_in line 1 remark ftp
        access-list out_in line 2 extended permit tcp any object-group servers eq ftp (hitcnt=3) 0x1
          access-list out_in line 2 extended permit tcp any host 10.1.1.10 eq ftp (hitcnt=3) 0x2
          access-list out_in line 2 extended permit tcp any fqdn a.example (unresolved) eq ftp (inactive) 0x3
        access-list out_in line 3 extended permit tcp any4 range 10.1.1.9 10.1.1.11 range 5001 5201 log informational interval 300 (hitcnt=0) 0x4
        access-list out_in line 4 extended permit tcp any any eq 80 inactive (hitcnt=0) (inactive) 0x5
        access-list out_in line 5 extended permit tcp any host 10.1.1.10 eq 22 time-range night (hitcnt=0) (inactive) 0x6
        """

    @Test func `reads what is printed, the lines below a group's in its place`() throws {
        let text = ConfigText(file: "x", Self.listing)
        #expect(CiscoASAShow.recognise(text) == .certain)
        #expect(CiscoASA.recognise(text) == .no)
        #expect(CiscoIOSShow.recognise(text) == .no)
        #expect(CiscoIOS.recognise(text) == .no)
        let asked = FirewallVerdicts(CiscoASAShow.self, Self.listing)
        #expect(try asked.ports(.permitted, "10.1.1.10") == "21,5001-5201")
        #expect(try asked.lines("10.1.1.10", 21) == [5])
        #expect(
            asked.configuration.notes.allSatisfy { $0.state == .used || $0.state == .irrelevant })
    }

    @Test(arguments: ["5 elements", "line 3 "])
    func `what isn't shown makes it unknown`(_ word: String) throws {
        let text = Self.listing.replacing(
            word, with: word == "5 elements" ? "6 elements" : "line 9 ")
        let asked = FirewallVerdicts(CiscoASAShow.self, text)
        #expect(try asked.ports(.unknown, "10.1.1.10") == "1-65535")
    }

    @Test func `no bytes trap it`() {
        FirewallVerdicts.batter(CiscoASAShow.self, Self.listing)
    }
}
