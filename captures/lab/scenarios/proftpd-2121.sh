# ProFTPD with its control port on 2121; the host's nftables opens the whole range.
# shellcheck shell=bash disable=SC2034,SC2154
server=203.0.113.23
direct $server 198.51.100.7 198.51.100.23

proftpd_conf $server 'Port 2121' 'PassivePorts 50022 50029'
nft_rules server <<'RULES'
table inet filter {
    chain input {
        type filter hook input priority filter; policy drop;
        iif "lo" accept
        ct state established,related accept
        tcp dport { 22, 2121 } ct state new accept
        tcp dport 50022-50029 ct state new accept
    }
}
RULES
proftpd 2121
capture_on client eth0
works 10 tnftp -s 198.51.100.23 -o - "ftp://$user:$password@$server:2121/invoices.csv"
works 10 bash -c "printf 'user anonymous guest@example.net\nepsv4 off\nls\nget readme.txt got.txt\nbye\n' |
    tnftp -n -i -s 198.51.100.23 $server 2121"
works 10 lftp -c "set net:socket-bind-ipv4 198.51.100.7; open -p 2121 $server; get orders.csv; bye"
capture_ends

keep README.txt <<'TEXT'
ProFTPD with its control port on 2121, PassivePorts 50022-50029, opened exactly by the host's nftables: everything works.
Recorded at the clients' side: ProFTPD 1.3.8, tnftp 20210827 (EPSV and PASV), lftp 4.9.2, nftables 1.0.6.
A firewall that follows FTP on port 21 alone would not see these sessions.
TEXT
