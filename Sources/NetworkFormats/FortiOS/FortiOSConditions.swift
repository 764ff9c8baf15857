import PolicyText

/// What narrows a policy beyond what is read of it.
extension FortiOSReader {
    /// Settings of a policy that may change whom it matches, or when it is in force: all that
    /// aren't known to be without influence.
    func conditions(_ node: Int) -> [String] {
        tree.children(node).compactMap { setting in
            let key = tree.name(setting)
            let values = tree.children(setting).map(tree.name)
            return Self.isIdle(key, values) ? nil : key
        }
    }

    /// Settings of a virtual address that may change what it translates, in the same way.
    func translationConditions(_ node: Int) -> [String] {
        tree.children(node).compactMap { setting in
            let key = tree.name(setting)
            let values = tree.children(setting).map(tree.name)
            if Self.ofTranslations.contains(key) { return nil }
            if let usual = Self.usual[key] { return values == [usual] ? nil : key }
            return Self.isOff(values) ? nil : key
        }
    }

    /// Read of a virtual address, or without influence on what it translates.
    private static let ofTranslations: Set = [
        "extintf", "extip", "extport", "mappedip", "mappedport", "portforward", "protocol",
        "status",
        "type",
        "add-nat46-route", "add-nat64-route", "arp-reply", "color", "comment", "dns-mapping-ttl",
        "gratuitous-arp-interval", "id", "name", "nat-source-vip", "ndp-reply", "uuid",
    ]
    /// Settings of a virtual address with the value that changes nothing.
    private static let usual = [
        "nat44": "enable", "nat66": "enable", "portmapping-type": "1-to-1",
    ]

    private static func isOff(_ values: [String]) -> Bool {
        values.allSatisfy { $0.isEmpty || $0 == "''" } || values == ["disable"]
    }

    private static func isIdle(_ key: String, _ values: [String]) -> Bool {
        if understood.contains(key) || withoutInfluence.contains(key) { return true }
        if isOff(values) { return true }
        if idleAtZero.contains(key), let value = values.first { return zeros.contains(value) }
        return false
    }

    /// What the policies' reader looks at itself.
    private static let understood: Set = [
        "action", "dstaddr", "dstaddr6", "dstintf", "match-vip", "schedule", "send-deny-packet",
        "service", "srcaddr", "srcaddr6", "srcintf", "status",
    ]

    /// Conditions that are none while they are zero.
    private static let idleAtZero: Set = [
        "policy-expiry-date", "policy-expiry-date-utc", "reputation-minimum",
        "reputation-minimum6", "tos-mask",
    ]
    private static let zeros: Set = ["0", "0x0", "0x00", "0000-00-00"]

    /// Names, logs, the sender's translation, shaping, profiles, and details of conditions that a
    /// setting of its own switches on.
    private static let withoutInfluence: Set = [
        // Names and looks.
        "color", "comments", "global-label", "label", "name", "policyid",
        "replacemsg-override-group", "tags", "uuid",
        // Logs and copies.
        "block-notification", "capture-packet", "custom-log-fields", "decrypted-traffic-mirror",
        "log-http-transaction", "log-unmatched-traffic", "logtraffic", "logtraffic-app",
        "logtraffic-start", "ssl-mirror", "ssl-mirror-intf",
        // The sender's translation.
        "central-nat", "fixedport", "ippool", "nat", "natip",
        "natinbound", "natoutbound", "pcp-inbound", "pcp-outbound", "pcp-poolname", "poolname",
        "poolname6", "port-preserve", "port-random",
        // How what passes is carried.
        "anti-replay", "auto-asic-offload", "delay-tcp-npu-session", "diffserv-copy",
        "diffserv-forward", "diffserv-reverse", "diffservcode-forward", "diffservcode-rev",
        "dynamic-shaping", "fec", "firewall-session-dirty", "np-acceleration", "np-accelation",
        "passive-wan-health-measurement", "per-ip-shaper", "permit-any-host", "permit-stun-host",
        "schedule-timeout", "session-ttl", "tcp-mss-receiver",
        "tcp-mss-sender", "tcp-session-without-syn", "timeout-send-rst", "traffic-shaper",
        "traffic-shaper-reverse", "vlan-cos-fwd", "vlan-cos-rev", "wanopt", "wanopt-detection",
        "wanopt-passive-opt", "wanopt-peer", "wanopt-profile", "wccp", "webcache",
        "webcache-https", "webproxy-forward-server", "webproxy-profile",
        // Security profiles, which aren't judged.
        "app-monitor", "application-list", "av-profile", "casb-profile", "cifs-profile",
        "deep-inspection-options", "diameter-filter-profile", "dlp-profile", "dlp-sensor",
        "dnsfilter-profile", "dsri", "emailfilter-profile", "file-filter-profile", "gtp-profile",
        "icap-profile", "inspection-mode", "ips-sensor", "ips-voip-filter", "mms-profile",
        "pfcp-profile", "profile-group", "profile-protocol-options", "profile-type",
        "scan-botnet-connections", "sctp-filter-profile", "spamfilter-profile",
        "ssh-filter-profile", "ssl-ssh-profile", "telemetry-profile", "utm-inspection-mode",
        "utm-status", "videofilter-profile", "virtual-patch-profile", "voip-profile",
        "waf-profile", "webfilter-profile",
        // Of users, whose groups are the condition.
        "auth-cert", "auth-redirect-addr", "captive-portal-exempt", "redirect-url", "wsso",
        // Details of services of the Internet, of geography (addresses that are unknown), of tags.
        "geoip-anycast", "geoip-match", "reputation-direction", "reputation-direction6", "sgt",
        "tos", "ztna-tags-match-logic",
        "internet-service-custom", "internet-service-custom-group", "internet-service-fortiguard",
        "internet-service-group", "internet-service-id", "internet-service-name",
        "internet-service-negate", "internet-service-src-custom",
        "internet-service-src-custom-group", "internet-service-src-fortiguard",
        "internet-service-src-group", "internet-service-src-id", "internet-service-src-name",
        "internet-service-src-negate", "internet-service6-custom",
        "internet-service6-custom-group", "internet-service6-fortiguard",
        "internet-service6-group", "internet-service6-name", "internet-service6-negate",
        "internet-service6-src-custom", "internet-service6-src-custom-group",
        "internet-service6-src-fortiguard", "internet-service6-src-group",
        "internet-service6-src-name", "internet-service6-src-negate",
    ]
}
