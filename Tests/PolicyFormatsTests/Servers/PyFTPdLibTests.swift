import Net
import Policy
import Testing

@testable import PolicyFormats

@Suite struct PyFTPdLibTests {
    private func read(_ body: String) throws -> Configuration {
        let text =
            "from pyftpdlib.handlers import FTPHandler, TLS_FTPHandler\nhandler = FTPHandler\n\(body)\n"
        return try Formats.read(file: "ftpd.py", bytes: Array(text.utf8))
    }

    @Test(
        arguments: [
            ("handler.passive_ports = range(60000, 65535)", 60000...65534),
            ("handler.passive_ports = list(range(50000, 50101))  # both", 50000...50100),
            ("LOW = 50000\nhandler.passive_ports = range(LOW, LOW + 101)", 50000...50100),
            ("class Mine(FTPHandler):\n    passive_ports = [50001, 50000, 50002]", 50000...50002),
            ("handler.passive_ports = (50000,)", 50000...50000),
            ("handler.passive_ports = range(\n    50000,\n    50101,\n)", 50000...50100),
            ("x = 1; handler.passive_ports = range(50000, 50101); y = 'a; b'", 50000...50100),
            (
                "handler.banner = \"\"\"hi;\nhandler.passive_ports = 1\n\"\"\"\nhandler.passive_ports = range(50000, 50101)",
                50000...50100
            ),
        ] as [(String, ClosedRange<UInt16>)])
    func `takes the range that the server takes`(body: String, range: ClosedRange<UInt16>) throws {
        #expect(try read(body).server?.passive == .ports(range))
    }

    @Test(arguments: [
        "x = 1", "handler.passive_ports = None", "handler.passive_ports = range(5, 5)",
    ])
    func `without ports the system hands them out`(body: String) throws {
        #expect(try read(body).server?.passive == .osDynamic(usual: nil))
    }

    @Test(arguments: [
        "handler.passive_ports = range(int(os.environ['A']), 50100)",
        "if x:\n    handler.passive_ports = range(50000, 50100)",
        "handler.passive_ports = [50000, 50005]", "setattr(handler, 'passive_ports', x)",
        "handler.passive_ports = ports()",
        "LOW = 50000\nLOW += 5\nhandler.passive_ports = range(LOW, 50100)",
        "LOW = 50000\nLOW, HIGH = 51000, 52000\nhandler.passive_ports = range(LOW, 50100)",
        "LOW = 50000\nHIGH = LOW = 51000\nhandler.passive_ports = range(LOW, 50100)",
        "LOW = 50000\nfor LOW in x:\n    pass\nhandler.passive_ports = range(LOW, 50100)",
        "if x: y = 1; handler.passive_ports = range(50000, 50100)",
        "if x: y = 1\nelse: handler.passive_ports = range(50000, 50100)",
    ])
    func `what isn't known leaves the range open`(body: String) throws {
        let read = try read(body)
        #expect(read.server?.passiveFrom == .unknown)
        #expect(read.server?.passive == nil)
        #expect(read.notes.contains { $0.state == .notModelled })
    }

    @Test func `reads the address, the port and foreign peers`() throws {
        let settings = try read(
            """
            handler.masquerade_address = "192.0.2.1"
            handler.permit_foreign_addresses = True
            address = ("", 2121)
            server = FTPServer(address, handler)
            """
        ).server
        #expect(settings?.advertisedAddress?.value == IPAddress("192.0.2.1"))
        #expect(settings?.control.map(\.value) == [2121])
        #expect(settings?.foreignActivePeers?.value == true)
    }

    @Test(arguments: [
        ("True", true), ("1", true), ("\"no\"", true), ("False", false), ("0", false),
        ("None", false),
    ])
    func `any value is true or false as Python has it`(value: String, isOn: Bool) throws {
        let lines = [
            "handler = TLS_FTPHandler", "handler.permit_foreign_addresses = \(value)",
            "handler.tls_control_required = \(value)", "handler.tls_data_required = \(value)",
        ]
        let settings = try read(lines.joined(separator: "\n")).server
        #expect(settings?.foreignPassivePeers?.value == isOn)
        #expect(settings?.tls.value == (isOn ? .required : .optional))
    }

