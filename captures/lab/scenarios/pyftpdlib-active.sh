# Active mode: the server opens the data connections.
# shellcheck shell=bash disable=SC2034,SC2154
server=203.0.113.26
direct $server 198.51.100.7 198.51.100.8

keep ftpd.py /srv/ftpd.py <<'CONF'
from pyftpdlib.authorizers import UnixAuthorizer
from pyftpdlib.handlers import FTPHandler
from pyftpdlib.servers import FTPServer

handler = FTPHandler
handler.authorizer = UnixAuthorizer(anonymous_user="ftp")
handler.passive_ports = range(50060, 50070)

server = FTPServer(("0.0.0.0", 21), handler)
server.serve_forever()
CONF
iptables_rules server <<'RULES'
*filter
:INPUT DROP [0:0]
:FORWARD DROP [0:0]
:OUTPUT ACCEPT [0:0]
-A INPUT -i lo -j ACCEPT
-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A INPUT -p tcp -m tcp --dport 21 -m conntrack --ctstate NEW -j ACCEPT
-A INPUT -p tcp -m tcp --dport 50060:50069 -m conntrack --ctstate NEW -j ACCEPT
COMMIT
RULES
serve 21 /usr/bin/python3 -B /srv/ftpd.py
capture_on client eth0
works 10 curl -sS --interface 198.51.100.7 --ftp-port 198.51.100.7 --disable-eprt ftp://$server/readme.txt
works 10 curl -sS --interface 198.51.100.7 --ftp-port 198.51.100.7 -u "$user:$password" ftp://$server/invoices.csv
works 10 bash -c "printf 'user anonymous guest@example.net\nls\nget orders.csv got.csv\nepsv4 off\nget readme.txt got.txt\nbye\n' |
    tnftp -A -n -i -s 198.51.100.8 $server"
capture_ends

keep README.txt <<'TEXT'
Active mode: clients send PORT or EPRT and the server opens the data connections; everything works, as these clients accept them.
Recorded at the clients' side: pyftpdlib 1.5.7, curl 7.88.1 (--ftp-port), tnftp 20210827 (-A), iptables 1.8.9.
The passive range 50060-50069 is open and not used by these clients.
TEXT
