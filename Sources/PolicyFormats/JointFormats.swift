import HostFormats
import Policy
import PolicyText
import ServerFormats
import WindowsFormats

/// The formats of which several files are read as one: a line each.
enum JointFormats {
    static let all: [any JointFormat.Type] = [
        AzureNSG.self, Ufw.self, UfwStatus.self, Firewalld.self, FirewallCmd.self,
        NetshAdvancedFirewallShow.self, NetFirewallRule.self, IPTablesFamilies.self,
    ]

    /// The one of which all the files are; nil where there is none.
    static func format(of texts: [ConfigText], as name: String?) -> (any JointFormat.Type)? {
        all.first { format in
            if let name, format.name != name { return false }
            return name != nil && !format.joinsFiles || format.takes(texts)
        }
    }

    /// Why files can't be taken together, of which one is of such a format: another would go unread.
    static func refusal(of texts: [ConfigText]) -> Formats.Refusal? {
        for format in all where !format.joinsFiles {
            let own = texts.filter { format.recognise($0) == .certain }
            guard let first = own.first, own.count < texts.count else { continue }
            return .notTogether(file: first.file, format: format.name)
        }
        return nil
    }
}
