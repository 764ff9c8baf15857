# vsftpd with two passive ports, both held: the next session dies with 500 OOPS.
# shellcheck shell=bash disable=SC2034,SC2154
server=203.0.113.28
direct $server 198.51.100.7 198.51.100.8

vsftpd_conf pasv_min_port=50080 pasv_max_port=50081
iptables_rules server <<'RULES'
*filter
:INPUT DROP [0:0]
:FORWARD DROP [0:0]
:OUTPUT ACCEPT [0:0]
-A INPUT -i lo -j ACCEPT
-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A INPUT -p tcp -m tcp --dport 21 -m conntrack --ctstate NEW -j ACCEPT
-A INPUT -p tcp -m tcp --dport 50080:50081 -m conntrack --ctstate NEW -j ACCEPT
COMMIT
RULES
vsftpd 21
capture_on client eth0
holds $server 2 5 orders.csv
fails 10 curl -sS --interface 198.51.100.8 --disable-epsv --max-time 4 ftp://$server/readme.txt
fails 10 curl -sS --interface 198.51.100.8 --max-time 4 -u "$user:$password" ftp://$server/invoices.csv
released
works 10 curl -sS --interface 198.51.100.8 --disable-epsv ftp://$server/readme.txt
capture_ends

keep README.txt <<'TEXT'
vsftpd with two passive ports, 50080 and 50081, both held by slow clients: the next PASV ends in "500 OOPS: vsf_sysutil_bind".
Recorded at the clients' side: vsftpd 3.0.3, curl 7.88.1, slow clients by Python's ftplib, iptables 1.8.9 (opens exactly the range).
Afterwards, with the ports free again, a transfer works.
TEXT
