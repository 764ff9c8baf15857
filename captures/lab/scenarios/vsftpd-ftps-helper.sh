# vsftpd with optional TLS; the host's nftables opens data ports by the FTP helper alone.
# shellcheck shell=bash disable=SC2034,SC2154
server=203.0.113.25
direct $server 198.51.100.7 198.51.100.8

certificate /etc/ssl/private/vsftpd.pem
vsftpd_conf pasv_min_port=50050 pasv_max_port=50059 ssl_enable=YES \
    rsa_cert_file=/etc/ssl/private/vsftpd.pem allow_anon_ssl=NO force_local_logins_ssl=NO \
    force_local_data_ssl=NO require_ssl_reuse=NO
nft_rules server <<'RULES'
table inet filter {
    ct helper ftp-standard {
        type "ftp" protocol tcp
        l3proto ip
    }
    chain prerouting {
        type filter hook prerouting priority filter; policy accept;
        tcp dport 21 ct helper set "ftp-standard"
    }
    chain input {
        type filter hook input priority filter; policy drop;
        iif "lo" accept
        ct state established,related accept
        tcp dport 21 ct state new accept
    }
}
RULES
vsftpd 21
capture_on client eth0
works 10 curl -sS --interface 198.51.100.7 --disable-epsv ftp://$server/orders.csv
works 10 curl -sS --interface 198.51.100.7 ftp://$server/readme.txt
fails 10 curl -sS --interface 198.51.100.8 --ssl-reqd -k --max-time 4 -u "$user:$password" ftp://$server/invoices.csv
fails 10 curl -sS --interface 198.51.100.8 --ssl-reqd -k --max-time 4 --disable-epsv -u "$user:$password" ftp://$server/
capture_ends

keep README.txt <<'TEXT'
vsftpd with TLS; the host's nftables opens data ports only by the conntrack helper: cleartext sessions work, FTPS sessions hang.
Recorded at the clients' side: vsftpd 3.0.3, curl 7.88.1 (--ssl-reqd), nftables 1.0.6, Linux 6.18; the certificate was made for the recording.
After AUTH TLS the helper can't read the 227, so the SYNs to 50050-50059 stay unanswered.
TEXT
