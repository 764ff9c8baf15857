import Foundation
import FoundationXML
import Net
import Policy
import Testing

@testable import PolicyFormats

/// `appcmd` on `applicationHost.config`.
@Suite struct IIS7RoundTripTests {
    static let trip = ServerTrip(format: IIS7ApplicationHost.self, file: "applicationHost.config") {
        commands, text, _ in
        let document = try XMLDocument(xmlString: text, options: [])
        for command in commands where !command.hasPrefix("REM ") {
            try carryOut(command, on: document)
        }
        return document.xmlString(options: [.nodePrettyPrint])
    }

    static func carryOut(_ command: String, on document: XMLDocument) throws {
        let appcmd = #"%windir%\system32\inetsrv\appcmd.exe set config "#
        let range =
            /-section:system\.ftpServer\/firewallSupport \/lowDataChannelPort:"(\d+)" \/highDataChannelPort:"(\d+)" \/commit:apphost/
        let site =
            /-section:system\.applicationHost\/sites "\/(\[name='([^']*)'\]|siteDefaults)\.ftpServer\.([\w.]+):([^"]*)" \/commit:apphost/
        guard command.hasPrefix(appcmd) else { throw Refused(command) }
        let rest = String(command.dropFirst(appcmd.count))
        if let match = try range.wholeMatch(in: rest) {
            let place = try element(["system.ftpServer", "firewallSupport"], in: document)
            set("lowDataChannelPort", String(match.1), on: place)
            set("highDataChannelPort", String(match.2), on: place)
        } else if let match = try site.wholeMatch(in: rest) {
            let path = match.3.split(separator: ".").map(String.init)
            let head = match.2.map { "site[@name='\($0)']" } ?? "siteDefaults"
            let steps = ["system.applicationHost", "sites", head, "ftpServer"] + path.dropLast()
            let place = try element(steps, in: document)
            set(path[path.count - 1], String(match.4), on: place)
        } else {
            throw Refused(command)
        }
    }

    /// The element, made where it isn't there; a site must be there.
    private static func element(_ steps: [String], in document: XMLDocument) throws -> XMLElement {
        guard var place = document.rootElement() else { throw Refused("no document") }
        for step in steps {
            if let child = try place.nodes(forXPath: step).first as? XMLElement {
                place = child
                continue
            }
            guard !step.contains("[") else { throw Refused("no such site: \(step)") }
            let child = XMLElement(name: step)
            place.addChild(child)
            place = child
        }
        return place
    }

    private static func set(_ name: String, _ value: String, on element: XMLElement) {
        element.removeAttribute(forName: name)
        let attribute = XMLNode(kind: .attribute)
        attribute.name = name
        attribute.stringValue = value
        element.addAttribute(attribute)
    }

    static func document(range: String = "", sites: String = "", defaults: String = "") -> String {
        """
        <?xml version="1.0" encoding="UTF-8"?>
        <configuration>
          <system.applicationHost><sites>\(sites)<siteDefaults>\(defaults)</siteDefaults></sites></system.applicationHost>
          <system.ftpServer>\(range)</system.ftpServer>
        </configuration>
        """
    }

    static func site(_ name: String, _ inner: String = "") -> String {
        """

        <site name="\(name)" id="2">
          <bindings><binding protocol="ftp" bindingInformation="*:2121:" /></bindings>
          <ftpServer>\(inner)</ftpServer>
        </site>

        """
    }

    @Test(arguments: [
        document(sites: site("ftp")),
        document(
            range: #"<firewallSupport lowDataChannelPort="40000" highDataChannelPort="40010" />"#,
            sites: site(
                "ftp",
                #"<firewallSupport externalIp4Address="192.0.2.1" /><security><ssl serverCertHash="AB12" controlChannelPolicy="SslAllow" dataChannelPolicy="SslAllow" /></security>"#
            )),
        document(
            sites: site("a b")
                + "<site name=\"web\" id=\"1\"><bindings><binding protocol=\"http\" bindingInformation=\"*:80:\" /></bindings></site>\n",
            defaults:
                #"<ftpServer><security><ssl serverCertHash="AB12" controlChannelPolicy="SslRequire" dataChannelPolicy="SslRequire" /></security></ftpServer>"#
        ),
        document(
            sites: site(
                "ftp",
                #"<security><dataChannelSecurity matchClientAddressForPort="false" matchClientAddressForPasv="false" /></security>"#
            )),
    ])
    func `appcmd changes the configuration`(_ text: String) throws {
        for change in ServerTrip.changes where change != .refuseActive {
            // Without a certificate it has no TLS to offer, whatever is set.
            let hasTLS = change != .requireTLS || text.contains("serverCertHash")
            try Self.trip.check(change, on: text, wanted: hasTLS ? nil : [:])
        }
    }
}
