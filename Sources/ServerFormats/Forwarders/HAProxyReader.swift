import Net
import Policy
import PolicyText

/// Reads HAProxy's lines: what isn't known to be harmless makes its section's ports unknown, and
/// what HAProxy refuses, all.
struct HAProxyReader {
    typealias Section = HAProxySection

    private let text: ConfigText
    private var notes: LineNotes
    private var forwards: ForwardedPorts
    private var sections: [Section] = []
    /// Backends by name.
    private var backends: [String: Int] = [:]
    private var current: Section?
    private var section = ""
    private var name = ""
    /// What a section takes that names no defaults, and those with a name.
    private var defaults: Section?
    private var named: [String: Section] = [:]
    /// How many conditions the line stands within.
    private var conditions = 0
    private var keepsClients = false
    private var takesBoth = false

    init(_ text: ConfigText) {
        self.text = text
        notes = LineNotes(text)
        forwards = ForwardedPorts(
            ending: Setting(.deny(answered: true), text.absence("no bind takes the port")))
    }

    mutating func read() -> Configuration {
        for (index, line) in text.lines.enumerated() { read(line, index + 1) }
        close()
        if conditions > 0 { refuse(text.lines.count, "a condition without an end") }
        forward()
        return Configuration(
            file: text.file, format: HAProxy.name, kinds: [.nat], device: forwards.device(.host),
            notes: notes.finish { _, line in
                let bare = line.bare
                if bare.isEmpty || bare.hasPrefix("#") { return (.irrelevant, "comment or blank") }
                return (.notRecognised, "it stands in no section that is known")
            })
    }

    private mutating func forward() {
        for section in sections where !section.binds.isEmpty && !section.isDisabled {
            let way = section.way { name in backends[name].map { sections[$0] } }
            for bind in section.binds { forwards.add(Self.forward(bind, way)) }
        }
        forwards.sortByAddress()
        forwards.hidesClients = !keepsClients
        if takesBoth {
            forwards.assumptions.append(
                "\(text.file): a socket at [::] takes IPv4 too, as Linux has it (net.ipv6.bindv6only 0)"
            )
        }
    }

    private static func forward(
        _ bind: Section.Bind, _ way: Section.Way
    ) -> ForwardedPorts.Forward {
        var forward = ForwardedPorts.Forward(
            ports: bind.ports, addresses: bind.addresses, mayBeAnyAddress: bind.mayBeAnyAddress,
            target: way.target, source: bind.source, doubts: bind.doubts + way.doubts)
        switch way.port {
        case .same: break
        case .one(let port): forward.mapping = .one(port)
        case .offset(let offset):
            guard let first = UInt16(exactly: Int(bind.ports.lowerBound) + offset), first > 0 else {
                forward.target = .unknown("the server's port lies beyond 1 to 65535")
                break
            }
            forward.mapping = .from(first)
        }
        return forward
    }

    // MARK: sections

    private mutating func close() {
        guard let current else { return }
        if current.kind == "defaults" {
            defaults = current
            if !name.isEmpty { named[name] = current }
        } else {
            if ["backend", "listen"].contains(current.kind) {
                if backends[name] != nil { refuse(current.line, "the name stands twice") }
                backends[name] = sections.count
            }
            sections.append(current)
        }
        self.current = nil
    }

    private mutating func open(_ words: [String], _ number: Int) {
        close()
        section = words[0]
        guard ["defaults", "frontend", "listen", "backend"].contains(section) else {
            if section == "peers" || section == "log-forward" {
                current = Section(kind: section, line: number, mode: section)
            }
            notes.add(number, .irrelevant, "a section without part in which port goes where")
            return
        }
        var rest = Array(words.dropFirst())
        var base = section == "defaults" ? nil : defaults
        if let from = rest.lastIndex(of: "from"), from + 1 < rest.count {
            base = named[rest[from + 1]]
            if base == nil { refuse(number, "the defaults that it names aren't in the file") }
            rest.removeSubrange(from...(from + 1))
        }
        name = rest.first ?? ""
        var opened = base ?? Section(kind: section, line: number)
        (opened.kind, opened.line) = (section, number)
        current = opened
        notes.add(number, .used)
        // Before 1.9 the address could stand in the head.
        if ["listen", "frontend"].contains(section), rest.count > 1 {
            bind(Array(rest.dropFirst()), number)
        }
    }

    // MARK: lines

