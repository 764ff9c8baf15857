import Policy
import PolicyText

/// A command that sets the ports which Windows hands out to every program: `netsh int ipv4 set
/// dynamicport tcp start=49152 num=16384`, `Set-NetTCPSetting -DynamicPortRangeStartPort 49152
/// -DynamicPortRangeNumberOfPorts 16384`.
struct DynamicPortCommand: Hashable {
    /// Nil where the two numbers are no range of ports, or aren't known.
    var range: ClosedRange<UInt16>?

    /// Nil where the words are no such command for TCP over IPv4.
    init?(_ words: [String]) {
        let plain = words.map { $0.filter { !"\"“”'".contains($0) }.lowercased() }
        let numbers: [Int]
        if let place = plain.firstIndex(where: { $0.hasPrefix("dynamicport") }), place > 1,
            plain[place - 1] == "set", plain[place - 2] == "ipv4",
            plain[..<place].contains(where: { $0 == "int" || $0 == "interface" })
        {
            let rest = plain[(place + 1)...]
            let isTCP = rest.first == "tcp" || rest.contains { $0.hasSuffix("=tcp") }
            guard isTCP else { return nil }
            numbers = rest.compactMap { word in
                ServerText.number(word.split(separator: "=").last.map { String($0) } ?? "")
            }
        } else if plain.contains("set-nettcpsetting") {
            numbers = ["-dynamicportrangestartport", "-dynamicportrangenumberofports"]
                .compactMap { name in
                    plain.firstIndex(of: name).flatMap { place in
                        place + 1 < plain.count ? ServerText.number(plain[place + 1]) : nil
                    }
                }
        } else {
            return nil
        }
        guard numbers.count == 2, numbers[0] > 0, numbers[1] > 0,
            let low = UInt16(exactly: numbers[0]),
            let high = UInt16(exactly: numbers[0] + numbers[1] - 1)
        else { return }
        range = low...high
    }
}
