import PolicyText

/// Directives of nginx that say nothing of which connection goes where. At any other that the
/// reader doesn't know nginx stops ("unknown directive"), or a module of others gives it a meaning.
///
/// Source: nginx's manual, "Core functionality" and modules `ngx_stream_*`.
enum NginxWords {
    /// Outside all blocks.
    static let main: Set<String> = Set(
        "daemon debug_points env error_log google_perftools_profiles load_module lock_file master_process pcre_jit pid quic_bpf ssl_engine ssl_object_cache_inheritable thread_pool timer_resolution user worker_aio_requests worker_cpu_affinity worker_priority worker_processes worker_rlimit_core worker_rlimit_nofile worker_rlimit_sigpending worker_shutdown_timeout working_directory"
            .words)

    /// Blocks outside all others that neither listen nor lead anywhere.
    static let idleBlocks: Set<String> = ["events"]

    /// Of `stream` and of a server within it.
    static let stream: Set<String> = Set(
        "access_log error_log geo geoip_city geoip_country geoip_org geoip_proxy js_fetch_buffer_size js_fetch_ciphers js_fetch_max_response_buffer_size js_fetch_protocols js_fetch_timeout js_fetch_trusted_certificate js_fetch_verify js_fetch_verify_depth js_import js_include js_path js_preload_object js_set js_shared_dict_zone js_var keyval keyval_zone limit_conn_dry_run limit_conn_log_level limit_conn_status limit_conn_zone log_format map_hash_bucket_size map_hash_max_size match open_log_file_cache preread_buffer_size preread_timeout proxy_buffer_size proxy_connect_timeout proxy_download_rate proxy_downstream_buffer proxy_half_close proxy_next_upstream proxy_next_upstream_timeout proxy_next_upstream_tries proxy_protocol_timeout proxy_requests proxy_responses proxy_session_drop proxy_socket_keepalive proxy_ssl_certificate proxy_ssl_certificate_key proxy_ssl_ciphers proxy_ssl_conf_command proxy_ssl_crl proxy_ssl_name proxy_ssl_password_file proxy_ssl_protocols proxy_ssl_server_name proxy_ssl_session_reuse proxy_ssl_trusted_certificate proxy_ssl_verify proxy_ssl_verify_depth proxy_timeout proxy_upload_rate proxy_upstream_buffer resolver resolver_timeout server_names_hash_bucket_size server_names_hash_max_size set set_real_ip_from split_clients ssl_alpn ssl_certificate ssl_certificate_key ssl_ciphers ssl_client_certificate ssl_conf_command ssl_crl ssl_dhparam ssl_ecdh_curve ssl_handshake_timeout ssl_ocsp ssl_ocsp_cache ssl_ocsp_responder ssl_password_file ssl_prefer_server_ciphers ssl_protocols ssl_session_cache ssl_session_ticket_key ssl_session_tickets ssl_session_timeout ssl_stapling ssl_stapling_file ssl_stapling_responder ssl_stapling_verify ssl_trusted_certificate ssl_verify_client ssl_verify_depth status_zone tcp_nodelay variables_hash_bucket_size variables_hash_max_size"
            .words)

    /// Of `stream` and of a server within it, what makes its ports unknown where it isn't `off`.
    static let doubtful: [String: String] = [
        "health_check": "which servers it thinks fit isn't modelled",
        "js_access": "whom a script refuses isn't modelled",
        "js_filter": "what a script makes of the connection isn't modelled",
        "js_preread": "what a script makes of the connection isn't modelled",
        "limit_conn": "how many connections a client may have isn't modelled",
        "pass": "to which of its own sockets it passes the connection isn't modelled",
        "proxy_protocol": "it sends the server a line of its own first",
        "proxy_ssl": "it speaks TLS to the server",
        "return": "it answers by itself",
        "server_name": "which server takes it depends on the name in TLS",
        "ssl_preread": "it waits for the client to speak first",
        "ssl_reject_handshake": "it refuses TLS",
    ]

    /// Of `upstream`.
    static let upstream: Set<String> = [
        "hash", "least_conn", "least_time", "random", "resolver", "resolver_timeout", "zone",
    ]

    /// Options of `listen` in `stream`, those with a value up to the sign `=`.
    static let listen: Set<String> = [
        "accept_filter", "backlog", "bind", "default_server", "fastopen", "ipv6only", "multipath",
        "rcvbuf", "reuseport", "setfib", "sndbuf", "so_keepalive", "ssl",
    ]

    /// Options of a server of `upstream`, those with a value up to the sign `=`.
    static let server: Set<String> = [
        "backup", "down", "fail_timeout", "max_conns", "max_fails", "slow_start", "weight",
    ]

    /// Files that packages make for modules alone.
    static let modules: Set<String> = [
        "/etc/nginx/modules-enabled/*.conf", "modules-enabled/*.conf", "/etc/nginx/modules/*.conf",
        "/usr/share/nginx/modules/*.conf", "/etc/nginx/modules.d/*.conf",
    ]
}
