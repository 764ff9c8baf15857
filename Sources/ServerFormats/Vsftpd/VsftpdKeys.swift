/// The settings that vsftpd knows, by the kind of their value (`parseconf.c` of 3.0.5).
enum VsftpdKeys {
    enum Kind { case bool, number, string }

    static func kind(of key: String) -> Kind? {
        if bools.contains(key) { return .bool }
        if numbers.contains(key) { return .number }
        return strings.contains(key) ? .string : nil
    }

    /// Settings that only distributions' patched builds know.
    static let patched: Set<String> = [
        "reverse_lookup_enable", "utf8_filesystem", "bind_retries", "userlist_log",
        "wc_logs_enable", "better_stou", "max_cached_listing",
    ]

    /// Names that other products' files hold too: alone they tell nothing.
    static let common: Set<String> = [
        "listen", "background", "isolate", "listen_port", "listen_address", "max_clients",
        "connect_timeout", "http_enable", "ssl_ciphers", "ssl_enable",
    ]

    private static let bools: Set<String> = [
        "allow_anon_ssl", "allow_writeable_chroot", "anon_mkdir_write_enable",
        "anon_other_write_enable", "anon_upload_enable", "anon_world_readable_only",
        "anonymous_enable", "ascii_download_enable", "ascii_upload_enable", "async_abor_enable",
        "background", "better_stou", "check_shell", "chmod_enable", "chown_uploads",
        "chroot_list_enable", "chroot_local_user", "connect_from_port_20", "debug_ssl",
        "delete_failed_uploads", "deny_email_enable", "dirlist_enable", "dirmessage_enable",
        "download_enable", "dual_log_enable", "force_anon_data_ssl", "force_anon_logins_ssl",
        "force_dot_files", "force_local_data_ssl", "force_local_logins_ssl", "ftp_enable",
        "guest_enable", "hide_ids", "http_enable", "implicit_ssl", "isolate", "isolate_network",
        "listen", "listen_ipv6", "local_enable", "lock_upload_files", "log_die",
        "log_ftp_protocol", "ls_recurse_enable", "mdtm_write", "no_anon_password", "no_log_lock",
        "one_process_model", "passwd_chroot_enable", "pasv_addr_resolve", "pasv_enable",
        "pasv_promiscuous", "port_enable", "port_promiscuous", "ptrace_sandbox", "require_cert",
        "require_ssl_reuse", "reverse_lookup_enable", "run_as_launching_user",
        "seccomp_sandbox", "secure_email_list_enable", "session_support", "setproctitle_enable",
        "ssl_enable", "ssl_request_cert", "ssl_sslv2", "ssl_sslv3", "ssl_tlsv1", "ssl_tlsv1_1",
        "ssl_tlsv1_2", "ssl_tlsv1_3", "strict_ssl_read_eof", "strict_ssl_write_shutdown",
        "syslog_enable", "tcp_wrappers", "text_userdb_names", "tilde_user_enable",
        "use_localtime", "use_sendfile", "userlist_deny", "userlist_enable", "userlist_log",
        "utf8_filesystem", "validate_cert", "virtual_use_local_privs", "wc_logs_enable",
        "write_enable", "xferlog_enable", "xferlog_std_format",
    ]

    private static let numbers: Set<String> = [
        "accept_timeout", "anon_max_rate", "anon_umask", "bind_retries", "chown_upload_mode",
        "connect_timeout", "data_connection_timeout", "delay_failed_login",
        "delay_successful_login", "file_open_mode", "ftp_data_port", "idle_session_timeout",
        "listen_port", "local_max_rate", "local_umask", "max_cached_listing", "max_clients",
        "max_login_fails", "max_per_ip", "pasv_max_port", "pasv_min_port", "trans_chunk_size",
    ]

    private static let strings: Set<String> = [
        "anon_root", "banned_email_file", "banner_file", "ca_certs_file", "chown_username",
        "chroot_list_file", "cmds_allowed", "cmds_denied", "deny_file", "dh_param_file",
        "dsa_cert_file", "dsa_private_key_file", "ecdh_param_file", "email_password_file",
        "ftp_username", "ftpd_banner", "guest_username", "hide_file", "listen_address",
        "listen_address6", "local_root", "message_file", "nopriv_user", "pam_service_name",
        "pasv_address", "rsa_cert_file", "rsa_private_key_file", "secure_chroot_dir",
        "ssl_ciphers", "ssl_sni_hostname", "user_config_dir", "user_sub_token", "userlist_file",
        "vsftpd_log_file", "xferlog_file",
    ]
}
