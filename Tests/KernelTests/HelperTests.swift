import Foundation
import Net
import Policy
import PolicyFormats
import Testing

/// A vsftpd behind rules that assign the FTP helper, or don't: whether the announced data port is
/// open in the kernel, and by reach.
extension KernelTests {
    @Test(.enabled(if: FTPLaboratory.missing == nil, "\(FTPLaboratory.missing ?? "")"))
    func `agrees with the kernel on the FTP helper of iptables`() throws {
        try Self.compare(HelperCase.ofIptables, by: .iptables)
    }

    @Test(.enabled(if: FTPLaboratory.missing == nil, "\(FTPLaboratory.missing ?? "")"))
    func `agrees with the kernel on the FTP helper of nftables`() throws {
        try Self.compare(HelperCase.ofNft, by: .nft)
    }

    private static func compare(_ cases: [HelperCase], by tool: Laboratory.Tool) throws {
        let laboratory = try FTPLaboratory()
        defer {
            do { try laboratory.close() } catch { Issue.record(error) }
        }
        for one in cases {
            try laboratory.parts.load(one.rules, by: tool)
            var tried = try laboratory.session(one)
            // A loaded machine may answer late: only what stays closed is closed.
            if one.opens, !tried.announced.isOpen { tried = try laboratory.session(one) }
            #expect(tried.announced.isOpen == one.opens, "\(tool), the kernel: \(one.name)")
            for form in Comparison.forms(tool) {
                let text = try Comparison.text(one.rules, form, laboratory.parts)
                let configuration = try Formats.read(
                    file: "rules", bytes: Array(text.utf8),
                    as: tool == .nft ? form.format : nil)
                let opens = one.opens(configuration, tried.announced.port, isAnnounced: true)
                #expect(
                    opens == (one.depends ? nil : one.opens),
                    "\(tool), reach, \(form.rawValue): \(one.name)")
                let other = one.opens(configuration, tried.other.port, isAnnounced: false)
                #expect(
                    other == tried.other.isOpen,
                    "\(tool), reach, \(form.rawValue), not announced: \(one.name)")
            }
        }
        print("\(tool.rawValue): \(cases.count) sessions with the FTP helper compared")
    }
}

extension HelperCase {
    var destination: String { place == .behind ? RandomNftRules.inner : RandomRules.server }

    /// Whether reach lets a session's data connection to the port in; none where it can't tell.
    func opens(
        _ configuration: Configuration, _ port: UInt16, isAnnounced: Bool
    ) -> Bool? {
        guard let to = IPAddress(destination), let from = IPAddress(FTPLaboratory.client) else {
            return nil
        }
        let hop = Hop(
            name: "", configuration: configuration, place: place == .behind ? .through : .host,
            outside: Laboratory.interface, inside: Laboratory.inside,
            source: SourceLine(file: "", line: nil, text: ""))
        let question = ReachQuestion(
            from: AddressSet(from), to: to, ports: PortSet(port...port),
            control: isAnnounced ? self.port : nil, encrypted: tls)
        let verdicts = Set(PathEvaluator([hop]).reach(question).segments.map(\.verdict))
        guard verdicts.count == 1 else { return nil }
        switch verdicts.first {
        case .permitted, .permittedByInspection: return true
        case .denied: return false
        default: return nil
        }
    }
}
