# A router in front of vsftpd says "prohibited" for a part of the range.
# shellcheck shell=bash disable=SC2034,SC2154
server=203.0.113.31
routed 198.51.100.1 203.0.113.1 $server 198.51.100.7 198.51.100.8

vsftpd_conf pasv_min_port=50110 pasv_max_port=50119
iptables_rules router <<'RULES'
*filter
:INPUT DROP [0:0]
:FORWARD DROP [0:0]
:OUTPUT ACCEPT [0:0]
-A INPUT -i lo -j ACCEPT
-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A FORWARD -s 203.0.113.0/24 -i eth1 -j ACCEPT
-A FORWARD -d 203.0.113.31/32 -i eth0 -p tcp -m tcp --dport 21 -j ACCEPT
-A FORWARD -d 203.0.113.31/32 -i eth0 -p tcp -m tcp --dport 50110:50114 -j ACCEPT
-A FORWARD -i eth0 -j REJECT --reject-with icmp-admin-prohibited
COMMIT
RULES
vsftpd 21
capture_on client eth0
# The port is drawn by the server, so go on until enough of both kinds were seen.
went=0 stopped=0
for ((i = 0; i < 24 && (went < 3 || stopped < 3); i++)); do
    if [ $((i % 2)) = 0 ]; then
        set -- curl -sS --interface 198.51.100.7 --disable-epsv --max-time 4 ftp://$server/readme.txt
    else
        set -- lftp -c "set net:socket-bind-ipv4 198.51.100.8; set net:timeout 3; set net:max-retries 1;
            set ftp:auto-passive-mode no; open $server; cat orders.csv; bye"
    fi
    if client 6 "$@"; then went=$((went + 1)); else stopped=$((stopped + 1)); fi
done
[ $went -ge 3 ] && [ $stopped -ge 3 ]
capture_ends

keep README.txt <<'TEXT'
A router in front of vsftpd lets 50110-50114 pass and answers "administratively prohibited" for the rest of its range 50110-50119.
Recorded at the clients' side: vsftpd 3.0.3, curl 7.88.1, lftp 4.9.2, iptables 1.8.9 (REJECT --reject-with icmp-admin-prohibited in FORWARD).
The ICMP messages come from 198.51.100.1, the router, not from the server: they name the device to fix.
TEXT
