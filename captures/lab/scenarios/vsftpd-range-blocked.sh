# vsftpd offers 20 ports, the host firewall opens the first 10.
# shellcheck shell=bash disable=SC2034,SC2154
server=203.0.113.21
direct $server 198.51.100.7 198.51.100.8

vsftpd_conf pasv_min_port=50000 pasv_max_port=50019
iptables_rules server <<'RULES'
*filter
:INPUT DROP [0:0]
:FORWARD DROP [0:0]
:OUTPUT ACCEPT [0:0]
-A INPUT -i lo -j ACCEPT
-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A INPUT -p tcp -m tcp --dport 22 -m conntrack --ctstate NEW -j ACCEPT
-A INPUT -p tcp -m tcp --dport 21 -m conntrack --ctstate NEW -j ACCEPT
-A INPUT -p tcp -m tcp --dport 50000:50009 -m conntrack --ctstate NEW -j ACCEPT
COMMIT
RULES
vsftpd 21
capture_on client eth0

# The port is drawn by the server, so go on until enough of both kinds were seen.
went=0 hung=0
for ((i = 0; i < 24 && (went < 3 || hung < 3); i++)); do
    case $((i % 3)) in
    0) set -- curl -sS --interface 198.51.100.7 --disable-epsv --max-time 4 ftp://$server/readme.txt ;;
    1) set -- curl -sS --interface 198.51.100.8 --max-time 4 -u "$user:$password" ftp://$server/invoices.csv ;;
    2) set -- curl -sS --interface 198.51.100.7 --max-time 4 ftp://$server/ ;;
    esac
    if client 10 "$@"; then went=$((went + 1)); else hung=$((hung + 1)); fi
done
[ $went -ge 3 ] && [ $hung -ge 3 ]
capture_ends

keep README.txt <<'TEXT'
vsftpd hands out 50000-50019, the host's iptables opens 50000-50009: some transfers work, some hang.
Recorded at the clients' side: vsftpd 3.0.3, curl 7.88.1, iptables 1.8.9 (DROP by the policy of INPUT).
Anonymous and alice; each hanging transfer is given up by the client after 4 seconds.
TEXT
