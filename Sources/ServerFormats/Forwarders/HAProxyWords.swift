import PolicyText

/// Keywords of HAProxy that say nothing of which connection goes where. Any other is one that the
/// reader knows, or one at which HAProxy stops ("unknown keyword", fatal).
///
/// Source: HAProxy, Configuration Manual, versions 2.0 to 3.2, "Global section", "Proxy keywords
/// matrix", "Bind options", "Server and default-server options".
enum HAProxyWords {
    /// Of `defaults`, `frontend`, `listen` and `backend`; those of HTTP have no part in `mode tcp`.
    static let proxy: Set<String> = [
        "acl", "backlog", "balance", "bind-process", "capture", "clitcpka-cnt", "clitcpka-idle",
        "clitcpka-intvl", "clitimeout", "compression", "contimeout", "cookie", "declare",
        "description", "dynamic-cookie-key", "email-alert", "error-log-format", "errorfile",
        "errorfiles", "errorloc", "errorloc302", "errorloc303", "external-check", "force-be-switch",
        "force-persist", "fullconn", "grace", "guid", "hash-balance-factor",
        "hash-preserve-affinity",
        "hash-type", "http-after-response", "http-check", "http-error", "http-request",
        "http-response", "http-reuse", "http-send-name-header", "id", "ignore-persist",
        "load-server-state-from-file", "log", "log-format", "log-format-sd", "log-steps", "log-tag",
        "max-keep-alive-queue", "max-session-srv-conns", "maxconn", "monitor-uri", "persist",
        "rate-limit", "redirect", "retries", "retry-on", "server-state-file-name", "srvtcpka-cnt",
        "srvtcpka-idle", "srvtcpka-intvl", "srvtimeout", "stats", "stick", "stick-table",
        "tcp-check", "timeout", "unique-id-format", "unique-id-header", "use-fcgi-app",
    ]

    /// Behind `option`.
    static let options: Set<String> = [
        "abortonclose", "accept-invalid-http-request", "accept-invalid-http-response",
        "accept-unsafe-violations-in-http-request", "accept-unsafe-violations-in-http-response",
        "allbackups", "assume-rfc6587-ntf", "checkcache", "clitcpka", "contstats",
        "disable-h2-upgrade", "dont-parse-log", "dontlog-normal", "dontlognull", "external-check",
        "forceclose", "forwardfor", "forwarded", "h1-case-adjust-bogus-client",
        "h1-case-adjust-bogus-server", "http-buffer-request", "http-drop-request-trailers",
        "http-drop-response-trailers", "http-ignore-probes", "http-keep-alive", "http-no-delay",
        "http-pretend-keepalive", "http-restrict-req-hdr-names", "http-server-close",
        "http-tunnel", "http-use-htx", "http-use-proxy-header", "httpchk", "httpclose", "httplog",
        "httpslog", "idle-close-on-response", "independant-streams", "independent-streams",
        "lb-agent-chk", "ldap-check", "log-health-checks", "log-separate-errors", "logasap",
        "mysql-check", "nolinger", "originalto", "persist", "pgsql-check", "prefer-last-server",
        "redis-check", "redispatch", "smtpchk", "socket-stats", "splice-auto", "splice-request",
        "splice-response", "spop-check", "srvtcpka", "ssl-hello-chk", "tcp-check",
        "tcp-smart-accept", "tcp-smart-connect", "tcpka", "tcplog", "use-small-buffers",
    ]

    /// Actions of `tcp-request` and `tcp-response` that leave a connection and its way alone; what
    /// stands before a parenthesis.
    static let actions: Set<String> = [
        "accept", "capture", "do-resolve", "inspect-delay", "sc-add-gpc", "sc-inc-gpc",
        "sc-inc-gpc0", "sc-inc-gpc1", "sc-set-gpt", "sc-set-gpt0", "set-fc-tos", "set-log-level",
        "set-nice", "set-priority-class", "set-priority-offset", "set-tos", "set-var",
        "set-var-fmt", "track-sc0", "track-sc1", "track-sc2", "unset-var",
    ]

