import Net
import Policy
import PolicyFormats
import Testing

@Suite struct WindowsFormatsTests {
    static let script = """
        cscript.exe adsutil.vbs set /MSFTPSVC/PassivePortRange "5001-5201"
        net start msftpsvc
        FOR /L %I IN (5001,1,5201) DO netsh firewall add portopening TCP %I "Passive FTP"%I
        netsh firewall add portopening protocol = TCP port = 21 name = "FTP"
        """
    static let listing = """
        Port configuration for Standard profile:
        Port   Protocol  Mode     Name
        -------------------------------------------------------------------
        21     TCP       Enable   FTP
        5001   TCP       Enable   Passive FTP 5001
        5002   TCP       Disable  Passive FTP 5002
        """
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
    static let registry = """
        REGEDIT4

        [HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Services\\Msftpsvc\\Parameters]
        "PassivePortRange"="4000-4100"
        """

    private func read(_ text: String, _ file: String) throws -> Configuration {
        try Formats.read(file: file, bytes: Array(text.utf8))
    }

    private func open(_ configuration: Configuration) -> PortSet {
        let rules = configuration.device?.chains["inbound"]?.rules ?? []
        return rules.filter { $0.match.notModelled.isEmpty && $0.action == .permit }
            .reduce(PortSet()) { $0.union($1.match.destinationPorts ?? .all) }
    }

    @Test func `reads a batch file that sets the range and opens it`() throws {
        let read = try read(Self.script, "open.cmd")
        #expect(read.format == "netsh-firewall-script")
        #expect(read.server?.passive == .ports(5001...5201))
        #expect(open(read) == PortSet("21,5001-5201"))
        #expect(read.notes.map(\.state) == [.used, .irrelevant, .invalid, .used])
        #expect(read.device?.chains["inbound"]?.rules.map(\.source.line) == [3, 4])
    }

    @Test func `reads a listing`() throws {
        let read = try read(Self.listing, "ports.txt")
        #expect(read.format == "netsh-firewall-show")
        #expect(open(read) == PortSet("21,5001"))
        #expect(read.device?.assumptions.isEmpty == false)
    }

    @Test func `reads a metabase with the line of the attribute`() throws {
        let server = try read(Self.metabase, "MetaBase.xml").server
        #expect(server?.passive == .ports(5500...5520))
        #expect(server?.passiveSources.map(\.line) == [5])
        #expect(server?.control.map(\.value) == [2121])
    }

    @Test func `finds a range of the registry invalid`() throws {
        let server = try read(Self.registry, "ftp.reg").server
        #expect(server?.passiveFrom == .invalid)
        #expect(server?.passiveProblem == "4000 is below 5001")
    }

    @Test(arguments: [script, listing, metabase, registry])
    func `survives truncation and random bytes`(_ text: String) {
        let bytes = Array(text.utf8)
        for length in bytes.indices { readAll(Array(bytes[..<length])) }
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = SplitMix(state: seed)
        for _ in 0..<100 {
            var broken = bytes
            for _ in 0..<3 {
                broken[Int.random(in: broken.indices, using: &random)] =
                    UInt8.random(in: 0...255, using: &random)
            }
            #expect(readAll(broken), "seed \(seed)")
        }
    }

    @discardableResult private func readAll(_ bytes: [UInt8]) -> Bool {
        let text = ConfigText(file: "x.cmd", bytes: bytes)
        return Formats.all.allSatisfy {
            _ = $0.recognise(text)
            return $0.read(text).notes.count == text.lines.count
        }
    }
}

private struct SplitMix: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }
}
