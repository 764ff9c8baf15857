/// Which controls of which standards a control set stands for: data, with its version.
///
/// Source: the standards' own numbering. A mapping says that a control is concerned, not that it is met.
public enum ControlMapping {
    /// Names of the standards that are mapped, as a site names them.
    public static var standards: [String] { rows.map(\.key) }

    struct Row {
        /// As the site file's `standards` names it.
        let key: String
        let standard: String
        let version: String
        let ids: [ControlSet: [String]]
    }

    static let rows: [Row] = [
        Row(
            key: "pci-dss-4.0.1", standard: "PCI DSS", version: "4.0.1",
            ids: [
                .neededPorts: ["1.2.5", "1.2.7", "1.3.1", "1.4.2", "2.2.4"],
                .encryption: ["1.2.6", "2.2.5", "4.2.1", "8.3.2"],
                .configuration: ["1.2.1", "1.2.2", "1.2.8", "2.2.6"],
                .internalAddresses: ["1.4.5"], .sessionIntegrity: ["1.4.2"],
                .monitoring: ["10.4.1", "11.5.1"],
            ]),
        Row(
            key: "nist-800-53r5", standard: "NIST SP 800-53", version: "Revision 5",
            ids: [
                .neededPorts: ["AC-4", "CM-7(b)", "SC-7(a)", "SC-7(c)", "SC-7(5)", "SC-7(11)"],
                .encryption: ["IA-5(1)(c)", "SC-8", "SC-8(1)"],
                .configuration: ["CM-2(b)", "CM-6(a)"], .internalAddresses: ["SC-7"],
                .sessionIntegrity: ["SC-8", "SC-23"], .monitoring: ["CA-7"],
            ]),
        Row(
            key: "nist-800-171r2", standard: "NIST SP 800-171", version: "Revision 2",
            ids: [
                .neededPorts: ["3.4.6", "3.4.7", "3.13.1", "3.13.6"],
                .encryption: ["3.1.13", "3.5.10", "3.13.8"], .configuration: ["3.4.1", "3.4.2"],
                .internalAddresses: ["3.13.1"], .sessionIntegrity: ["3.13.15"],
                .monitoring: ["3.13.1", "3.14.6"],
            ]),
        Row(
            key: "cis-8.1", standard: "CIS Controls", version: "8.1",
            ids: [
                .neededPorts: ["4.4", "4.8", "13.4"], .encryption: ["3.10"],
                .configuration: ["4.1", "4.2"], .internalAddresses: ["12.2"],
                .sessionIntegrity: ["13.4"], .availability: ["12.2"],
                .monitoring: ["13.3", "13.6"],
            ]),
        Row(
            key: "hipaa", standard: "HIPAA Security Rule", version: "45 CFR 164.312",
            ids: [
                .neededPorts: ["164.312(a)(1)"],
                .encryption: ["164.312(e)(1)", "164.312(e)(2)(ii)"],
                .sessionIntegrity: ["164.312(e)(2)(i)"], .monitoring: ["164.312(b)"],
            ]),
        Row(
            key: "iso-27001-2022", standard: "ISO/IEC 27001", version: "2022",
            ids: [
                .neededPorts: ["A.8.20", "A.8.21", "A.8.22"],
                .encryption: ["A.5.14", "A.8.21", "A.8.24"],
                .configuration: ["A.8.9", "A.8.32"], .internalAddresses: ["A.8.20"],
                .sessionIntegrity: ["A.8.21"], .availability: ["A.8.21"],
                .monitoring: ["A.8.15", "A.8.16"],
            ]),
    ]

    /// The controls of the sets, in the order of the table; only of these standards, where any is named.
    static func references(
        to sets: [ControlSet], standards: [String] = []
    ) -> [ControlReference] {
        rows.filter { standards.isEmpty || standards.contains($0.key) }.flatMap { row in
            var seen: Set<String> = []
            return sets.flatMap { row.ids[$0] ?? [] }.filter { seen.insert($0).inserted }.map {
                ControlReference(standard: row.standard, version: row.version, id: $0)
            }
        }
    }
}