    private mutating func read(_ line: String, _ number: Int) {
        let cut = HAProxyLine(line)
        guard let first = cut.words.first else { return }
        if let fault = cut.fault { return refuse(number, fault) }
        if first.hasPrefix(".") { return condition(first, number) }
        if HAProxy.sections.contains(first) {
            if conditions > 0 { refuse(number, Self.conditional, .notModelled) }
            return open(cut.words, number)
        }
        switch section {
        case "": refuse(number, "it stands in no section", .notRecognised)
        case "defaults", "frontend", "listen", "backend": proxy(cut.words, number)
        default: other(cut.words, number)
        }
        guard conditions > 0, notes.state(number) != .irrelevant else { return }
        refuse(number, Self.conditional, .notModelled)
    }

    /// Words of `default-server` that hold for one server.
    private static let maximumServerWords = 1000
    /// Reasons that are told of one section.
    private static let maximumDoubts = 8
    private static let conditional = "a condition decides whether the line is in force"

    private mutating func condition(_ word: String, _ number: Int) {
        switch word {
        case ".if":
            conditions += 1
            notes.set(number, .notModelled, "conditions aren't evaluated")
        case ".elif", ".else": notes.set(number, .notModelled, "conditions aren't evaluated")
        case ".endif":
            conditions -= 1
            notes.set(number, .notModelled, "conditions aren't evaluated")
            if conditions < 0 { refuse(number, "no condition is open") }
        case ".diag", ".notice", ".warning": notes.set(number, .irrelevant, "a message")
        default: refuse(number, "HAProxy may stop here", .notModelled)
        }
    }

    /// Notes that HAProxy refuses the file for this line, or may: nothing is known of any port.
    private mutating func refuse(
        _ number: Int, _ why: String, _ state: LineNote.State = .invalid
    ) {
        notes.set(number, state, why)
        forwards.doubtAll(Setting(why, text.source(number)))
    }

    private mutating func strange(_ word: String, _ number: Int) {
        refuse(
            number, "\(word.excerpt) isn't known, and HAProxy refuses what it doesn't know",
            .notRecognised)
    }

    private mutating func idle(_ number: Int) {
        notes.add(number, .irrelevant, "no influence on which port goes where")
    }

    private mutating func doubt(_ why: String, _ number: Int) {
        if current.map({ $0.doubts.count < Self.maximumDoubts }) == true {
            current?.doubts.append(why)
        }
        notes.set(number, .notModelled, why)
    }

    /// A line of a section that is no proxy's.
    private mutating func other(_ words: [String], _ number: Int) {
        if section == "global", words[0] == "stats", words.count > 2, words[1] == "socket" {
            guard case .tcp = HAProxyAddress.kind(words[2]) else { return idle(number) }
            let kept = current
            current = Section(kind: section, line: number, mode: "commands for itself")
            bind(Array(words.dropFirst(2)), number)
            close()
            current = kept
        } else if current != nil, words[0] == "bind" {
            bind(Array(words.dropFirst()), number)
        } else if HAProxyWords.isIdle(words[0], in: section) {
            idle(number)
        } else {
            strange(words[0], number)
        }
    }

    private mutating func proxy(_ words: [String], _ number: Int) {
        switch words[0] {
        case "bind": bind(Array(words.dropFirst()), number)
        case "server": server(words, number)
        case "default-server":
            current?.serverWords += words.dropFirst()
            notes.add(number, .used)
            if let count = current?.serverWords.count, count > Self.maximumServerWords {
                refuse(
                    number, "limit of \(Self.maximumServerWords) words of default-server reached",
                    .notModelled)
                current?.serverWords = []
            }
        case "server-template", "dispatch", "use-server", "transparent":
            doubt("\(words[0]) isn't modelled", number)
        case "monitor-net", "monitor": doubt("whom it answers itself isn't modelled", number)
        case "option": option(Array(words.dropFirst()), isOn: true, number)
        case "no", "default":
            guard words.count > 2, words[1] == "option" else {
                return words.count > 1 && words[1] == "log"
                    ? idle(number) : strange(words[0], number)
            }
            option(Array(words.dropFirst(2)), isOn: false, number)
        case "mode" where words.count > 1:
            current?.mode = words[1]
            notes.add(number, .used)
        case "default_backend" where words.count > 1:
            current?.usual = words[1]
            let isOpen = words[1].contains { "%$".contains($0) }
            if isOpen { doubt("which backend takes it depends on the connection", number) }
            notes.add(number, .used)
        case "use_backend" where words.count > 1:
            let isOpen = words.count > 2 || words[1].contains { "%$".contains($0) }
            let doubt = isOpen ? "a condition chooses the backend" : nil
            current?.choices.append(Section.Choice(backend: words[1], doubt: doubt))
            notes.add(number, isOpen ? .notModelled : .used, "a condition isn't modelled")
        case "tcp-request", "tcp-response": rule(words, number)
        case "filter":
            if words.count > 1, HAProxyWords.filters.contains(words[1]) { return idle(number) }
            doubt("what the filter does isn't modelled", number)
        case "source":
            if words.contains("usesrc") {
                keepsClients = true
                notes.add(number, .notModelled, "whose address the server sees isn't modelled")
            } else {
                idle(number)
            }
        case "disabled", "enabled":
            current?.isDisabled = words[0] == "disabled"
            notes.add(number, .used)
        default:
            HAProxyWords.proxy.contains(words[0]) ? idle(number) : strange(words[0], number)
        }
    }

