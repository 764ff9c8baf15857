/// Why a capture could not be read, or not to its end. Frames before the place count.
public struct CaptureProblem: Error, Hashable, Sendable {
    public var path: String
    /// Byte offset in the capture (after decompression) where reading stopped.
    public var offset: Int
    public var reason: Reason

    public init(path: String, offset: Int, reason: Reason) {
        self.path = path
        self.offset = offset
        self.reason = reason
    }

    public enum Reason: Hashable, Sendable {
        case cannotOpen(errno: Int32)
        case cannotRead(errno: Int32)
        /// Nothing more comes from an interface: it is gone or down.
        case interfaceLost
        /// The first bytes are those of no known capture format.
        case notACapture(firstBytes: [UInt8])
        case empty
        /// The file ends inside `what`: bytes expected, bytes there.
        case cut(what: String, expected: Int, found: Int)
        /// A field holds what it cannot hold.
        case impossible(field: String, value: UInt64)
        /// The program that unpacks it could not be started.
        case noDecompressor(program: String, errno: Int32)
        /// The program that unpacks it ended with this status.
        case decompressorFailed(program: String, status: Int32)
        /// A folder holds no capture.
        case emptyFolder
        /// More files than `count` under a folder; the rest was left out.
        case tooManyFiles(count: Int)
        /// So many of its frames have a link type that is not read.
        case linkType(LinkType, frames: Int, of: Int)
    }
}

extension CaptureProblem.Reason: Error {}

extension CaptureProblem: CustomStringConvertible {
    public var description: String {
        switch reason {
        case .cannotOpen(let errno): "\(path): cannot open: \(Descriptor.message(errno))"
        case .cannotRead(let errno):
            "\(path): byte \(offset): cannot read: \(Descriptor.message(errno))"
        case .interfaceLost: "\(path): cannot listen any more: the interface is gone or down"
        case .notACapture(let bytes):
            "\(path): byte 0: expected a pcap or pcapng capture, found bytes "
                + bytes.map { byte in
                    let text = String(byte, radix: 16)
                    return text.utf8.count == 1 ? "0" + text : text
                }.joined(separator: " ")
        case .empty: "\(path): byte 0: expected a pcap or pcapng capture, found an empty file"
        case .cut(let what, let expected, let found):
            "\(path): byte \(offset): cut inside \(what): expected \(expected) bytes, found \(found)"
        case .impossible(let field, let value):
            "\(path): byte \(offset): impossible \(field): \(value)"
        case .noDecompressor(let program, let errno):
            "\(path): needs the program \(program) to be unpacked: \(Descriptor.message(errno))"
        case .decompressorFailed(let program, let status):
            "\(path): byte \(offset): \(program) could not unpack it to its end (status \(status))"
        case .emptyFolder: "\(path): no capture in this folder"
        case .linkType(let type, let frames, let all):
            "\(path): \(frames) of \(all) packets are of link type \(type), which is not read"
        case .tooManyFiles(let count): "\(path): only the first \(count) files were read"
        }
    }
}
