# shellcheck shell=bash disable=SC2034,SC2154
# The parts that every scenario is made of. Sourced by `record` and `live`, never run.
#
# A scenario runs with these set: `scenario` (its name), `here` (this folder), `out` (where its pcap
# and configuration stay) and `work` (a temporary folder, whose etc, srv and log are what the server
# sees as /etc, /srv and /var/log).

cache=${PINHOLE_LAB:-/var/cache/pinhole-lab}
prefix="pinhole-$$"
password=hunter-sample
user=alice
capture_pid=
holders=

# --- Namespaces -------------------------------------------------------------------------------

# space NAME: a network namespace without IPv6 chatter.
space() {
    ip netns add "$prefix-$1"
    ip netns exec "$prefix-$1" sysctl -qw net.ipv6.conf.all.disable_ipv6=1 \
        net.ipv6.conf.default.disable_ipv6=1
    ip -n "$prefix-$1" link set lo up
}

# within NAME COMMAND…: runs a command in a namespace.
within() {
    local name=$1
    shift
    ip netns exec "$prefix-$name" "$@"
}

# wire A DEVICE-A B DEVICE-B: a veth pair between two namespaces, with packets of real size.
wire() {
    ip link add "$2" netns "$prefix-$1" type veth peer name "$4" netns "$prefix-$3"
    local end
    for end in "$1 $2" "$3 $4"; do
        # shellcheck disable=SC2086
        set -- $end
        ip -n "$prefix-$1" link set "$2" up
        within "$1" ethtool -K "$2" tx off rx off tso off gso off gro off >>"$work/log/ethtool" 2>&1
    done
}

# direct SERVER CLIENT…: clients (addresses of one namespace) on one wire with the server.
direct() {
    local server=$1 address
    shift
    space client
    space server
    wire client eth0 server eth0
    ip -n "$prefix-server" address add "$server/32" dev eth0
    ip -n "$prefix-server" route add default dev eth0
    for address in "$@"; do ip -n "$prefix-client" address add "$address/32" dev eth0; done
    ip -n "$prefix-client" route add default dev eth0 src "$1"
}

# routed OUTSIDE INSIDE SERVER CLIENT…: a router with the address OUTSIDE on eth0 towards the
# clients and INSIDE on eth1 towards the server, both /24.
routed() {
    local outside=$1 inside=$2 server=$3 address
    shift 3
    space client
    space router
    space server
    wire client eth0 router eth0
    wire router eth1 server eth0
    within router sysctl -qw net.ipv4.ip_forward=1
    ip -n "$prefix-router" address add "$outside/24" dev eth0
    ip -n "$prefix-router" address add "$inside/24" dev eth1
    ip -n "$prefix-server" address add "$server/24" dev eth0
    ip -n "$prefix-server" route add default via "$inside"
    for address in "$@"; do ip -n "$prefix-client" address add "$address/24" dev eth0; done
    ip -n "$prefix-client" route add default via "$outside" src "$1"
}

# --- Files ------------------------------------------------------------------------------------