    static let filters: Set<String> = [
        "bwlim-in", "bwlim-out", "cache", "comp-req", "comp-res", "compression", "opentracing",
        "trace",
    ]

    /// Options of `bind` with the number of words behind them.
    static let bind: [String: Int] = words(
        alone:
            "allow-0rtt expose-fd-listeners force-sslv3 force-tlsv10 force-tlsv11 force-tlsv12 force-tlsv13 force-strict-sni generate-certificates no-alpn no-ca-names no-sslv3 no-strict-sni no-tls-tickets no-tlsv10 no-tlsv11 no-tlsv12 no-tlsv13 prefer-client-ciphers ssl strict-sni tfo tls-tickets transparent v4v6 v6only quic-force-retry",
        one:
            "alpn backlog ca-file ca-ignore-err ca-sign-file ca-sign-pass ca-verify-file cc ciphers ciphersuites client-sigalgs crl-file crt crt-ignore-err crt-list curves default-crt ecdhe expose-fd gid group guid-prefix id idle-ping ktls label level maxconn mode mss name nbconn nice npn ocsp-update process quic-cc-algo quic-socket severity-output shards sigalgs ssl-max-ver ssl-min-ver tcp-md5sig tcp-ss tcp-ut thread tls-ticket-keys uid user verify"
    )

    /// Options of `bind` with which not every client gets in.
    static let narrowing: [String: (words: Int, why: String)] = [
        "accept-netscaler-cip": (1, "it takes only what a proxy sends"),
        "accept-proxy": (0, "it takes only what a proxy sends"),
        "defer-accept": (0, "it waits for the client to speak first, as no FTP client does"),
        "interface": (1, "it listens at one interface alone"),
        "namespace": (1, "it listens in another network namespace"),
        "proto": (1, "what protocol it expects isn't modelled"),
    ]

    /// Options of `server` with the number of words behind them.
    static let server: [String: Int] = words(
        alone:
            "agent-check allow-0rtt check check-reuse-pool check-send-proxy check-sni-auto check-ssl check-via-socks4 enabled force-sslv3 force-tlsv10 force-tlsv11 force-tlsv12 force-tlsv13 no-agent-check no-backup no-check no-check-reuse-pool no-check-send-proxy no-check-sni-auto no-check-ssl no-renegotiate no-send-proxy no-send-proxy-v2 no-send-proxy-v2-ssl no-send-proxy-v2-ssl-cn no-sni-auto no-ssl no-ssl-reuse no-sslv3 no-strict-maxconn no-tfo no-tls-tickets no-tlsv10 no-tlsv11 no-tlsv12 no-tlsv13 no-verifyhost non-stick renegotiate sni-auto ssl-reuse stick strict-maxconn tfo tls-tickets",
        one:
            "addr agent-addr agent-inter agent-port agent-send alpn ca-file cc check-alpn check-pool-conn-name check-proto check-sni ciphers ciphersuites client-sigalgs cookie crl-file crt curves downinter error-limit fall fastinter guid hash-key id idle-ping init-addr init-state inter ktls log-bufsize log-proto max-reuse maxconn maxqueue minconn npn observe on-error on-marked-down on-marked-up pool-conn-name pool-low-conn pool-max-conn pool-purge-delay port proxy-v2-options redir resolve-net resolve-opts resolve-prefer resolvers rise set-proxy-v2-tlv-fmt shard sigalgs slowstart sni ssl-max-ver ssl-min-ver tcp-md5sig tcp-ut track verify verifyhost ws"
    )

    /// Options of `server` with which a plain FTP server isn't reached as the file's lines say.
    static let wrapping: [String: (words: Int, why: String)] = [
        "namespace": (1, "the server is in another network namespace"),
        "proto": (1, "what protocol it speaks to the server isn't modelled"),
        "send-proxy": (0, "it sends the server a line of its own first"),
        "send-proxy-v2": (0, "it sends the server a line of its own first"),
        "send-proxy-v2-ssl": (0, "it sends the server a line of its own first"),
        "send-proxy-v2-ssl-cn": (0, "it sends the server a line of its own first"),
        "socks4": (1, "it goes by another proxy"),
        "ssl": (0, "it speaks TLS to the server"),
    ]

