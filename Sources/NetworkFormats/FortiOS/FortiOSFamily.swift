import Net

/// Where policies and objects of one family of addresses stand: `srcaddr` and `firewall address`,
/// or `srcaddr6` and `firewall address6` (docs.fortinet.com, CLI reference).
struct FortiOSFamily {
    let all: AddressSet
    /// What the names of its objects' sections end in, and the settings of policies.
    private let objects: String
    private let settings: String
    /// Whether policies name the other family's addresses too.
    private let isShared: Bool

    static let v4 = FortiOSFamily(all: .allV4, objects: "", settings: "", isShared: true)
    static let v6 = FortiOSFamily(all: .allV6, objects: "6", settings: "6", isShared: true)
    /// In policies of IPv6 alone (`firewall policy6`, before FortiOS 6.4).
    static let v6Alone = FortiOSFamily(all: .allV6, objects: "6", settings: "", isShared: false)

    var addresses: String { "firewall address\(objects)" }
    var groups: String { "firewall addrgrp\(objects)" }
    var translations: String { "firewall vip\(objects)" }
    var translationGroups: String { "firewall vipgrp\(objects)" }

    var source: String { "srcaddr\(settings)" }
    var destination: String { "dstaddr\(settings)" }
    var service: String { "internet-service\(settings)" }

    /// The name that a virtual address leaves on what it carried.
    func tag(_ name: String) -> String { "vip\(objects) \(name)" }

    /// Whether a setting negates addresses of the other family.
    func isOfOther(_ setting: String) -> Bool {
        let others = settings.isEmpty ? "addr6-negate" : "addr-negate"
        return isShared && setting.hasSuffix(others)
    }

    /// Sections of addresses and their groups.
    static let objects = [v4, v6].flatMap { [$0.addresses, $0.groups, $0.translationGroups] }
}
