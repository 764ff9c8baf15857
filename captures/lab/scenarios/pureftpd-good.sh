# A healthy server: the range configured is the range opened.
# shellcheck shell=bash disable=SC2034,SC2154
server=203.0.113.29
direct $server 198.51.100.7 198.51.100.23

pureftpd_conf "Bind $server,21" 'PassivePortRange 50090 50099'
nft_rules server <<'RULES'
table inet filter {
    chain input {
        type filter hook input priority filter; policy drop;
        iif "lo" accept
        ct state established,related accept
        tcp dport 21 ct state new accept
        tcp dport 50090-50099 ct state new accept
    }
}
RULES
pure_ftpd 21
capture_on client eth0
works 10 curl -sS --interface 198.51.100.7 ftp://$server/orders.csv
works 10 curl -sS --interface 198.51.100.7 --disable-epsv ftp://$server/readme.txt
works 10 lftp -c "set net:socket-bind-ipv4 198.51.100.23; open $server; cls; get 'price list.txt'; bye"
works 10 tnftp -s 198.51.100.23 -o - ftp://$server/readme.txt
capture_ends

keep README.txt <<'TEXT'
A healthy server: Pure-FTPd with PassivePortRange 50090-50099, opened exactly by the host's nftables; EPSV and PASV work.
Recorded at the clients' side: Pure-FTPd 1.0.50, curl 7.88.1, lftp 4.9.2, tnftp 20210827, nftables 1.0.6.
Anonymous users only: no password that matters crosses the wire.
TEXT
