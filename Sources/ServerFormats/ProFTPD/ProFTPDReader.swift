import Net
import Policy
import PolicyText

/// Goes through the directives of a `proftpd.conf` and puts each into its scope.
struct ProFTPDReader {
    /// The main server, a `<VirtualHost>`, or `<Global>`.
    struct Scope {
        var head: ProFTPDDirective?
        /// By name, in the order of the text.
        var said: [String: [(directive: ProFTPDDirective, doubt: String?)]] = [:]
        /// FTP commands that are denied to everybody.
        var denied: [String: ProFTPDDirective] = [:]
        /// FTP commands of which a `<Limit>` says something else.
        var limited: Set<String> = []
    }

    let text: ConfigText
    var notes: LineNotes
    /// The main server first, then the virtual ones.
    private(set) var servers = [Scope()]
    /// The sections `<Global>`: of two that say the same, the later one counts.
    private(set) var globals: [Scope] = []
    /// The first line that keeps the server from starting, and why.
    private(set) var fatal: (source: SourceLine, why: String)?
    /// An `Include` whose files weren't given.
    private(set) var missing: SourceLine?
    /// Why what stands behind a fault in an included file may hold or not.
    private var spoiled: String?
    /// A range of one port alone.
    private(set) var onePort: Setting<UInt16>?

    private let others: [ConfigText]
    private var sections: [Section] = []
    /// Modules that a `LoadModule` names, beside those that are always there.
    private var modules: Set<String> = [
        "mod_core.c", "mod_xfer.c", "mod_auth.c", "mod_auth_unix.c", "mod_auth_file.c",
        "mod_ls.c", "mod_log.c", "mod_site.c", "mod_delay.c", "mod_facts.c",
    ]
    private var defined: Set<String> = []
    /// Lines of the text given first whose `Include` is being read.
    private var including: ClosedRange<Int>?
    private var depth = 0

    /// Sections open at once.
    private static let depthLimit = 256

    private enum Place: Hashable { case main, host(Int), global(Int) }

    private struct Section {
        var directive: ProFTPDDirective
        /// Where its directives go; nil: into no server as a whole.
        var place: Place?
        /// Nothing in it holds.
        var isSkipped = false
        /// Why it may hold or not.
        var doubt: String?
        /// Commands of a `<Limit>`, whether it denies them to all, and whether it lets any pass.
        var limits: [String] = []
        var denies = false
        var isOpen = false
    }

    init(_ text: ConfigText, _ others: [ConfigText]) {
        self.text = text
        self.others = others
        notes = LineNotes(text)
    }

    mutating func readAll() {
        take(text)
        if let open = sections.first {
            stop(open.directive, "the section isn't closed: ProFTPD refuses to start")
        }
    }

    private mutating func take(_ text: ConfigText) {
        for directive in ProFTPDDirective.all(of: text) {
            let (state, why) =
                switch directive.form {
                case .opening: open(directive)
                case .closing: close(directive)
                case .plain: plain(directive)
                }
            mark(directive, state, why)
        }
    }

    /// Says it of the directive's lines; of a file that was included, where it is worth a word, of
    /// the line that includes it.
    mutating func mark(_ directive: ProFTPDDirective, _ state: LineNote.State, _ why: String) {
        if directive.source.file == text.file {
            for line in directive.lines { notes.set(line, state, why) }
        } else if let including, state != .used, state != .irrelevant {
            let place = "\(directive.source.file):\(directive.lines.lowerBound)"
            for line in including { notes.set(line, state, "\(place): \(why)") }
        }
    }

    private mutating func stop(_ directive: ProFTPDDirective, _ why: String) {
        if fatal == nil { fatal = (directive.source, why) }
        mark(directive, .invalid, why)
    }

    private mutating func refuse(
        _ directive: ProFTPDDirective, _ why: String
    ) -> (LineNote.State, String) {
        if let doubt { return (.notModelled, "\(why), if \(doubt)") }
        if fatal == nil { fatal = (directive.source, why) }
        let source = directive.source
        guard source.file != text.file else {
            return (.invalid, "\(why): ProFTPD refuses to start")
        }
        // 1.3.8 starts, reads the file to its end, and nothing behind the Include.
        spoiled = "ProFTPD reads on behind \(source.file):\(source.line ?? 0)"
        return (.invalid, "\(why): ProFTPD refuses to start, or reads no line behind the Include")
    }

    private var doubt: String? { sections.lazy.compactMap(\.doubt).first ?? spoiled }
    private var isSkipped: Bool { sections.contains(where: \.isSkipped) }
    private var place: Place? { sections.last.map(\.place) ?? .main }

    // MARK: sections