# furnish: what the server sees: the account `alice`, certificates, and a few small files.
furnish() {
    mkdir -p "$work"/{srv/ftp/incoming,srv/alice,log}
    cp -a /etc "$work/etc"
    # Configuration files that a package of the server brings, as its PAM service.
    local server
    for server in vsftpd proftpd-core pure-ftpd; do cp -a "$cache/$server/etc/." "$work/etc/"; done
    sed -i '/^ftp:/d; /^alice:/d' "$work"/etc/{passwd,shadow,group}
    echo 'ftp:x:4000:4000:ftp daemon:/srv/ftp:/usr/sbin/nologin' >>"$work/etc/passwd"
    echo 'alice:x:4001:4000:Alice:/srv/alice:/bin/sh' >>"$work/etc/passwd"
    echo 'ftp:x:4000:' >>"$work/etc/group"
    echo "alice:$(openssl passwd -6 "$password"):20000:0:99999:7:::" >>"$work/etc/shadow"
    echo 'ftp:*:20000:0:99999:7:::' >>"$work/etc/shadow"

    line() { printf '%s;%s;%s\n' "$1" "$2" "$3"; }
    { echo 'Files for partners are in this folder.'; echo 'Put yours into incoming.'; } \
        >"$work/srv/ftp/readme.txt"
    for i in 1 2 3 4 5 6 7 8; do line "2026-11-0$i" "order $i" "$((i * 17)).00"; done \
        >"$work/srv/ftp/orders.csv"
    for i in 1 2 3 4 5; do line "article $i" "$((i * 3)).50" EUR; done \
        >"$work/srv/ftp/price list.txt"
    for i in 1 2 3 4 5 6; do line "$i" "invoice 2026-$i" open; done \
        >"$work/srv/alice/invoices.csv"
    echo 'a note from a client' >"$work/note.txt"
    chmod 755 "$work" "$work/srv" "$work/srv/ftp"
    chown -R 4000:4000 "$work/srv/ftp/incoming"
    chown -R 4001:4000 "$work/srv/alice"
    touch -d 2026-11-01T09:00:00Z "$work"/srv/ftp/* "$work"/srv/alice/*
}

# certificate FILE: a self-signed certificate with its key, made for this recording only.
certificate() {
    openssl req -x509 -newkey rsa:2048 -nodes -days 30 -subj /CN=ftp.example.net \
        -keyout "$work/key.pem" -out "$work/cert.pem" 2>>"$work/log/openssl"
    mkdir -p "$(dirname "$work$1")"
    cat "$work/key.pem" "$work/cert.pem" >"$work$1"
    chmod 600 "$work$1"
}

# keep NAME [WHERE]: standard input becomes a file of the scenario, and also WHERE below the
# server's root (as /etc/vsftpd.conf), if given.
keep() {
    cat >"$out/$1"
    if [ $# -gt 1 ]; then
        mkdir -p "$(dirname "$work$2")"
        cp "$out/$1" "$work$2"
    fi
}

# --- Firewalls --------------------------------------------------------------------------------

# iptables_rules SPACE: loads standard input and keeps what `iptables-save` says afterwards.
iptables_rules() {
    within "$1" iptables-restore
    within "$1" iptables-save | keep iptables-save.txt
}

# nft_rules SPACE: the same for nftables.
nft_rules() {
    within "$1" nft -f -
    within "$1" nft list ruleset | keep nftables.conf
}

# --- Servers ----------------------------------------------------------------------------------

# serve PORT COMMAND…: starts a server and waits until it listens.
serve() {
    local port=$1 tries
    shift
    # Not by `within`: of a function in the background, only its shell could be signalled.
    ip netns exec "$prefix-server" "$here/inside" "$work" "$@" \
        </dev/null >>"$work/log/server" 2>&1 &
    disown
    for ((tries = 0; tries < 50; tries++)); do
        if [ -n "$(within server ss -Hltn "sport = :$port")" ]; then return 0; fi
        sleep 0.1
    done
    echo "$scenario: the server does not listen on port $port:" >&2
    cat "$work/log/server" >&2
    return 1
}

vsftpd() { serve "$1" "$cache/vsftpd/usr/sbin/vsftpd" /etc/vsftpd.conf; }
proftpd() { serve "$1" "$cache/proftpd-core/usr/sbin/proftpd" -n -q -c /etc/proftpd/proftpd.conf; }
pure_ftpd() { serve "$1" "$cache/pure-ftpd/usr/sbin/pure-ftpd" /etc/pure-ftpd/pure-ftpd.conf; }

# vsftpd_conf LINE…: a vsftpd.conf for alice (and anonymous users, unless `anonymous` says NO),
# with these lines at its end.
vsftpd_conf() {
    printf '%s\n' listen=YES background=NO "anonymous_enable=${anonymous:-YES}" local_enable=YES \
        write_enable=YES anon_root=/srv/ftp secure_chroot_dir=/var/run/vsftpd/empty \
        pam_service_name=vsftpd seccomp_sandbox=NO "$@" | keep vsftpd.conf /etc/vsftpd.conf
}

# proftpd_conf ADDRESS LINE…: the same for ProFTPD.
proftpd_conf() {
    {
        printf '%s\n' 'ServerName "Partner files"' 'ServerType standalone' "DefaultAddress $1" \
            'UseIPv6 off' 'DefaultServer on' 'User ftp' 'Group ftp' 'WtmpLog off' \
            'DelayEngine off' 'UseReverseDNS off' 'TransferLog none' \
            'SystemLog /var/log/proftpd.log' \
            'ScoreboardFile /run/proftpd/proftpd.scoreboard' \
            'PidFile /run/proftpd/proftpd.pid' "${@:2}"
        printf '%s\n' '<Anonymous /srv/ftp>' '  User ftp' '  Group ftp' \
            '  UserAlias anonymous ftp' '  RequireValidShell off' '</Anonymous>'
    } | keep proftpd.conf /etc/proftpd/proftpd.conf
}

# pureftpd_conf LINE…: the same for Pure-FTPd.
pureftpd_conf() {
    printf '%s\n' 'Daemonize no' 'IPV4Only yes' 'DontResolve yes' 'ChrootEveryone yes' \
        'NoAnonymous no' 'AnonymousCantUpload yes' 'UnixAuthentication yes' 'MinUID 1000' \
        'MaxClientsNumber 50' "$@" |
        keep pure-ftpd.conf /etc/pure-ftpd/pure-ftpd.conf
}

# --- Clients ----------------------------------------------------------------------------------

# client SECONDS COMMAND…: runs a client; its exit code is told and returned.
client() {
    local seconds=$1 code=0
    shift
    (cd "$work" && within client timeout -k 2 "$seconds" "$@") \
        </dev/null >>"$work/log/clients" 2>&1 || code=$?
    echo "  $1: exit $code" >&2
    return "$code"
}

# holds SERVER SESSIONS SECONDS FILE: clients that ask for a port and then take their time (see
# hold.py); returns when all of them hold one. `released` waits for their end.
holds() {
    local tries
    rm -f "$work/holding"
    ip netns exec "$prefix-client" timeout 30 \
        /usr/bin/python3 -B "$here/hold.py" "$work/holding" "$@" \
        </dev/null >>"$work/log/clients" 2>&1 &
    holders=$!
    for ((tries = 0; tries < 100; tries++)); do
        if [ -e "$work/holding" ]; then return 0; fi
        sleep 0.1
    done
    echo "$scenario: the holding clients did not get their ports" >&2
    tail "$work/log/clients" >&2
    return 1
}

released() {
    wait "$holders"
    echo "  the holding clients have ended" >&2
}

# works, fails: a client that has to.
works() {
    if ! client "$@"; then
        echo "$scenario: this had to work: $*" >&2
        tail "$work/log/clients" >&2
        return 1
    fi
}
fails() {
    if client "$@"; then
        echo "$scenario: this had to fail: $*" >&2
        return 1
    fi
}

# --- Capture ----------------------------------------------------------------------------------

# capture_on SPACE DEVICE [FILTER]: starts the capture that becomes <scenario>.pcap.
capture_on() {
    local tries
    ip netns exec "$prefix-$1" tcpdump -i "$2" -n -s 0 -U -Z root --time-stamp-precision=micro \
        -w "$work/capture.pcap" "${3:-tcp or icmp}" 2>"$work/log/tcpdump" &
    capture_pid=$!
    for ((tries = 0; tries < 50; tries++)); do
        if grep -qs 'listening on' "$work/log/tcpdump"; then return 0; fi
        sleep 0.1
    done
    echo "$scenario: tcpdump does not start" >&2
    return 1
}

# capture_ends: lets the last packets arrive and keeps the capture.
capture_ends() {
    sleep 1
    # Not SIGINT, which a script's background commands ignore.
    kill -TERM "$capture_pid"
    wait "$capture_pid" || true
    capture_pid=
    if ! grep -q '^0 packets dropped by kernel' "$work/log/tcpdump"; then
        echo "$scenario: packets were lost while recording" >&2
        return 1
    fi
    cp "$work/capture.pcap" "$out/$scenario.pcap"
}

# --- The end ----------------------------------------------------------------------------------

# sweep: ends what runs in the namespaces of this process, then deletes them and the files.
sweep() {
    local name pids
    for name in $(ip netns list | awk '{print $1}' | grep "^$prefix-" || true); do
        pids=$(ip netns pids "$name" || true)
        # shellcheck disable=SC2086
        if [ -n "$pids" ]; then kill -KILL $pids 2>/dev/null || true; fi
        ip netns delete "$name" || true
    done
    if [ -n "$work" ]; then rm -rf "$work"; fi
}
