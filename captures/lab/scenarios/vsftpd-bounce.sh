# vsftpd that lets a client have files sent to a third host: the FTP bounce.
# shellcheck shell=bash disable=SC2034,SC2154
server=203.0.113.32
direct $server 198.51.100.7 198.51.100.99

vsftpd_conf pasv_min_port=50120 pasv_max_port=50129 port_promiscuous=YES
iptables_rules server <<'RULES'
*filter
:INPUT DROP [0:0]
:FORWARD DROP [0:0]
:OUTPUT ACCEPT [0:0]
-A INPUT -i lo -j ACCEPT
-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A INPUT -p tcp -m tcp --dport 21 -m conntrack --ctstate NEW -j ACCEPT
-A INPUT -p tcp -m tcp --dport 50120:50129 -m conntrack --ctstate NEW -j ACCEPT
COMMIT
RULES
vsftpd 21
capture_on client eth0
works 10 curl -sS --interface 198.51.100.7 --disable-epsv ftp://$server/readme.txt
works 10 /usr/bin/python3 -B "$here/bounce.py" $server 198.51.100.99 orders.csv
capture_ends

keep README.txt <<'TEXT'
vsftpd with port_promiscuous=YES: a client at 198.51.100.7 names 198.51.100.99 in its PORT, and the server connects there.
Recorded at the clients' side: vsftpd 3.0.3, Python's ftplib for the bounce, curl 7.88.1, iptables 1.8.9.
The firewall permits it, as the server opens the connection.
TEXT