    private mutating func open(_ directive: ProFTPDDirective) -> (LineNote.State, String) {
        guard sections.count < Self.depthLimit else {
            return (.notModelled, "nested deeper than is read")
        }
        var section = Section(directive: directive, place: place)
        defer { sections.append(section) }
        if isSkipped { return (.irrelevant, "in a section that doesn't hold") }
        let first = directive.arguments.first ?? ""
        switch directive.name {
        case "virtualhost":
            servers.append(Scope(head: directive))
            section.place = .host(servers.count - 1)
            return (.used, "")
        case "global":
            globals.append(Scope(head: directive))
            section.place = .global(globals.count - 1)
            return (.used, "")
        case "ifmodule", "ifdefine":
            let isModule = directive.name == "ifmodule"
            let negated = first.hasPrefix("!")
            let name = negated ? String(first.dropFirst()) : first
            if (isModule ? modules : defined).contains(name) {
                section.isSkipped = negated
                return negated ? (.irrelevant, "doesn't hold") : (.used, "")
            }
            section.doubt =
                isModule
                ? "\(name.excerpt) is \(negated ? "not " : "")loaded, which isn't known"
                : "\(name.excerpt) is \(negated ? "not " : "")defined, which isn't known"
            return (.used, "")
        case "ifversion":
            section.doubt = "the version fits, which isn't known"
            return (.used, "")
        case "ifclass", "ifuser", "ifgroup", "ifauthenticated":
            section.doubt =
                "it is one of the clients of <\(directive.source.text.bare.stripping("<>"))>"
            return (.used, "")
        case "limit":
            section.limits = directive.arguments.flatMap {
                $0.uppercased().split(separator: ",").map(String.init)
            }
            section.place = nil
            let touches = section.limits.contains { Self.transfers.contains($0) }
            if touches, place == nil {
                return (.notModelled, "for part of the logins or folders only")
            }
            return touches ? (.used, "") : (.irrelevant, "no influence on data connections")
        case "anonymous", "directory", "class":
            section.place = nil
            return (.irrelevant, "of logins, folders or classes of clients")
        default:
            section.place = nil
            return (.notRecognised, "no section of ProFTPD that is known")
        }
    }

    private mutating func close(_ directive: ProFTPDDirective) -> (LineNote.State, String) {
        guard let index = sections.lastIndex(where: { $0.directive.name == directive.name }) else {
            return refuse(directive, "closes nothing that is open")
        }
        // Conditions are only counted, so they may cross other sections.
        let section = sections.remove(at: index)
        if !section.limits.isEmpty, !section.isSkipped { limit(section) }
        return (.irrelevant, "the end of a section")
    }

    private static let transfers: Set<String> = ["PASV", "EPSV", "PORT", "EPRT"]

    private mutating func limit(_ section: Section) {
        guard section.directive.name == "limit", let scope = place else { return }
        let isDenied = section.denies && !section.isOpen && doubt == nil && section.doubt == nil
        for command in section.limits where Self.transfers.contains(command) {
            change(scope) {
                if isDenied {
                    $0.denied[command] = $0.denied[command] ?? section.directive
                } else {
                    $0.limited.insert(command)
                }
            }
        }
    }

    private mutating func change(_ place: Place, _ body: (inout Scope) -> Void) {
        switch place {
        case .main: body(&servers[0])
        case .host(let index): body(&servers[index])
        case .global(let index): body(&globals[index])
        }
    }

    // MARK: directives

    private mutating func plain(_ directive: ProFTPDDirective) -> (LineNote.State, String) {
        if isSkipped { return (.irrelevant, "in a section that doesn't hold") }
        if let last = sections.indices.last, !sections[last].limits.isEmpty {
            let denies = ProFTPDSettings.deniesAll(directive)
            sections[last].denies = sections[last].denies || denies
            // In whatever order they are asked.
            let isRead = denies || directive.name == "order"
            if !isRead { sections[last].isOpen = true }
            let touches = sections[last].limits.contains { Self.transfers.contains($0) }
            if !touches { return (.irrelevant, "no influence on data connections") }
            return isRead ? (.used, "") : (.notModelled, "whom it lets use them isn't read")
        }
        switch directive.name {
        case "include": return include(directive)
        case "loadmodule":
            guard let name = directive.arguments.first else {
                return refuse(directive, "LoadModule names no module")
            }
            guard directive.isOpen || (name.hasPrefix("mod_") && name.hasSuffix(".c")) else {
                return refuse(directive, "\(name.excerpt) isn't the name of a module, mod_….c")
            }
            if doubt == nil { modules.insert(name) }
            return (.used, "")
        case "define":
            if doubt == nil, let name = directive.arguments.first { defined.insert(name) }
            return (.used, "")
        case let name where ProFTPDSettings.shaping.contains(name): return shape(directive)
        case "tlsmasqueradeaddress":
            return (.notModelled, "under TLS another address is announced")
        case "dynmasqrefresh":
            return (.irrelevant, "how often the name to be announced is looked up")
        case "autohostengine" where directive.flag != false,
            "proxyengine" where directive.flag == true:
            return (.notModelled, "other settings are taken for single sessions")
        case "allowoverride" where directive.flag == true:
            return (.irrelevant, "no .ftpaccess file may set the data ports")
        default: break
        }
        if ProFTPDDirectives.known.contains(directive.name) {
            return (.irrelevant, "no influence on who reaches which port")
        }
        if ServerText.isOpen(directive.source.text) {
            return (.notModelled, "a template's placeholder or statement")
        }
        return (
            .notRecognised,
            "no directive of ProFTPD or its usual modules; without a module of its own ProFTPD refuses to start"
        )
    }

