# ProFTPD with three passive ports and more clients: it falls back to a port outside the range.
# shellcheck shell=bash disable=SC2034,SC2154
server=203.0.113.27
direct $server 198.51.100.7 198.51.100.8

proftpd_conf $server 'Port 21' 'PassivePorts 50070 50072'
iptables_rules server <<'RULES'
*filter
:INPUT DROP [0:0]
:FORWARD DROP [0:0]
:OUTPUT ACCEPT [0:0]
-A INPUT -i lo -j ACCEPT
-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A INPUT -p tcp -m tcp --dport 21 -m conntrack --ctstate NEW -j ACCEPT
-A INPUT -p tcp -m tcp --dport 50070:50072 -m conntrack --ctstate NEW -j ACCEPT
COMMIT
RULES
proftpd 21
capture_on client eth0
works 10 curl -sS --interface 198.51.100.8 ftp://$server/readme.txt
holds $server 3 6 orders.csv
fails 10 curl -sS --interface 198.51.100.8 --disable-epsv --max-time 4 ftp://$server/readme.txt
released
works 10 curl -sS --interface 198.51.100.8 --disable-epsv -u "$user:$password" ftp://$server/invoices.csv
capture_ends

keep README.txt <<'TEXT'
ProFTPD with PassivePorts 50070-50072, all held by three slow clients: the fourth is offered a port outside the range, where it hangs.
Recorded at the clients' side: ProFTPD 1.3.8, curl 7.88.1, slow clients by Python's ftplib, iptables 1.8.9 (opens exactly the range).
Before and after, with ports free, transfers work.
TEXT
