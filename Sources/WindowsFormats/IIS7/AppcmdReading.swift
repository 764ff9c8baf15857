import Policy
import PolicyText

/// What `appcmd` commands change of the FTP service.
enum AppcmdReading {
    static func isAppcmd(_ program: String) -> Bool {
        let name = program.lowercased()
        return name.hasSuffix("appcmd") || name.hasSuffix("appcmd.exe")
    }

    /// Takes one command without the program itself, words in quotation marks as they stand.
    static func take(
        _ words: [String], _ source: SourceLine, _ model: inout IIS7Model
    ) -> (LineNote.State, String) {
        let words = words.map { $0.filter { !"\"“”".contains($0) } }
        guard let verb = words.first?.lowercased(), words.count > 1 else { return nothing }
        var section = ""
        var object = ""
        var options: [(name: String, value: String)] = []
        for word in words.dropFirst(2) {
            guard word.hasPrefix("/") || word.hasPrefix("-") else {
                if object.isEmpty { object = word }
                continue
            }
            let (name, value) = split(word.dropFirst())
            switch name.lowercased() {
            case "section": section = value.lowercased()
            case "commit": break
            case "site.name", "name", "apppath", "site":
                if words[1].lowercased() == "site" || name.lowercased() == "site.name" {
                    object = value
                }
            default: options.append((name, value))
            }
        }
        switch (verb, words[1].lowercased()) {
        case ("set", "config"), ("clear", "config"), ("reset", "config"):
            return config(verb, section, object, options, source, &model)
        case ("set", "site"), ("add", "site"):
            return site(object, options, source, &model)
        default: return nothing
        }
    }

    private static let nothing: (LineNote.State, String) = (
        .irrelevant, "changes nothing that is read"
    )

    /// `name:value`; a colon within brackets belongs to the name.
    private static func split(_ word: Substring) -> (String, String) {
        var depth = 0
        for index in word.indices {
            switch word[index] {
            case "[": depth += 1
            case "]": depth -= 1
            case ":" where depth == 0:
                return (String(word[..<index]), String(word[word.index(after: index)...]))
            default: break
            }
        }
        return (String(word), "")
    }

    private static func config(
        _ verb: String, _ section: String, _ object: String,
        _ options: [(name: String, value: String)], _ source: SourceLine,
        _ model: inout IIS7Model
    ) -> (LineNote.State, String) {
        switch section {
        case "system.ftpserver/firewallsupport":
            guard object.isEmpty || object.lowercased().hasPrefix("machine/") else {
                return (.invalid, "the range is the whole server's, not a site's")
            }
            if verb != "set" {
                model.clearRange()
                return (.used, "")
            }
            return join(options.map { range($0.name, $0.value, source, &model) })
        case "system.applicationhost/sites", "sites":
            guard verb == "set" else {
                model.doubtRange("sites are cleared")
                return (.notModelled, "what it takes away isn't read")
            }
            return join(options.map { attribute($0.name, $0.value, nil, source, &model) })
        case let it where it.hasPrefix("system.ftpserver/security/ipsecurity"):
            return (.notModelled, "restrictions of clients by address aren't read")
        default: return nothing
        }
    }

    private static func site(
        _ name: String, _ options: [(name: String, value: String)], _ source: SourceLine,
        _ model: inout IIS7Model
    ) -> (LineNote.State, String) {
        join(
            options.map { option in
                guard option.name.lowercased() == "bindings" else {
                    return attribute(option.name, option.value, name, source, &model)
                }
                var result = nothing
                for binding in option.value.split(separator: ",") {
                    let plain = binding.replacing("://", with: "/")
                    let parts = plain.split(separator: "/", maxSplits: 1).map(String.init)
                    guard parts.count == 2, parts[0].same("ftp") else { continue }
                    guard let port = IIS7Model.port(parts[1]) else {
                        return (.invalid, "\(binding.excerpt) isn't ftp/address:port:")
                    }
                    model.bind(name, port, source)
                    result = (.used, "")
                }
                return result
            })
    }

    /// One bound of the range.
    static func range(
        _ name: String, _ value: String, _ source: SourceLine, _ model: inout IIS7Model
    ) -> (LineNote.State, String) {
        let isLow = name.same("lowDataChannelPort")
        guard isLow || name.same("highDataChannelPort") else { return nothing }
        if let unknown = Unknown.name(in: value) {
            model.doubtRange("it depends on \(unknown), which isn't known")
            return (.notModelled, "it depends on \(unknown), which isn't known")
        }
        model.setBound(isLow: isLow, Setting(value, source))
        return ServerText.number(value).map { $0 == 0 || (1025...65535).contains($0) } == true
            ? (.used, "") : (.invalid, "\(value.excerpt) is neither 0 nor a port from 1025 up")
    }

    /// An attribute of the sites: `siteDefaults.ftpServer.…`, `[name='x'].ftpServer.…`, or of one site.
    private static func attribute(
        _ name: String, _ value: String, _ site: String?, _ source: SourceLine,
        _ model: inout IIS7Model
    ) -> (LineNote.State, String) {
        var path = name[...]
        var site = site
        let sign = path.first
        if sign == "+" || sign == "-" { path = path.dropFirst() }
        if path.hasPrefix("["), let end = path.firstIndex(of: "]") {
            site = quoted("name", in: path[..<end])
            path = path[path.index(after: end)...].drop { $0 == "." }
        } else if path.lowercased().hasPrefix("sitedefaults.") {
            site = nil
            path = path.dropFirst("sitedefaults.".count)
        } else if site == nil {
            return nothing
        }
        if sign == "-" {
            model.doubtRange("something is taken away, which isn't read")
            return (.notModelled, "what it takes away isn't read")
        }
        let lower = path.lowercased()
        if lower.hasPrefix("bindings."), let site {
            guard quoted("protocol", in: path)?.same("ftp") == true else { return nothing }
            guard let port = quoted("bindingInformation", in: path).flatMap(IIS7Model.port) else {
                return (.invalid, "names no port")
            }
            model.bind(site, port, source)
            return (.used, "")
        }
        guard lower.hasPrefix("ftpserver.") else { return nothing }
        return model.set(String(path.dropFirst("ftpserver.".count)), of: site, value, source)
    }

    /// The value of `name='value'` among those in brackets.
    private static func quoted(_ name: String, in text: Substring) -> String? {
        for part in text.split(whereSeparator: { "[],".contains($0) }) {
            let pair = part.split(separator: "=", maxSplits: 1)
            if pair.count == 2, pair[0].bare.same(name) { return pair[1].bare.stripping("'") }
        }
        return nil
    }

    /// What a line comes to of which parts were judged: its worst part that is worth a word.
    static func join(_ parts: [(LineNote.State, String)]) -> (LineNote.State, String) {
        for state in [LineNote.State.invalid, .notModelled, .notRecognised, .used] {
            if let part = parts.first(where: { $0.0 == state }) { return part }
        }
        return nothing
    }
}
