import Net
import Policy
import Testing

@testable import PolicyFormats

@Suite struct IIS6AdsutilTests {
    static let transcript = """
        C:\\Inetpub\\AdminScripts>cscript.exe adsutil.vbs get /MSFTPSVC/PassivePortRange
        PassivePortRange                : (STRING) "5001-5201"

        C:\\Inetpub\\AdminScripts>cscript adsutil.vbs set /MSFTPSVC/PassivePortRange "5500-5520"
        PassivePortRange                : (STRING) "5500-5520"
        """

    private static func server(_ text: String) throws -> ServerSettings? {
        try Formats.read(file: "x.txt", bytes: Array(text.utf8)).server
    }

    @Test func `the last word of a transcript is in force`() throws {
        let read = try Formats.read(file: "x.txt", bytes: Array(Self.transcript.utf8))
        #expect(read.format == "iis6-adsutil")
        #expect(read.kinds == [.server])
        #expect(read.server?.passive == .ports(5500...5520))
    }

    @Test func `what isn't set is the default`() throws {
        let unset =
            Self.transcript
            + "\nThe parameter \"PassivePortRange\" is not set at this node.\n"
        #expect(try Self.server(unset)?.passive == .ports(1025...5000))
    }

    @Test func `curly quotation marks of web pages are taken`() throws {
        let text = "adsutil.vbs set MSFTPSVC/PassivePortRange \u{201c}5500-5520\u{201d}"
        #expect(try Self.server(text)?.passive == .ports(5500...5520))
    }

    @Test func `a range on a site is without effect`() throws {
        let text = "cscript adsutil.vbs set /MSFTPSVC/1/PassivePortRange \"5500-5520\""
        let read = try Formats.read(file: "x.txt", bytes: Array(text.utf8))
        #expect(read.notes.map(\.state) == [.invalid])
    }

    @Test func `no broken text makes it stumble`() {
        WindowsVerdicts.batter(IIS6Adsutil.self, Self.transcript, step: 3, broken: 100)
    }
}
