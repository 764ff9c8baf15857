import Foundation
import FoundationXML
import Net
import Policy
import Testing

@testable import PolicyFormats

/// Servers that keep their settings in XML, and one that keeps them in a program.
@Suite struct FileServerRoundTripTests {
    /// The comments of XML as those of a file of settings.
    static func plain(_ commands: [String], _ text: String) -> [String] {
        let lines = text.trippedLines
        return commands.map { command in
            if let match = command.wholeMatch(of: /<!-- in place of line (\d+) -->/),
                let number = Int(match.1), lines.indices.contains(number - 1)
            {
                return "# in place of line \(number): \(lines[number - 1].bare)"
            }
            if let match = command.wholeMatch(of: /<!-- take out (?:the item )?(.*) -->/) {
                return "# take out the line that sets \(match.1)"
            }
            return command.hasPrefix("<!-- in ") ? "# in the file" : command
        }
    }

    static let nine = ServerTrip(format: FileZilla09.self, file: "FileZilla Server.xml") {
        var file = SettingsFile { line in
            line.firstMatch(of: /<Item name="([^"]*)"/).map { String($0.1) }
        }
        file.closing = "</Settings>"
        return try file.carryOut(plain($0, $1), on: $1, takingBack: $2)
    }

    static func items(_ items: [(String, String)]) -> String {
        let lines = items.map { "        <Item name=\"\($0.0)\" type=\"numeric\">\($0.1)</Item>" }
        return
            (["<FileZillaServer>", "    <Settings>"] + lines + ["    </Settings>"]
            + ["</FileZillaServer>"]).joined(separator: "\n") + "\n"
    }

    @Test(arguments: [
        items([("Serverports", "21")]),
        items([
            ("Serverports", "2121"), ("Use custom PASV ports", "1"),
            ("Custom PASV min port", "40000"), ("Custom PASV max port", "40010"),
            ("Custom PASV IP type", "1"), ("Custom PASV IP", "192.0.2.1"), ("Enable SSL", "1"),
            ("Force explicit SSL", "0"), ("Check data connection IP", "0"),
        ]),
    ])
    func `FileZilla Server 0.9 takes its items`(_ text: String) throws {
        for change in ServerTrip.changes where change != .refuseActive {
            try Self.nine.check(change, on: text)
        }
    }

    /// Elements put where the comment says, in place of those of their name.
    static let one = ServerTrip(format: FileZilla1.self, file: "settings.xml") {
        commands, text, _ in
        let document = try XMLDocument(xmlString: text, options: [])
        guard let head = commands.first else { return text }
        let paths = [
            "<!-- in ftp_server/session/pasv of settings.xml, in place of what is there -->":
                "/filezilla/ftp_server/session/pasv",
            "<!-- in each listener of ftp_server of settings.xml -->":
                "/filezilla/ftp_server/listener",
        ]
        guard let path = paths[head] else { throw Refused(head) }
        let places = try document.nodes(forXPath: path).compactMap { $0 as? XMLElement }
        guard !places.isEmpty else { throw Refused("no \(path)") }
        for place in places {
            let body = commands.dropFirst().joined()
            if let match = body.wholeMatch(of: /<!-- take out (\w+) -->/) {
                for old in place.elements(forName: String(match.1)) { old.detach() }
                continue
            }
            let new = try XMLDocument(xmlString: "<a>\(body)</a>", options: [])
            for child in new.rootElement()?.children ?? [] {
                for old in place.elements(forName: child.name ?? "") { old.detach() }
                child.detach()
                place.addChild(child)
            }
        }
        return document.xmlString(options: [.nodePrettyPrint])
    }

    static func settings(_ pasv: String, _ mode: String) -> String {
        """
        <?xml version="1.0" encoding="UTF-8"?>
        <filezilla xmlns:fz="https://filezilla-project.org" fz:product_flavour="standard">
          <ftp_server>
            <listener><port>2121</port><tls_mode>\(mode)</tls_mode></listener>
            <session><pasv>\(pasv)</pasv></session>
          </ftp_server>
        </filezilla>
        """
    }

    @Test(arguments: [
        settings("", "0"), settings("<host_override>192.0.2.1</host_override>", "2"),
        settings("<port_range><min>40000</min><max>40010</max></port_range>", "1"),
    ])
    func `FileZilla Server 1 takes its elements`(_ text: String) throws {
        for change in ServerTrip.changes.prefix(4) { try Self.one.check(change, on: text) }
    }

    static let crush = ServerTrip(format: CrushFTP.self, file: "prefs.XML") {
        var file = SettingsFile { line in
            line.bare.firstMatch(of: /^<(pasv_ports|server_ip)>/).map { String($0.1) }
        }
        file.closing = "</server_list_subitem>"
        return try file.carryOut(plain($0, $1), on: $1, takingBack: $2)
    }

    static func preferences(_ lines: [String]) -> String {
        ([
            "<server_prefs type=\"properties\">", "<server_list type=\"vector\">",
            "<server_list_subitem type=\"properties\">", "<serverType>FTP</serverType>",
            "<port>2121</port>",
        ] + lines + ["</server_list_subitem>", "</server_list>", "</server_prefs>"])
        .joined(separator: "\n") + "\n"
    }

    @Test(arguments: [
        preferences([]),
        preferences(["<pasv_ports>40000-40010</pasv_ports>", "<server_ip>192.0.2.1</server_ip>"]),
    ])
    func `CrushFTP takes its elements`(_ text: String) throws {
        for change in ServerTrip.changes.prefix(3) { try Self.crush.check(change, on: text) }
    }

    static let python = ServerTrip(format: PyFTPdLib.self, file: "server.py") {
        commands, text, made in
        // A block's lines stand at its indent, or the program doesn't run.
        for command in commands where !command.hasPrefix("#") {
            guard command.prefix(while: { $0 == " " }).count == indent(of: text) else {
                throw Refused("IndentationError: \(command)")
            }
        }
        var file = SettingsFile { line in
            line.firstMatch(of: /^\s*(?:\w+\.)?(\w+)\s=/).map { String($0.1) }
        }
        file.closing = "server = FTPServer"
        return try file.carryOut(commands, on: text, takingBack: made)
    }

    static func indent(of program: String) -> Int {
        program.contains("def main") ? 4 : 0
    }

    static func program(_ lines: [String], inFunction: Bool = false) -> String {
        let body =
            ["handler = FTPHandler"] + lines + ["server = FTPServer((\"\", 2121), handler)"]
            + ["server.serve_forever()"]
        return
            ([
                "from pyftpdlib.handlers import FTPHandler",
                "from pyftpdlib.servers import FTPServer",
            ]
            + (inFunction ? ["def main():"] + body.map { "    " + $0 } : body))
            .joined(separator: "\n") + "\n"
    }

    @Test(arguments: [
        program([]),
        program([
            "handler.passive_ports = range(40000, 40011)",
            "handler.permit_foreign_addresses = True",
        ]),
        program(["handler.masquerade_address = \"192.0.2.1\""], inFunction: true),
        program(["handler.passive_ports = range(40000, 40011)"], inFunction: true),
    ])
    func `a program of pyftpdlib takes its lines`(_ text: String) throws {
        for change in ServerTrip.changes where change != .refuseActive && change != .requireTLS {
            try Self.python.check(change, on: text)
        }
    }
}
