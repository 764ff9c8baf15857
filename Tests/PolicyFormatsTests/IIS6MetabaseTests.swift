import Net
import Policy
import Testing

@testable import PolicyFormats

@Suite struct IIS6MetabaseTests {
    static let metabase = """
        <?xml version ="1.0"?>
        <configuration xmlns="urn:microsoft-catalog:XML_Metabase_V54_0">
        <MBProperty>
        <IIsFtpService Location ="/LM/MSFTPSVC"
            PassivePortRange="5500-5520"
        ></IIsFtpService>
        <IIsFtpServer Location ="/LM/MSFTPSVC/1" ServerBindings=":2121:"></IIsFtpServer>
        </MBProperty>
        </configuration>
        """

    private static func server(_ text: String) throws -> ServerSettings? {
        try Formats.read(file: "MetaBase.xml", bytes: Array(text.utf8)).server
    }

    @Test func `reads the line of the attribute`() throws {
        let server = try Self.server(Self.metabase)
        #expect(server?.passive == .ports(5500...5520))
        #expect(server?.passiveSources.map(\.line) == [5])
        #expect(server?.control.map(\.value) == [2121])
    }

    @Test(arguments: [":21:\n\t\t:2121:", ":21:&#xD;&#xA;:2121:", ":21:&#10;:2121:"])
    func `a site may listen at several ports`(_ bindings: String) throws {
        let server = try Self.server(Self.metabase.replacing(":2121:", with: bindings))
        #expect(server?.control.map(\.value) == [21, 2121])
    }

    @Test func `a range on a site is without effect`() throws {
        let text = Self.metabase.replacing("\n    PassivePortRange=\"5500-5520\"", with: "")
            .replacing("ServerBindings", with: "PassivePortRange=\"6000-6001\" ServerBindings")
        let server = try Self.server(text)
        #expect(server?.passive == .ports(1025...5000))
        #expect(server?.passiveFrom == .default)
    }

    @Test(arguments: ["4000-4100", "5201-5001", "5001-5201,5500", "0", "5001-70000"])
    func `a range that the service throws away is invalid`(_ range: String) throws {
        let server = try Self.server(Self.metabase.replacing("5500-5520", with: range))
        #expect(server?.passiveFrom == .invalid)
        #expect(server?.passive == nil)
    }

    @Test func `no broken text makes it stumble`() {
        WindowsVerdicts.batter(
            IIS6Metabase.self, Self.metabase, file: "MetaBase.xml", step: 2, broken: 100)
    }
}
