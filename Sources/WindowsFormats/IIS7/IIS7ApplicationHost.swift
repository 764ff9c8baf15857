import Net
public import Policy
public import PolicyText

/// `applicationHost.config` of IIS 7 to 10, whole or in part, and what `appcmd list config` prints.
public enum IIS7ApplicationHost: ConfigFormat {
    public static let name = "iis7-apphost"
    public static let platform = IIS7Writer.platform

    public static func recognise(_ text: ConfigText) -> Recognition {
        guard text.whole.contains("<"),
            text.mentions("ftpServer") || text.mentions("applicationHost")
        else { return .no }
        for node in XMLNodes(text.whole, limit: 50_000).nodes {
            if node.name == "system.applicationHost" || node.name == "system.ftpServer"
                || node.ends("site", "ftpServer") || node.ends("siteDefaults", "ftpServer")
            {
                return .certain
            }
        }
        return .no
    }

    public static func read(_ text: ConfigText) -> Configuration {
        let xml = XMLNodes(text.whole)
        var reading = Reading(text)
        for index in xml.nodes.indices { reading.take(xml.nodes, index) }
        var notes = reading.notes
        if let fault = reading.model.fault {
            for line in [reading.model.low, reading.model.high].compactMap({ $0?.source.line }) {
                notes.set(line, .invalid, fault)
            }
        }
        for other in reading.model.others {
            notes.set(
                other.source?.line ?? 0, .notModelled,
                "a site of its own, for its address or its TLS differ from the first FTP site's")
        }
        let settings = reading.model.settings(
            in: text, isPart: !reading.isWhole, holdsSites: reading.holdsSites)
        return Configuration(
            file: text.file, format: name, kinds: [.server], server: settings,
            notes: xml.finish(notes, "no setting of the FTP service"))
    }

    public static func fix(_ change: Change, _ configuration: Configuration?) -> Fix? {
        IIS7Writer.fix(change, configuration)
    }

    private struct Reading {
        let text: ConfigText
        var notes: LineNotes
        var model = IIS7Model()
        /// The text holds the section of the range, or would.
        var isWhole = false
        /// The text holds the sites.
        var holdsSites = false

        init(_ text: ConfigText) {
            self.text = text
            notes = LineNotes(text)
        }

        mutating func take(_ nodes: [XMLNodes.Node], _ index: Int) {
            let node = nodes[index]
            let line = node.element.line
            switch node.name {
            case "system.applicationHost":
                isWhole = true
                holdsSites = true
            case "system.ftpServer":
                isWhole = isWhole || !node.path.contains("location")
                notes.add(line, .used)
            case "firewallSupport" where node.ends("system.ftpServer", "firewallSupport"):
                takeRange(nodes, index)
            case "ipSecurity" where node.path.contains("system.ftpServer"),
                "add"
            where node.ends("ipSecurity", "add") && node.path.contains("system.ftpServer"):
                notes.add(line, .notModelled, "restrictions of clients by address aren't read")
            case "site":
                notes.add(line, .irrelevant, "a site")
                if let name = node.element["name"]?.value { model.site(name, text.source(line)) }
            case "binding" where node.element["protocol"]?.value.lowercased() == "ftp":
                bind(nodes, index)
            default:
                if node.path.contains("ftpServer") { takeSite(nodes, index) }
            }
        }

        private mutating func takeRange(_ nodes: [XMLNodes.Node], _ index: Int) {
            let node = nodes[index]
            var above = node.parent
            while let place = above {
                if nodes[place].name == "location",
                    let path = nodes[place].element["path"]?.value, !["", "."].contains(path)
                {
                    notes.add(
                        node.element.line, .invalid,
                        "without effect in a <location>: the range is the whole server's")
                    return
                }
                above = nodes[place].parent
            }
            for attribute in node.element.attributes {
                let value = Setting(attribute.value, text.source(attribute.line))
                switch attribute.name {
                case "lowDataChannelPort": model.setBound(isLow: true, value)
                case "highDataChannelPort": model.setBound(isLow: false, value)
                default: continue
                }
                notes.add(attribute.line, .used)
            }
        }

        /// The site around a node; nil: the defaults of all sites, or none.
        private func site(_ nodes: [XMLNodes.Node], _ index: Int) -> (name: String?, line: Int)? {
            var above = nodes[index].parent
            while let place = above {
                let node = nodes[place]
                if node.name == "siteDefaults" { return (nil, node.element.line) }
                if node.name == "site" {
                    return (node.element["name"]?.value ?? "", node.element.line)
                }
                above = node.parent
            }
            return nil
        }

        private mutating func bind(_ nodes: [XMLNodes.Node], _ index: Int) {
            let node = nodes[index]
            guard let site = site(nodes, index)?.name,
                let information = node.element["bindingInformation"]
            else { return }
            guard let port = IIS7Model.port(information.value) else {
                notes.add(
                    information.line, .invalid,
                    "\(information.value.excerpt) isn't address:port:name")
                return
            }
            model.bind(site, port, text.source(information.line))
            notes.add(information.line, .used)
            if let head = self.site(nodes, index)?.line { notes.set(head, .used) }
        }

        private mutating func takeSite(_ nodes: [XMLNodes.Node], _ index: Int) {
            let node = nodes[index]
            guard let site = site(nodes, index), let start = node.path.firstIndex(of: "ftpServer")
            else { return }
            let path = node.path[(start + 1)...].joined(separator: ".")
            for attribute in node.element.attributes {
                let (state, why) = model.set(
                    "\(path).\(attribute.name)", of: site.name, attribute.value,
                    text.source(attribute.line))
                if state != .irrelevant { notes.add(attribute.line, state, why) }
            }
        }
    }
}

extension IIS7Model {
    /// The port of `address:port:name`, the address of IPv6 in brackets.
    static func port(_ binding: String) -> UInt16? {
        var rest = binding.bare[...]
        if rest.hasPrefix("["), let end = rest.firstIndex(of: "]") { rest = rest[end...] }
        let parts = rest.split(separator: ":", omittingEmptySubsequences: false)
        return parts.count >= 2 ? ServerText.port(parts[1]) : nil
    }
}
