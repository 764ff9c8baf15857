import Net
import Policy
import Testing

@testable import PolicyFormats

/// A command that the stand-in for a platform doesn't know, or that the platform would refuse.
struct Refused: Error, CustomStringConvertible {
    var description: String

    init(_ why: String) { description = why }
}

/// A device's configuration: its change asked for, its commands carried out on the text, the result
/// read again and compared by what it lets pass.
struct RoundTrip: Sendable {
    var format: any ConfigFormat.Type
    /// Carries commands out on a configuration's text, as the platform would.
    var carryOut: @Sendable ([String], String) throws -> String
    /// Reads a text; by itself unless more files belong to it.
    var read: @Sendable (String) -> Configuration
    var place: Device.Place?
    var entering: String?
    var leaving: String?
    var select: String?
    /// Whether commands given twice and taken back once still leave what the first made. Where the
    /// platform knows each rule once, and the text may write it in many ways, they don't.
    var staysWhenRepeated = true
    /// Addresses that no change names, of which the verdicts must stay.
    var bystanders = ["203.0.113.77", "10.1.1.77"]

    init(
        _ format: any ConfigFormat.Type,
        carryOut: @escaping @Sendable ([String], String) throws -> String
    ) {
        self.format = format
        self.carryOut = carryOut
        read = { format.read(ConfigText(file: "device.cfg", $0)) }
    }

    func meaning(_ configuration: Configuration, of address: IPAddress) -> Meaning {
        let hop = Hop(
            name: "", configuration: configuration,
            place: place ?? configuration.device?.usualPlace ?? .through, outside: entering,
            inside: leaving, select: select, source: SourceLine(file: "", line: nil, text: ""))
        let clients: AddressSet = address.family == .v4 ? .allV4 : .allV6
        return Meaning(
            PathEvaluator([hop]).reach(
                ReachQuestion(from: clients, to: address, ports: PortSet(0...65535))))
    }

    /// A text as it is read, standing where the site says.
    private func described(_ text: String) -> Configuration {
        var configuration = read(text)
        if let place { configuration.device?.usualPlace = place }
        return configuration
    }

    func meaning(_ text: String, of address: IPAddress) -> Meaning {
        meaning(read(text), of: address)
    }

    /// Carries the change out, and back; gives the changed text.
    ///
    /// `address` is that which clients ask for, `open` are ports of which it doesn't matter where
    /// they are delivered, and `expected` says what the policy of that address becomes.
    @discardableResult
    func check(
        _ change: Change, of address: IPAddress, on text: String, open: PortSet = PortSet(),
        sourceLocation: SourceLocation = #_sourceLocation,
        expected: (Meaning) -> Meaning
    ) throws -> String {
        let configuration = described(text)
        let made = format.fix(change, configuration)
        let before = meaning(configuration, of: address)
        if made == nil, "\(before.withoutDelivery(of: open))" == "\(expected(before))" {
            return text
        }
        let fix = try #require(
            made, "no commands for \(change) on\n\(text)", sourceLocation: sourceLocation)
        let others = bystanders.compactMap { IPAddress($0) }.filter { $0 != address }
        let around = others.map { meaning(configuration, of: $0) }
        let mended = try carryOut(fix.commands, text)
        let told = "\(change)\n\(fix.commands.joined(separator: "\n"))\non\n\(text)"
        let after = described(mended)
        let wanted = "\(expected(before))"
        #expect(
            "\(meaning(after, of: address).withoutDelivery(of: open))" == wanted, "\(told)",
            sourceLocation: sourceLocation)
        let deliveries = before.permittedDeliveries(of: open)
        #expect(
            deliveries.isSubset(of: meaning(after, of: address).permittedDeliveries(of: open)),
            "\(told)", sourceLocation: sourceLocation)
        #expect(
            others.map { meaning(after, of: $0) } == around, "others, \(told)",
            sourceLocation: sourceLocation)
        let undone = try carryOut(fix.undo, mended)
        #expect(
            "\(meaning(undone, of: address))" == "\(before)",
            "undone by\n\(fix.undo.joined(separator: "\n"))\nafter \(told)",
            sourceLocation: sourceLocation)
        #expect(
            others.map { meaning(undone, of: $0) } == around, "others, undone, \(told)",
            sourceLocation: sourceLocation)
        if let again = format.fix(change, after) {
            let twice = try carryOut(again.commands, mended)
            #expect(
                "\(meaning(twice, of: address).withoutDelivery(of: open))" == wanted,
                "again by\n\(again.commands.joined(separator: "\n"))\nafter \(told)",
                sourceLocation: sourceLocation)
            guard staysWhenRepeated else { return mended }
            let back = try carryOut(again.undo, twice)
            #expect(
                "\(meaning(back, of: address).withoutDelivery(of: open))" == wanted,
                "again and taken back by\n\(again.undo.joined(separator: "\n"))\nafter \(told)",
                sourceLocation: sourceLocation)
        }
        return mended
    }

    /// Opens ports of an address and compares: they are open, all else is as it was.
    @discardableResult
    func permit(
        _ ports: String, to address: String, asked: String? = nil, on text: String,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws -> String {
        let set = try #require(PortSet(ports))
        let named = try #require(IPAddress(address))
        let judged = try #require(IPAddress(asked ?? address))
        return try check(
            .permit(set, to: named), of: judged, on: text, open: set,
            sourceLocation: sourceLocation
        ) { $0.permitting(set) }
    }

    /// Closes ports of an address and compares: they are shut, all else is as it was.
    @discardableResult
    func forbid(
        _ ports: String, to address: String, asked: String? = nil, on text: String,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws -> String {
        let set = try #require(PortSet(ports))
        let named = try #require(IPAddress(address))
        let judged = try #require(IPAddress(asked ?? address))
        return try check(
            .forbid(set, to: named), of: judged, on: text, sourceLocation: sourceLocation
        ) { $0.denying(set) }
    }

    /// Translates ports and compares: they are delivered inside, all else is as it was.
    @discardableResult
    func translate(
        _ ports: String, outside: String, inside: String, on text: String,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws -> String {
        let set = try #require(PortSet(ports))
        let address = try #require(IPAddress(outside))
        let target = try #require(IPAddress(inside))
        return try check(
            .translate(set, outside: address, inside: target), of: address, on: text,
            sourceLocation: sourceLocation
        ) { $0.delivering(set, to: target) }
    }
}

extension String {
    /// Its lines, the last one whether or not a line break ends it.
    var trippedLines: [String] {
        var lines = split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        if lines.last == "" { lines.removeLast() }
        return lines
    }
}
