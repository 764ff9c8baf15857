import Net
import Policy
import PolicyText

/// Commands below `interface`.
extension IOSReader {
    mutating func readInterface(_ line: IOSLine, _ index: Int) -> Reading? {
        let on = !line.negated
        let word = line.words.count > 2 ? line.words[2] : ""
        switch (line.keyword(0), line.keyword(1)) {
        case ("ip", "access-group"):
            var group = on && !word.isEmpty ? (list: word, line: line.number) : nil
            let way = line.words.last?.lowercased() ?? ""
            if on, line.words.count > 4 {
                // `common NAME NAME in`: two lists are one.
                let name = line.words[2..<line.words.count - 1].joined(separator: " ")
                config.lists[name] = IOSAccessList(name: name, extended: true, strange: line.number)
                group?.list = name
            }
            if way == "in" {
                replaced(config.interfaces[index].filterIn?.line, by: line.number)
                config.interfaces[index].filterIn = group
            } else {
                replaced(config.interfaces[index].filterOut?.line, by: line.number)
                config.interfaces[index].filterOut = group
            }
        case ("ip", "nat") where line.words.count == 3 && word.lowercased() == "outside":
            config.interfaces[index].outside = on ? line.number : nil
        case ("ip", "nat") where line.words.count == 3 && word.lowercased() == "inside":
            config.interfaces[index].inside = on ? line.number : nil
        case ("ip", "nat"):
            config.interfaces[index].beyond.append("ip nat \(word)")
            return (.notModelled, "translation without an inside and an outside")
        case ("ip", "inspect"):
            let rule = on && !word.isEmpty ? (name: word, line: line.number) : nil
            if line.keyword(3) == "in" {
                config.interfaces[index].inspectIn = rule
            } else {
                config.interfaces[index].inspectOut = rule
            }
        case ("ip", "address"): return address(line, index)
        case ("ip", "unreachables"): config.interfaces[index].answersDenied = on
        case ("shutdown", _): config.interfaces[index].isShut = on
        case ("zone-member", _):
            guard line.keyword(1) == "security", line.words.count == 3 else {
                return (.notRecognised, "no zone is named")
            }
            config.interfaces[index].zone = on ? (name: word, line: line.number) : nil
        case ("ipv6", "traffic-filter"):
            config.interfaces[index].filters6.append(line.number)
            return (.notModelled, "IPv6 lists aren't modelled")
        case ("ip", "policy"), ("ip", "verify"), ("ip", "ips"), ("crypto", "map"),
            ("ip", "admission"), ("ip", "auth-proxy"):
            guard on else { return (.irrelevant, "") }
            let command = "\(line.keyword(0)) \(line.keyword(1))"
            config.interfaces[index].beyond.append(command)
            return (.notModelled, "it may drop or redirect packets")
        default:
            if let barrier = readBarrier(line, below: index) { return barrier }
            guard line.indent > 0 else { return nil }
            return (.irrelevant, "no influence on who reaches which port")
        }
        return Self.used
    }

    private mutating func replaced(_ old: Int?, by line: Int) {
        guard let old else { return }
        mark(old, .irrelevant, "line \(line) sets it again, and the last one counts")
    }

    private mutating func address(_ line: IOSLine, _ index: Int) -> Reading {
        guard !line.negated else { return (.irrelevant, "") }
        var rest = IOSWords(line.words, from: 2)
        guard !["negotiated", "dhcp", "pool"].contains(rest.keyword) else {
            return (.irrelevant, "the address is given from outside")
        }
        guard let value = try? rest.address(), let mask = try? rest.address(),
            ~mask & (~mask &+ 1) == 0,
            let network = Prefix(IPAddress(v4: value), length: mask.nonzeroBitCount)
        else { return (.invalid, "no address with its mask") }
        config.interfaces[index].addresses.append(IPAddress(v4: value))
        config.interfaces[index].networks.append(network)
        return Self.used
    }
}
