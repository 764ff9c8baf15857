import Net
import Policy
import PolicyFormats

/// A configuration of any format, and files beside it, through the format's reader.
///
/// Every line of the first file has one state and no other line has; a reader never fails, and what
/// it made of the text answers for every port and client exactly once. Commands can be asked for.
///
/// Input: a line that names a format (where it names none, the format is recognised), then the
/// text; a byte 28 begins another file.
enum ConfigurationTarget {
    static func run(_ bytes: [UInt8]) {
        let nameEnd = bytes.firstIndex(of: 0x0a) ?? 0
        let name = String(decoding: bytes[..<nameEnd], as: UTF8.self)
        let rest = bytes[min(nameEnd + 1, bytes.count)...]
        let texts = rest.split(separator: 28, maxSplits: 3, omittingEmptySubsequences: false)
            .enumerated().map { ConfigText(file: "file\($0)", bytes: Array($1)) }
        guard let format = Formats.named(name), let first = texts.first else {
            recognise(Array(rest))
            return
        }
        let configuration =
            texts.count > 1 && format.joinsFiles
            ? format.read(first, with: Array(texts.dropFirst())) : format.read(first)
        see(configuration, first)
    }

    private static func recognise(_ bytes: [UInt8]) {
        let text = ConfigText(file: "file0", bytes: bytes)
        guard let configuration = try? Formats.read(file: "file0", bytes: bytes) else { return }
        see(configuration, text)
    }

    private static func see(_ configuration: Configuration, _ text: ConfigText) {
        let own = configuration.notes.filter { $0.line > 0 }.map(\.line)
        check(
            Set(own).count == own.count,
            "\(configuration.format): a line has two states: \(own)")
        check(
            own.allSatisfy { $0 <= text.lines.count },
            "\(configuration.format): a state of line \(own.max() ?? 0) of \(text.lines.count)")
        check(
            own.count == text.lines.count,
            "\(configuration.format): \(text.lines.count) lines, states of \(own)")
        let fixer = Formats.fixer(configuration)
        if let address = IPAddress("203.0.113.7") {
            for change in [
                Change.permit(PortSet(5001...5201), to: address),
                .forbid(PortSet(20...21), to: address),
                .setPassiveRange(50000...50099), .advertise(address),
            ] { _ = fixer(change) }
        }
        guard configuration.device != nil else { return }
        for place in [Device.Place.host, .through] { ask(configuration, place) }
    }

    /// The regions of an answer are all ports and clients, none twice.
    private static func ask(_ configuration: Configuration, _ place: Device.Place) {
        guard let to = IPAddress("203.0.113.7"), let client = Prefix("198.51.100.0/24") else {
            return
        }
        let hop = Hop(
            name: "", configuration: configuration, place: place,
            source: SourceLine(file: "", line: nil, text: ""))
        let clients = AddressSet(client)
        let answer = PathEvaluator([hop]).reach(
            ReachQuestion(from: clients, to: to, ports: PortSet(1...65535), control: 21))
        var pairs = 0
        for segment in answer.segments {
            pairs +=
                segment.ports.count
                * segment.from.ranges.reduce(0) {
                    $0 + Int($1.upperBound.bits - $1.lowerBound.bits) + 1
                }
        }
        check(
            pairs == 65535 * 256, "\(configuration.format): \(pairs) pairs of client and port")
    }
}
