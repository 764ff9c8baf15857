import Capture
import Foundation
import Net
import Testing

/// What is written comes back, with the numbers of the originals.
@Suite struct PcapngWriterTests {
    static func header(_ capture: Int, _ number: Int, _ nanoseconds: Int64) -> FrameHeader {
        FrameHeader(
            capture: capture, number: number, time: Timestamp(nanoseconds: nanoseconds),
            originalLength: 100, linkType: .ethernet)
    }

    static func read(_ bytes: [UInt8], capture: Int = 0) throws -> (CaptureFile, [FrameHeader]) {
        let url = FileManager.default.temporaryDirectory.appending(
            path: "pinhole-\(UUID().uuidString).pcapng")
        defer { try? FileManager.default.removeItem(at: url) }
        try Data(bytes).write(to: url)
        let file = try CaptureFile(path: url.path, capture: capture)
        var headers: [FrameHeader] = []
        while case .frame(let header) = file.advance() { headers.append(header) }
        return (file, headers)
    }

    private func file(_ comments: [String], _ packets: [(interface: Int, comment: String)])
        -> [UInt8]
    {
        var bytes = PcapngWriter.section(application: "test", comment: "test")
        for comment in comments {
            bytes += PcapngWriter.interface(.ethernet, name: "a", comment: comment, offset: -10)
        }
        for (index, packet) in packets.enumerated() {
            bytes += PcapngWriter.packet(
                [1, 2, 3].span, Self.header(0, 0, Int64(index) - 5), interface: packet.interface,
                offset: -10, comment: packet.comment)
        }
        return bytes
    }

    @Test func `names frames as the originals did`() throws {
        let bytes = file(
            ["pinhole.distilled/1 {1}", "pinhole.distilled/1 {2}", "pinhole.distilled/1 {1}"],
            [(0, "frame=7"), (1, "frame=7 secrets blanked"), (2, "frame=9")])
        let (capture, headers) = try Self.read(bytes, capture: 3)
        #expect(capture.origins == ["pinhole.distilled/1 {1}", "pinhole.distilled/1 {2}"])
        #expect(headers.map(\.capture) == [3, 4, 3])
        #expect(headers.map(\.number) == [7, 7, 9])
        #expect(headers.map(\.time.nanoseconds) == [-5, -4, -3])
        #expect(headers.map(\.originalLength) == [100, 100, 100])
    }

    @Test func `keeps times that lie more than 292 years apart`() throws {
        let times: [Int64] = [-9_000_000_000_000_000_001, -1, 0, 9_000_000_000_000_000_001]
        var bytes = PcapngWriter.section(application: "test", comment: "test")
        bytes += PcapngWriter.interface(
            .ethernet, name: "a", comment: "", offset: -9_000_000_001)
        for time in times {
            bytes += PcapngWriter.packet(
                [1].span, Self.header(0, 0, time), interface: 0, offset: -9_000_000_001,
                comment: "")
        }
        #expect(try Self.read(bytes).1.map(\.time.nanoseconds) == times)
    }

    @Test(arguments: ["", "frame=", "frame=0", "frame=-1", "frame=99999999999999999999", "Frame=1"])
    func `counts frames whose number is not told`(_ comment: String) throws {
        let (_, headers) = try Self.read(
            file(["pinhole.distilled/1 {}"], [(0, comment), (0, comment)]))
        #expect(headers.map(\.number) == [1, 2])
    }

    @Test func `believes no frame number without a description of its original`() throws {
        let (capture, headers) = try Self.read(file(["a comment"], [(0, "frame=7")]))
        #expect(capture.origins.isEmpty)
        #expect(headers.map(\.number) == [1])
    }

    @Test func `reads what precedes a cut`() throws {
        let bytes = file(["pinhole.distilled/1 {}"], [(0, "frame=7"), (0, "frame=8")])
        for count in 12..<bytes.count {
            let (capture, headers) = try Self.read(Array(bytes.prefix(count)))
            #expect(headers.count < 2)
            #expect(capture.problems.count <= 1)
        }
    }
}
