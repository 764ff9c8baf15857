# vsftpd with one passive port, which the host firewall opens; all else is rejected.
# shellcheck shell=bash disable=SC2034,SC2154
server=203.0.113.22
direct $server 198.51.100.7 198.51.100.9

vsftpd_conf pasv_min_port=50021 pasv_max_port=50021
iptables_rules server <<'RULES'
*filter
:INPUT ACCEPT [0:0]
:FORWARD DROP [0:0]
:OUTPUT ACCEPT [0:0]
-A INPUT -i lo -j ACCEPT
-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A INPUT -p tcp -m tcp --dport 21 -m conntrack --ctstate NEW -j ACCEPT
-A INPUT -p tcp -m tcp --dport 50021 -m conntrack --ctstate NEW -j ACCEPT
-A INPUT -j REJECT --reject-with icmp-port-unreachable
COMMIT
RULES
vsftpd 21
capture_on client eth0
works 10 lftp -c "set net:socket-bind-ipv4 198.51.100.9; open $server; cls; get orders.csv; get readme.txt; bye"
works 10 curl -sS --interface 198.51.100.7 --disable-epsv ftp://$server/readme.txt
works 10 curl -sS --interface 198.51.100.7 -u "$user:$password" -T note.txt ftp://$server/note-7.txt
capture_ends

keep README.txt <<'TEXT'
vsftpd with one passive port, 50021, which the host's iptables opens: transfers back to back work, on the same port each time.
Recorded at the clients' side: vsftpd 3.0.3, lftp 4.9.2, curl 7.88.1, iptables 1.8.9 (REJECT at the end of INPUT).
Nothing fails here, but only one transfer at a time can be offered.
TEXT
