/// The statements of Junos that are read, and those that make no difference.
enum JunosGrammar {
    typealias Grammar = ConfigGrammar

    static let root = Grammar.block([
        "interfaces": .named(["unit": .named(["family": .block(Grammar.all(families, family))])]),
        "firewall": .block([
            "filter": filter, "family": .block(Grammar.all(families, .block(["filter": filter]))),
        ]),
        "routing-options": .block([
            "static": .block([
                "route": .named(
                    Grammar.all(["next-hop", "qualified-next-hop", "preference", "metric", "tag"])
                ).with(Grammar.all(["no-readvertise", "retain", "install"], .flag))
            ])
        ]),
        "security": .block([
            "zones": .block([
                "security-zone": .named([
                    "interfaces": .named([:]), "address-book": .block(book),
                    "description": .value, "screen": .value,
                ])
            ]),
            "address-book": .named(book).with(["attach": .block(["zone": .value])]),
            "nat": .block(["static": translations, "destination": translations]),
            "policies": .block([
                "from-zone": .named(["to-zone": .named(["policy": policy])]),
                "global": .block(["policy": policy]),
                "default-policy": .block(Grammar.all(["permit-all", "deny-all"], .flag)),
            ]),
        ]),
        "applications": .block(["application": application, "application-set": applicationSet]),
    ])

    private static let families = ["inet", "inet6"]
    private static let family = Grammar.block([
        "address": .named([:]),
        "filter": .block(Grammar.all(["input", "output", "input-list", "output-list"])),
    ])
    private static let range = Grammar.value(["to": .value])

    // MARK: filters

    private static let filter = Grammar.named(["term": term, "interface-specific": .flag])
    static let term = Grammar.named(["from": conditions, "then": actions])
    private static let addresses = [
        "source-address", "destination-address", "source-prefix-list", "destination-prefix-list",
    ]
    private static let conditions = Grammar.block(
        Grammar.all([
            "protocol", "next-header", "payload-protocol", "protocol-except", "destination-port",
            "source-port", "destination-port-except", "icmp-type", "icmp-code",
        ])
    ).with(Grammar.all(addresses, .value(["except": .flag])))
        .with(
            Grammar.all(["tcp-established", "tcp-initial", "is-fragment", "first-fragment"], .flag))
    private static let actions = Grammar.block(
        Grammar.all([
            "next", "count", "loss-priority", "forwarding-class", "policer", "dscp",
            "routing-instance",
        ])
    ).with(Grammar.all(["accept", "log", "syslog", "sample", "packet-mode", "next-term"], .flag))
        .with(Grammar.all(["discard", "reject", "port-mirror", "three-color-policer"], .open))

    // MARK: objects

    private static let book: [String: Grammar] = [
        "address": .named([
            "range-address": range, "dns-name": .value, "wildcard-address": .value,
            "description": .value,
        ]),
        "address-set": .named(Grammar.all(["address", "address-set", "description"])),
    ]
    private static let part = Grammar.named(
        Grammar.all([
            "protocol", "destination-port", "source-port", "application-protocol", "alg",
            "inactivity-timeout", "description", "icmp-type", "icmp-code", "icmp6-type",
            "icmp6-code",
        ]))
    static let application = part.with(["term": part])
    private static let applicationSet = Grammar.named(
        Grammar.all(["application", "application-set", "description"]))

    // MARK: policies and translations

    static let policy = Grammar.named([
        "description": .value, "scheduler-name": .value,
        "match": .block(
            Grammar.all([
                "source-address", "destination-address", "application", "from-zone", "to-zone",
                "dynamic-application", "source-identity", "url-category",
                "source-end-user-profile",
            ])
        ).with(
            Grammar.all(["source-address-excluded", "destination-address-excluded"], .flag)),
        "then": .block([
            "permit": .block(
                Grammar.all(["application-services", "tcp-options", "services-offload"], .open)),
            "deny": .flag, "reject": .open, "count": .open,
            "log": .block(Grammar.all(["session-init", "session-close"], .flag)),
        ]),
    ])
    private static let translations = Grammar.block([
        "pool": pool,
        "rule-set": .named([
            "description": .value, "rule": rule,
            "from": .block(Grammar.all(["zone", "interface", "routing-instance"])),
        ]),
    ])
    static let pool = Grammar.named([
        "address": .value(["port": .value]), "port": .value, "description": .value,
        "routing-instance": .open,
    ])
    static let rule = Grammar.named([
        "description": .value,
        "match": .block([
            "destination-address": .value, "source-address": .value, "protocol": .value,
            "destination-port": range,
        ]),
        "then": .block([
            "static-nat": .block(["prefix": .value(["mapped-port": range])]),
            "destination-nat": .block([
                "pool": .value, "off": .flag, "rule-session-count-alarm": .open,
            ]),
        ]),
    ])
}
