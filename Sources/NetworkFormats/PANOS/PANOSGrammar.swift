/// The statements of PAN-OS that are read, and those that make no difference.
enum PANOSGrammar {
    typealias Grammar = ConfigGrammar

    static let root: Grammar = {
        let device = system.with(["vsys": .named(system.inner), "shared": system])
        let top = device.with(["devices": .named(device.inner)])
        return top.with(["config": top])
    }()

    /// Objects and rules of a virtual system, and the network of a device.
    private static let system: Grammar = .block([
        "address": .named(
            Grammar.all(["ip-netmask", "ip-range", "fqdn", "ip-wildcard", "description", "tag"])),
        "address-group": .named([
            "static": .value, "dynamic": .open, "description": .value, "tag": .value,
        ]),
        "service": service,
        "service-group": .named(Grammar.all(["members", "tag"])),
        "zone": .named([
            "network": .block(
                Grammar.all([
                    "layer3", "layer2", "virtual-wire", "tap", "zone-protection-profile",
                    "log-setting",
                ]))
        ]),
        "network": .block([
            "interface": .block([
                "ethernet": physical, "aggregate-ethernet": physical, "vlan": logical,
                "loopback": logical, "tunnel": logical,
            ]),
            "virtual-router": .named([
                "routing-table": .block(["ip": .block(["static-route": route])])
            ]),
        ]),
        "rulebase": .block([
            "security": .block(["rules": rule]), "nat": .block(["rules": translation]),
        ]),
    ])

    private static let unit = Grammar.named(layer)
    private static let layer = Grammar.all([
        "ip", "mtu", "tag", "comment", "interface-management-profile",
    ])
    private static let logical = Grammar.block(layer).with(["units": unit])
    private static let physical = Grammar.named(["layer3": logical, "comment": .value])
    private static let route = Grammar.named(
        Grammar.all(["interface", "destination", "metric", "admin-dist"])
    ).with(["nexthop": .block(["ip-address": .value])])

    static let service: Grammar = {
        let timeouts = Grammar.all(["timeout", "halfclose-timeout", "timewait-timeout"])
        let ports = Grammar.block([
            "port": .value, "source-port": .value,
            "override": .block(["no": .flag, "yes": .block(timeouts)]),
        ])
        return .named([
            "protocol": .block(["tcp": ports, "udp": ports]), "description": .value,
            "tag": .value,
        ])
    }()

    // MARK: rules

    /// Without influence on what a rule matches and does with a connection's first packet.
    private static let idle = Grammar.all([
        "description", "tag", "group-tag", "uuid", "disabled",
    ])
    static let rule = Grammar.named(
        Grammar.all([
            "from", "to", "source", "destination", "application", "service", "action",
            "log-start", "log-end", "log-setting", "icmp-unreachable", "disable-inspect",
        ])
    ).with(Grammar.all(conditions.map(\.key))).with(idle).with([
        "option": .block(["disable-server-response-inspection": .value]),
        "profile-setting": .block(["group": .value, "profiles": .block(Grammar.all(profiles))]),
        "qos": .block([
            "marking": .block([
                "ip-dscp": .value, "ip-precedence": .value, "follow-c2s-flow": .flag,
            ])
        ]),
    ])
    private static let profiles = [
        "virus", "spyware", "vulnerability", "url-filtering", "file-blocking",
        "wildfire-analysis", "data-filtering", "gtp", "sctp",
    ]

    /// Conditions that aren't judged, and the value with which they ask for nothing.
    static let conditions: [(key: String, idle: String)] = [
        ("negate-source", "no"), ("negate-destination", "no"), ("source-user", "any"),
        ("category", "any"), ("rule-type", "universal"), ("source-hip", "any"),
        ("destination-hip", "any"), ("hip-profiles", "any"), ("schedule", ""),
        ("source-device", "any"), ("destination-device", "any"), ("source-imsi", "any"),
        ("source-imei", "any"), ("source-nw-slice", "any"),
    ]

    static let translation = Grammar.named([
        "from": .value, "to": .value, "source": .value, "destination": .value,
        "service": .value, "to-interface": .value, "nat-type": .value,
        "source-translation": .block([
            "static-ip": .block(Grammar.all(["translated-address", "bi-directional"])),
            "dynamic-ip": .block(["translated-address": .value, "fallback": .open]),
            "dynamic-ip-and-port": .block([
                "translated-address": .value,
                "interface-address": .block(Grammar.all(["interface", "ip", "floating-ip"])),
            ]),
        ]),
        "destination-translation": .block([
            "translated-address": .value, "translated-port": .value,
            "dns-rewrite": .block(["direction": .value]),
        ]),
        "dynamic-destination-translation": .block(
            Grammar.all(["translated-address", "translated-port", "distribution"])),
    ]).with(idle)
}
