import Net
import Policy
import Testing

@testable import PolicyFormats

@Suite struct IIS5RegistryTests {
    static let registry = """
        REGEDIT4

        [HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Services\\Msftpsvc\\Parameters]
        "PassivePortRange"="5500-5525"
        """

    private static func server(_ text: String) throws -> ServerSettings? {
        try Formats.read(file: "ftp.reg", bytes: Array(text.utf8)).server
    }

    @Test func `reads the range`() throws {
        #expect(try Self.server(Self.registry)?.passive == .ports(5500...5525))
    }

    @Test func `finds a range invalid`() throws {
        let server = try Self.server(Self.registry.replacing("5500-5525", with: "4000-4100"))
        #expect(server?.passiveFrom == .invalid)
        #expect(server?.passiveProblem == "4000 is below 5001")
    }

    @Test func `the last assignment wins, and a dash takes it away`() throws {
        let twice = Self.registry + "\n\"passiveportrange\"=\"6000-6001\"\n"
        #expect(try Self.server(twice)?.passive == .ports(6000...6001))
        let gone = Self.registry + "\n\"PassivePortRange\"=-\n"
        #expect(try Self.server(gone)?.passive == .ports(1025...5000))
    }

    @Test(arguments: [
        "HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Services\\Msftpsvc\\Parameters",
        "HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Services\\MSFTPSVC",
        "HKLM\\SYSTEM\\CurrentControlSet\\Services",
    ])
    func `a key that is taken away takes the keys below it along`(_ key: String) throws {
        let server = try Self.server(Self.registry + "\n\n[-\(key)]\n")
        #expect(server?.passive == .ports(1025...5000))
        #expect(
            try Self.server("REGEDIT4\n\n[-\(key)]\n" + Self.registry.dropFirst(8))?.passive
                == .ports(5500...5525))
    }

    @Test func `reads UTF-16 with carriage returns`() throws {
        let text = Self.registry.replacing("REGEDIT4", with: "Windows Registry Editor Version 5.00")
            .replacing("\n", with: "\r\n")
        let bytes: [UInt8] = text.utf8.reduce(into: [0xff, 0xfe]) { $0 += [$1, 0] }
        #expect(
            try Formats.read(file: "ftp.reg", bytes: bytes).server?.passive == .ports(5500...5525))
    }

    @Test func `no broken text makes it stumble`() {
        WindowsVerdicts.batter(IIS5Registry.self, Self.registry, file: "ftp.reg")
    }
}