    private mutating func option(_ words: [String], isOn: Bool, _ number: Int) {
        guard let word = words.first else { return strange("option", number) }
        if word == "transparent" {
            current?.isTransparent = isOn
            notes.add(number, .notModelled, "it goes where the client asked")
        } else if word == "http_proxy" {
            doubt("it goes where the client asked", number)
        } else {
            HAProxyWords.options.contains(word) ? idle(number) : strange("option \(word)", number)
        }
    }

    /// `tcp-request connection ACTION`, `tcp-request inspect-delay TIME`.
    private mutating func rule(_ words: [String], _ number: Int) {
        let place = words.dropFirst().first ?? ""
        let isRule = ["connection", "session", "content"].contains(place)
        let action = (isRule ? words.dropFirst(2).first : place) ?? ""
        let bare = action.prefix { $0 != "(" }
        guard HAProxyWords.actions.contains(String(bare)) else {
            return doubt("what \(bare.excerpt) does to whom isn't modelled", number)
        }
        notes.add(number, .irrelevant, "it neither refuses nor leads elsewhere")
    }

    // MARK: where it listens

    private mutating func bind(_ words: [String], _ number: Int) {
        if section == "backend" {
            return notes.set(number, .invalid, "a backend doesn't listen")
        }
        guard let list = words.first, current != nil, section != "defaults"
        else { return refuse(number, "no place to listen at") }
        var doubts: [String] = []
        var index = 1
        while index < words.count {
            let word = words[index]
            index += 1
            if let count = HAProxyWords.bind[word] {
                index += count
            } else if let (count, why) = HAProxyWords.narrowing[word] {
                index += count
                doubts.append(why)
            } else {
                return strange(word, number)
            }
        }
        let isNarrow = words.contains("v6only")
        for part in list.split(separator: ",") {
            listen(String(part), isNarrow: isNarrow, doubts, number)
        }
    }

    private mutating func listen(
        _ part: String, isNarrow: Bool, _ doubts: [String], _ number: Int
    ) {
        var bind = Section.Bind(ports: 1...65535, source: text.source(number), doubts: doubts)
        switch HAProxyAddress.kind(part) {
        case .other: return notes.add(number, .irrelevant, "no socket of TCP")
        case .inherited:
            return refuse(number, "what it inherits listens where no file tells", .notModelled)
        case .unknown:
            bind.doubts.append("where it listens can't be read")
            bind.mayBeAnyAddress = true
        case .tcp(let place):
            guard let ports = place.port.flatMap({ CloudValues.ports($0) }), ports.lowerBound > 0
            else { return refuse(number, "no port from 1 to 65535") }
            bind.ports = ports
            switch place.host {
            case "", "*": bind.addresses = place.family == .v6 ? .allV6 : .allV4
            case "0.0.0.0": bind.addresses = .allV4
            case "::":
                bind.addresses = isNarrow ? .allV6 : nil
                takesBoth = takesBoth || !isNarrow
            default:
                if let own = IPAddress(place.host) {
                    bind.addresses = AddressSet(own)
                } else {
                    bind.mayBeAnyAddress = true
                    bind.doubts.append("what address \(place.host.excerpt) is isn't in the file")
                }
            }
        }
        notes.add(number, bind.doubts.isEmpty ? .used : .notModelled, bind.doubts.first ?? "")
        guard current.map({ $0.binds.count <= ForwardedPorts.maximumForwards }) == true else {
            return
        }
        current?.binds.append(bind)
    }

    // MARK: servers

    private mutating func server(_ words: [String], _ number: Int) {
        guard words.count > 2, section == "listen" || section == "backend" else {
            return refuse(number, "no server of a backend")
        }
        let line = HAProxyServerLine(words, usual: current?.serverWords ?? [])
        if let word = line.strange { return strange(word, number) }
        if let fault = line.fault { return refuse(number, fault) }
        if line.isDown {
            return notes.set(number, .irrelevant, "the server takes no connection")
        }
        keepsClients = keepsClients || line.keepsClients
        current?.servers.append(line.server)
        let doubt = line.doubt ?? line.server.doubts.first
        notes.add(number, doubt == nil ? .used : .notModelled, doubt ?? "")
    }
}