    @Test func `TLS is required where login and data want it`() throws {
        let tls = "handler = TLS_FTPHandler\n"
        #expect(try read("x = 1").server?.tls.value == ServerSettings.TLS.none)
        #expect(try read(tls).server?.tls.value == .optional)
        #expect(
            try read(tls + "handler.tls_control_required = True\nhandler.tls_data_required = True")
                .server?.tls.value == .required)
    }

    @Test func `a docstring is no statement`() throws {
        for head in ["", "x = ", "print("] {
            let text = "\(head)\"\"\"\nhandler.passive_ports = range(1, 2)\n\"\"\""
            let settings = try read(text + (head == "print(" ? ")" : "")).server
            #expect(settings?.passiveFrom == .default)
        }
    }

    @Test func `what it writes is read as meant`() throws {
        let before = try read("handler.passive_ports = range(40000, 40011)")
        let address = try #require(IPAddress("198.51.100.7"))
        let lines = [
            Change.setPassiveRange(50000...65535), .advertise(address), .refuseForeignPeers,
        ]
        .compactMap { PyFTPdLib.fix($0, before)?.commands }.flatMap(\.self)
        let after = try read(lines.joined(separator: "\n")).server
        #expect(after?.passive == .ports(50000...65535))
        #expect(after?.advertisedAddress?.value == address)
    }

    @Test func `no broken text makes it stumble`() {
        WindowsVerdicts.batter(
            PyFTPdLib.self,
            "from pyftpdlib.servers import FTPServer\nA = [1, 2]\nA = A + A\nB = 999999999 + 999999999\nhandler.passive_ports = list(range(A, -B)) + [3, (4)]\nFTPServer(('', 21), h)\n",
            file: "x.py")
    }

    @Test func `sums that grow without end are unknown`() throws {
        let growing = (0..<80).map { _ in "A = A + A" }.joined(separator: "\n")
        let numbers = try read("A = 999999999\n\(growing)\nhandler.passive_ports = range(A, A + 1)")
        #expect(numbers.server?.passiveFrom == .unknown)
        let lists = try read("A = [1]\n\(growing)\nhandler.passive_ports = A")
        #expect(lists.server?.passiveFrom == .unknown)
    }
}

@Suite struct PyFTPdLibCommandTests {
    private func server(_ line: String) -> ServerSettings? {
        PyFTPdLibCommand.read(ConfigText(file: "run.sh", line)).server
    }

    @Test func `takes the options, both ends of the range included`() {
        let settings = server("python3 -m pyftpdlib -p 2100 -r 8000-9000 -n 192.0.2.1 --tls")
        #expect(settings?.passive == .ports(8000...9000))
        #expect(settings?.control.map(\.value) == [2100])
        #expect(settings?.advertisedAddress?.value == IPAddress("192.0.2.1"))
        #expect(settings?.tls.value == .optional)
        #expect(server("python3 -m pyftpdlib -w")?.control.map(\.value) == [2121])
    }

    @Test(arguments: ["8000", "9000-8000", "8000-8000", "0-9", "a-b"])
    func `a range that it refuses is invalid`(range: String) {
        #expect(server("python -m pyftpdlib -r \(range)")?.passiveFrom == .invalid)
    }

    @Test func `what it writes is read as meant`() {
        let options =
            PyFTPdLibCommand.fix(.setPassiveRange(50000...50100), nil)?.commands.last ?? ""
        #expect(server("python3 -m pyftpdlib \(options)")?.passive == .ports(50000...50100))
    }

    @Test func `no broken text makes it stumble`() {
        WindowsVerdicts.batter(
            PyFTPdLibCommand.self, "python3 -m pyftpdlib -p 2100 -r8000-9000 --range=1-2 --tls",
            file: "run.sh")
    }
}
