public import Capture
public import Net

/// Lays out a distilled capture: a pcapng section with an interface for each original and link type,
/// and packets that keep the numbers they had.
public struct DistilledFile {
    /// The blocks before the first packet.
    public private(set) var head: [UInt8]
    private var interfaces: [Key: Interface] = [:]

    /// A capture that it is made from.
    public struct Original: Sendable {
        public var name: String
        /// Begins with `Distilled.originPrefix`.
        public var comment: String
        /// The earliest time of its frames.
        public var first: Timestamp?

        public init(name: String, comment: String, first: Timestamp?) {
            self.name = name
            self.comment = comment
            self.first = first
        }
    }

    private struct Key: Hashable {
        var capture: Int
        var linkType: LinkType
    }

    private struct Interface {
        var index: Int
        var offset: Int64
    }

    /// - Parameters:
    ///   - application: Who writes it.
    ///   - comment: What the section is said to be.
    ///   - originals: The captures, by the index that frames name them by.
    ///   - linkTypes: As `Distiller` tells; an original without any gets an interface all the same.
    public init(
        application: String, comment: String, _ originals: [Original], linkTypes: [Set<LinkType>]
    ) {
        head = PcapngWriter.section(application: application, comment: comment)
        for (capture, original) in originals.enumerated() {
            let offset = original.first.map { min(0, Self.seconds($0)) } ?? 0
            let types = capture < linkTypes.count ? linkTypes[capture] : []
            for type in (types.isEmpty ? [.ethernet] : types).sorted(by: {
                $0.rawValue < $1.rawValue
            }) {
                interfaces[Key(capture: capture, linkType: type)] = Interface(
                    index: interfaces.count, offset: offset)
                head += PcapngWriter.interface(
                    type, name: original.name, comment: original.comment, offset: offset)
            }
        }
    }

    /// The block of a packet that `Distiller` picked; nil where no interface is its own.
    public func packet(
        _ header: FrameHeader, _ bytes: Span<UInt8>, isBlanked: Bool
    ) -> [UInt8]? {
        guard
            let interface = interfaces[Key(capture: header.capture, linkType: header.linkType)]
        else { return nil }
        let comment = Distilled.framePrefix + "\(header.number)"
        return PcapngWriter.packet(
            bytes, header, interface: interface.index, offset: interface.offset,
            comment: isBlanked ? comment + " secrets blanked" : comment)
    }

    /// Seconds since 1970, cut down.
    private static func seconds(_ time: Timestamp) -> Int64 {
        let (seconds, rest) = time.nanoseconds.quotientAndRemainder(dividingBy: 1_000_000_000)
        return rest < 0 ? seconds - 1 : seconds
    }
}