    private mutating func shape(_ directive: ProFTPDDirective) -> (LineNote.State, String) {
        guard let place else {
            if directive.name == "tlsrequired" || directive.name == "allowforeignaddress" {
                return (.notModelled, "for part of the logins or folders only")
            }
            return refuse(directive, "not allowed in <\(sections.last?.directive.name ?? "")>")
        }
        let fault = directive.isOpen ? nil : ProFTPDSettings.fault(of: directive)
        if let fault {
            if doubt == nil, onePort == nil, let port = ProFTPDSettings.onePort(of: directive) {
                onePort = Setting(port, directive.source)
            }
            return refuse(directive, fault)
        }
        let doubt = doubt
        let value = directive.arguments.first ?? ""
        change(place) { $0.said[directive.name, default: []].append((directive, doubt)) }
        if directive.isOpen {
            return (.notModelled, "the value comes from the environment or a template")
        }
        if let doubt { return (.notModelled, "holds only if \(doubt)") }
        guard directive.name == "masqueradeaddress" else { return (.used, "") }
        if let address = IPAddress(value), address.family == .v6 {
            return (.invalid, "no IPv4 address: a 227 is sent with what a client can't read")
        }
        guard ServerText.v4(value) == nil, let address = ServerText.aton(value) else {
            return (.used, "")
        }
        return (.used, "taken for \(address), as inet_aton(3) reads it")
    }

    // MARK: other files

    private mutating func include(_ directive: ProFTPDDirective) -> (LineNote.State, String) {
        guard let path = directive.arguments.first else {
            return refuse(directive, "Include names no file")
        }
        let found = others.filter { Self.matches(Self.place(of: $0.file, beside: text.file), path) }
            .sorted { $0.file < $1.file }
        guard !found.isEmpty, depth < 8 else {
            if missing == nil { missing = directive.source }
            return (.notModelled, "the files that it includes weren't given")
        }
        let outer = including
        if directive.source.file == text.file { including = directive.lines }
        depth += 1
        // Whatever the included lines deserve is said of this line, after it was found to be used.
        mark(directive, .used, "")
        for other in found { take(other) }
        depth -= 1
        including = outer
        guard directive.source.file == text.file,
            let state = notes.state(directive.lines.lowerBound),
            state != .used
        else { return (.used, "") }
        return (state, notes.why(directive.lines.lowerBound))
    }

    /// A file's path from the folder of another on, where it lies below.
    static func place(of file: String, beside other: String) -> String {
        guard let slash = other.lastIndex(of: "/") else { return file }
        let folder = other[...slash]
        return file.hasPrefix(folder) ? String(file.dropFirst(folder.count)) : file
    }

    /// Whether the file is one that the path stands for, as far as the file's own path goes.
    static func matches(_ file: String, _ path: String) -> Bool {
        var wanted = path.split(separator: "/").map(String.init)
        if path.hasSuffix("/") { wanted.append("*") }
        let given = file.split(separator: "/").filter { $0 != "." && $0 != ".." }.map(String.init)
        func fits(_ wanted: [String]) -> Bool {
            // A name alone doesn't tell its folder.
            if given.count == 1, wanted.last?.contains("*") == true { return false }
            let count = min(given.count, wanted.count)
            return count > 0
                && zip(given.suffix(count), wanted.suffix(count)).allSatisfy {
                    glob($1[...], $0[...])
                }
        }
        return fits(wanted) || fits(wanted + ["*"])
    }

    /// `*` stands for any characters, `?` for one.
    static func glob(_ pattern: Substring, _ name: Substring) -> Bool {
        var pattern = pattern
        var name = name
        var retry: (pattern: Substring, name: Substring)?
        while !name.isEmpty {
            if let mark = pattern.first, mark == name.first || mark == "?" {
                pattern.removeFirst()
                name.removeFirst()
            } else if pattern.first == "*" {
                pattern.removeFirst()
                retry = (pattern, name)
            } else if var (rest, later) = retry {
                later.removeFirst()
                (pattern, name) = (rest, later)
                retry = (rest, later)
                rest = ""
            } else {
                return false
            }
        }
        return pattern.allSatisfy { $0 == "*" }
    }
}
