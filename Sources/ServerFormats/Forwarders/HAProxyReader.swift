import Net
import Policy
import PolicyText

struct HAProxyReader {
    /// A place of the configuration that listens, has servers, or both.
    private struct Section {
        var kind: String
        var line: Int
        var binds: [Bind] = []
        var servers: [Server] = []
        var backends: [(name: String, line: Int, condition: Bool)] = []
        var mode: Setting<String>?
        /// Why what it does with a connection isn't known.
        var doubts: [String] = []
    }

    private struct Bind {
        var ports: ClosedRange<UInt16>
        var addresses: AddressSet?
        var source: SourceLine
        var doubts: [String] = []
    }

    private struct Server {
        var address: Translation.Target
        var port: Port
        var isBackup = false
        var line: Int
    }

    private enum Port: Hashable {
        case same
        case offset(Int)
        case one(UInt16)
    }

    private let text: ConfigText
    private var notes: LineNotes
    private var sections: [Section] = []
    private var byName: [String: Int] = [:]
    private var current: Section?
    private var currentName = ""
    private var defaultMode: Setting<String>?
    private var keepsClients = false

    init(_ text: ConfigText) {
        self.text = text
        notes = LineNotes(text)
    }

    mutating func read() -> Configuration {
        for (index, line) in text.lines.enumerated() { read(line, index + 1) }
        close()
        var forwards = ForwardedPorts(
            ending: Setting(.deny(answered: true), text.absence("no bind takes the port")))
        forwards.hidesClients = !keepsClients
        for section in sections where !section.binds.isEmpty {
            for bind in section.binds { forwards.forwards += self.forwards(section, bind) }
        }
        return Configuration(
            file: text.file, format: HAProxy.name, kinds: [.nat], device: forwards.device(.host),
            notes: notes.finish { _, line in
                let bare = line.bare
                if bare.isEmpty || bare.hasPrefix("#") { return (.irrelevant, "comment or blank") }
                return (.irrelevant, "no influence on which port goes where")
            })
    }

    // MARK: lines

    private mutating func close() {
        if let current {
            if ["backend", "listen"].contains(current.kind) {
                byName[currentName] = sections.count
            }
            sections.append(current)
        }
        current = nil
    }

    private mutating func read(_ line: String, _ number: Int) {
        let bare = line.firstRange(of: " #").map { String(line[..<$0.lowerBound]) } ?? line
        let words = bare.fields
        guard let first = words.first, !first.hasPrefix("#") else { return }
        if HAProxy.sections.contains(first) {
            close()
            guard ["defaults", "frontend", "listen", "backend"].contains(first) else { return }
            if first == "defaults" { defaultMode = nil }
            current = Section(kind: first, line: number, mode: defaultMode)
            currentName = words.count > 1 ? words[1] : ""
            notes.add(number, .used)
            // Before 1.9 the address could stand in the head.
            if first == "listen" || first == "frontend", words.count > 2, words[2].contains(":") {
                bind(Array(words.dropFirst(2)), number)
            }
            return
        }
        guard current != nil else {
            if first.hasPrefix(".") { notes.add(number, .notModelled, "a condition") }
            return
        }
        let source = text.source(number)
        switch first {
        case "bind": bind(Array(words.dropFirst()), number)
        case "server": server(words, number)
        case "server-template", "dispatch", "use-server":
            doubt("\(first) isn't modelled", number)
        case "option" where words.count > 1 && words[1] == "transparent":
            doubt("it goes where the client asked", number)
        case "mode" where words.count > 1:
            current?.mode = Setting(words[1], source)
            if current?.kind == "defaults" { defaultMode = current?.mode }
            notes.add(number, .used)
        case "default_backend" where words.count > 1:
            current?.backends.append((words[1], number, false))
            notes.add(number, .used)
        case "use_backend" where words.count > 1:
            let place = current?.backends.count { $0.condition } ?? 0
            current?.backends.insert((words[1], number, words.count > 2), at: place)
            notes.add(number, words.count > 2 ? .notModelled : .used, "a condition isn't modelled")
        case "tcp-request" where words.contains("reject") || words.contains("silent-drop"):
            doubt("whom it rejects isn't modelled", number)
        case "tcp-request" where words.contains("accept"):
            notes.add(number, .irrelevant, "it accepts what would be accepted")
        case "source" where words.contains("usesrc"):
            keepsClients = true
            notes.add(number, .notModelled, "whose address the server sees isn't modelled")
        case "disabled":
            current?.binds = []
            doubt("it is switched off", number)
        default:
            let named = first.contains("$") || first.hasPrefix(".")
            if named { notes.add(number, .notModelled, "a condition or a variable") }
        }
    }

    private mutating func doubt(_ why: String, _ number: Int) {
        current?.doubts.append(why)
        notes.set(number, .notModelled, why)
    }

