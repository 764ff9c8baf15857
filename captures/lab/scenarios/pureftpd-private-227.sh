# Pure-FTPd behind a router that translates ports but not what the 227 says.
# shellcheck shell=bash disable=SC2034,SC2154
server=203.0.113.24
routed 198.51.100.1 10.1.1.1 10.1.1.24 198.51.100.7 198.51.100.8
# The public address belongs to the router.
ip -n "$prefix-router" address add $server/32 dev lo

pureftpd_conf 'Bind 10.1.1.24,21' 'PassivePortRange 50030 50049'
iptables_rules router <<'RULES'
*raw
:PREROUTING ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
-A PREROUTING -d 10.0.0.0/8 -i eth0 -j DROP
COMMIT
*nat
:PREROUTING ACCEPT [0:0]
:INPUT ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
-A PREROUTING -d 203.0.113.24/32 -i eth0 -p tcp -m tcp --dport 21 -j DNAT --to-destination 10.1.1.24
-A PREROUTING -d 203.0.113.24/32 -i eth0 -p tcp -m tcp --dport 50030:50049 -j DNAT --to-destination 10.1.1.24
COMMIT
*filter
:INPUT DROP [0:0]
:FORWARD DROP [0:0]
:OUTPUT ACCEPT [0:0]
-A INPUT -i lo -j ACCEPT
-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A FORWARD -d 10.1.1.24/32 -i eth0 -p tcp -m tcp --dport 21 -j ACCEPT
-A FORWARD -d 10.1.1.24/32 -i eth0 -p tcp -m tcp --dport 50030:50049 -j ACCEPT
-A FORWARD -i eth1 -j ACCEPT
COMMIT
RULES
pure_ftpd 21
capture_on router eth0
# curl connects to the address of the control connection, whatever the 227 says.
works 10 curl -sS --interface 198.51.100.7 --disable-epsv ftp://$server/readme.txt
works 10 curl -sS --interface 198.51.100.7 --disable-epsv -u "$user:$password" ftp://$server/invoices.csv
# lftp told to trust the 227.
fails 8 lftp -c "set net:socket-bind-ipv4 198.51.100.8; set ftp:fix-pasv-address no; set ftp:prefer-epsv no;
    set net:timeout 4; set net:max-retries 1; set ftp:passive-mode yes; set ftp:auto-passive-mode no;
    open $server; get orders.csv; bye"
capture_ends

keep README.txt <<'TEXT'
Pure-FTPd at 10.1.1.24 behind a router (DNAT of 21 and 50030-50049, no helper), without ForcePassiveIP: its 227 says 10.1.1.24.
Recorded at the router's outside: Pure-FTPd 1.0.50, curl 7.88.1 (ignores the address, works), lftp 4.9.2 (told to trust it, hangs), iptables 1.8.9.
The router drops what comes from outside for 10.0.0.0/8, as any provider would.
TEXT