    private static func words(alone: String, one: String) -> [String: Int] {
        var counts: [String: Int] = [:]
        for word in alone.words { counts[word] = 0 }
        for word in one.words { counts[word] = 1 }
        return counts
    }

    private static let global: Set<String> = Set(
        "anonkey busy-polling ca-base chroot close-spread-time cluster-secret cpu-map cpu-policy cpu-set crt-base daemon debug default-path description dns-accept-family expose-deprecated-directives expose-experimental-directives external-check fd-hard-limit force-cfg-parser-pause gid grace group h1-accept-payload-with-any-method h1-case-adjust h1-case-adjust-file h1-do-not-close-on-insecure-transfer-encoding h2-workaround-bogus-websocket-clients hard-stop-after http-err-codes http-fail-codes insecure-fork-wanted insecure-setuid-wanted issuers-chain-path key-base limited-quic localpeer log log-send-hostname log-tag lua-load lua-load-per-thread lua-prepend-path master-worker max-spread-checks maxcompcpuusage maxcomprate maxconn maxconnrate maxpipes maxsessrate maxsslconn maxsslrate maxzlibmem mworker-max-reloads nbproc nbthread no no-memory-trimming no-quic node noepoll noevports nogetaddrinfo nokqueue nopoll noreuseport nosplice numa-cpu-mapping pidfile pp2-never-send-local prealloc-fd presetenv quiet resetenv server-state-base server-state-file set-dumpable set-var set-var-fmt setcap setenv shm-stats-file shm-stats-file-max-objects spread-checks ssl-default-bind-ciphers ssl-default-bind-ciphersuites ssl-default-bind-client-sigalgs ssl-default-bind-curves ssl-default-bind-options ssl-default-bind-sigalgs ssl-default-server-ciphers ssl-default-server-ciphersuites ssl-default-server-client-sigalgs ssl-default-server-curves ssl-default-server-options ssl-default-server-sigalgs ssl-dh-param-file ssl-engine ssl-load-extra-del-ext ssl-load-extra-files ssl-mode-async ssl-passphrase-cmd ssl-propquery ssl-provider ssl-provider-path ssl-security-level ssl-server-verify ssl-skip-self-issued-ca stats stats-file stress-level strict-limits thread-group thread-groups thread-hard-limit trace uid ulimit-n unix-bind unsetenv user warn-blocked-traffic-after zero-warning"
            .words)

    private static let families = [
        "tune.", "httpclient.", "ocsp-update.", "profiling.", "harden.", "deviceatlas-",
        "51degrees-", "wurfl-", "acme.",
    ]

    /// What other sections hold.
    private static let others: [String: Set<String>] = [
        "peers": [
            "default-bind", "default-server", "disabled", "enabled", "log", "peer", "server",
            "shards", "table",
        ],
        "resolvers": [
            "accepted_payload_size", "hold", "nameserver", "parse-resolv-conf", "resolve_retries",
            "timeout",
        ],
        "userlist": ["group", "user"],
        "mailers": ["mailer", "timeout"],
        "cache": [
            "max-age", "max-object-size", "max-secondary-entries", "process-vary", "total-max-size",
        ],
        "program": ["command", "group", "no", "option", "user"],
        "http-errors": ["errorfile"],
        "ring": ["backing-file", "description", "format", "maxlen", "server", "size", "timeout"],
        "log-forward": ["backlog", "dgram-bind", "log", "maxconn", "option", "timeout"],
        "fcgi-app": [
            "acl", "docroot", "index", "log-stderr", "no", "option", "pass-header", "path-info",
            "set-param",
        ],
        "crt-store": ["crt-base", "key-base", "load"],
        "traces": ["trace"],
        "log-profile": ["log-tag", "on"],
        "acme": [
            "account-key", "bits", "challenge", "contact", "curves", "directory", "keytype", "map",
        ],
    ]

    /// Whether the word is known in a section other than those of proxies, and without influence.
    static func isIdle(_ word: String, in section: String) -> Bool {
        guard section == "global" else { return others[section]?.contains(word) == true }
        return global.contains(word) || families.contains { word.hasPrefix($0) }
    }
}