    private mutating func bind(_ words: [String], _ number: Int) {
        guard let list = words.first else {
            notes.set(number, .invalid, "no address and no port")
            return
        }
        var doubts: [String] = []
        if words.contains("interface") { doubts.append("it listens at one interface alone") }
        if words.contains("accept-proxy") { doubts.append("it takes only what a proxy sends") }
        for part in list.split(separator: ",") {
            var place = String(part)
            var addresses: AddressSet?
            if let at = place.firstIndex(of: "@") {
                let kind = place[..<at]
                place = String(place[place.index(after: at)...])
                guard kind == "ipv4" || kind == "ipv6" else {
                    notes.add(number, .irrelevant, "no socket of TCP")
                    continue
                }
                addresses = kind == "ipv4" ? .allV4 : .allV6
            }
            if place.hasPrefix("/") {
                notes.add(number, .irrelevant, "no socket of TCP")
                continue
            }
            guard !place.contains("$"), let colon = place.lastIndex(of: ":"),
                let ports = CloudValues.ports(String(place[place.index(after: colon)...])),
                ports.lowerBound > 0
            else {
                let why = "where it listens can't be read"
                notes.set(number, .notModelled, why)
                current?.binds.append(
                    Bind(ports: 1...65535, source: text.source(number), doubts: [why]))
                continue
            }
            let host = place[..<colon].stripping("[]")
            switch host {
            case "", "*", "0.0.0.0": addresses = addresses ?? .allV4
            case "::":
                addresses =
                    words.contains("v6only") ? .allV6 : words.contains("v4v6") ? nil : .allV6
            default:
                if let own = IPAddress(host) {
                    addresses = AddressSet(own)
                } else {
                    doubts.append("what address \(host.excerpt) is isn't in the file")
                }
            }
            notes.add(number, doubts.isEmpty ? .used : .notModelled, doubts.first ?? "")
            current?.binds.append(
                Bind(
                    ports: ports, addresses: addresses, source: text.source(number), doubts: doubts)
            )
        }
    }

    private mutating func server(_ words: [String], _ number: Int) {
        guard words.count > 2 else {
            notes.set(number, .invalid, "no address of the server")
            return
        }
        if words.contains("disabled") || Self.value("weight", words) == "0" {
            notes.add(number, .irrelevant, "the server takes no connection")
            return
        }
        var host = words[2]
        var port = Port.same
        let colons = host.filter { $0 == ":" }.count
        if let colon = host.lastIndex(of: ":"), colons == 1 || host.hasPrefix("[") || colons > 7 {
            let text = String(host[host.index(after: colon)...])
            if !text.hasSuffix("]") {
                host = String(host[..<colon])
                if text.hasPrefix("+") || text.hasPrefix("-"), let offset = Int(text),
                    abs(offset) < 65536
                {
                    port = .offset(offset)
                } else if let one = UInt16(text), one > 0 {
                    port = .one(one)
                } else if !text.isEmpty {
                    doubt("the server's port can't be read", number)
                    return
                }
            }
        }
        for kind in ["ipv4@", "ipv6@"] where host.hasPrefix(kind) {
            host = String(host.dropFirst(kind.count))
        }
        let address = IPAddress(host.stripping("[]"))
        let why = "what address \(host.excerpt) is isn't in the file"
        notes.add(number, address == nil ? .notModelled : .used, address == nil ? why : "")
        current?.servers.append(
            Server(
                address: address.map { .addresses([$0]) } ?? .unknown(why), port: port,
                isBackup: words.contains("backup"), line: number))
    }

    private static func value(_ key: String, _ words: [String]) -> String? {
        guard let index = words.firstIndex(of: key), index + 1 < words.count else { return nil }
        return words[index + 1]
    }

    // MARK: where it goes

    private func forwards(_ section: Section, _ bind: Bind) -> [ForwardedPorts.Forward] {
        var forward = ForwardedPorts.Forward(
            ports: bind.ports, addresses: bind.addresses, target: .unchanged, source: bind.source,
            doubts: bind.doubts)
        var behind = section
        if section.backends.contains(where: \.condition) {
            forward.target = .unknown("a condition chooses the backend")
            return [forward]
        }
        if let (name, _, _) = section.backends.first {
            guard let index = byName[name] else {
                forward.target = .unknown("backend \(name.excerpt) isn't in the file")
                return [forward]
            }
            behind = sections[index]
        }
        if let mode = [section.mode, behind.mode].compactMap(\.self).first(where: {
            $0.value != "tcp"
        }) {
            forward.target = .unknown("it speaks \(mode.value.excerpt), not FTP's plain TCP")
            return [forward]
        }
        for why in section.doubts + (behind.line == section.line ? [] : behind.doubts) {
            forward.doubts.append(why)
        }
        let (target, port) = Self.target(behind.servers)
        forward.target = target
        switch port {
        case .same: break
        case .one(let port): forward.mapping = .one(port)
        case .offset(let offset):
            guard let first = UInt16(exactly: Int(bind.ports.lowerBound) + offset), first > 0 else {
                forward.target = .unknown("the server's port lies beyond 1 to 65535")
                return [forward]
            }
            forward.mapping = .from(first)
        }
        return [forward]
    }

    /// Servers take connections by turns; those marked `backup` only where no other is up.
    private static func target(_ servers: [Server]) -> (Translation.Target, Port) {
        let active = servers.filter { !$0.isBackup }
        let meant = active.isEmpty ? Array(servers.prefix(1)) : active
        guard let first = meant.first else { return (.unknown("it has no server"), .same) }
        guard meant.allSatisfy({ $0.port == first.port }) else {
            return (.unknown("its servers have different ports"), .same)
        }
        var addresses: [IPAddress] = []
        for server in meant {
            guard case .addresses(let own) = server.address else {
                return (server.address, first.port)
            }
            addresses += own.filter { !addresses.contains($0) }
        }
        return (.addresses(addresses), first.port)
    }
}
