# FTPS as it should be: TLS required, the range opened statically.
# shellcheck shell=bash disable=SC2034,SC2154
server=203.0.113.30
direct $server 198.51.100.7 198.51.100.8

certificate /etc/ssl/private/vsftpd.pem
anonymous=NO
vsftpd_conf pasv_min_port=50100 pasv_max_port=50109 ssl_enable=YES \
    rsa_cert_file=/etc/ssl/private/vsftpd.pem force_local_logins_ssl=YES \
    force_local_data_ssl=YES ssl_sslv2=NO ssl_sslv3=NO require_ssl_reuse=YES
nft_rules server <<'RULES'
table inet filter {
    chain input {
        type filter hook input priority filter; policy drop;
        iif "lo" accept
        ct state established,related accept
        tcp dport 21 ct state new accept
        tcp dport 50100-50109 ct state new accept
    }
}
RULES
vsftpd 21
capture_on client eth0
works 10 curl -sS --interface 198.51.100.7 --ssl-reqd -k -u "$user:$password" ftp://$server/invoices.csv
works 10 curl -sS --interface 198.51.100.8 --ssl-reqd -k --disable-epsv -u "$user:$password" -T note.txt ftp://$server/note-8.txt
capture_ends

keep README.txt <<'TEXT'
FTPS as it should be: vsftpd requires TLS, and the host's nftables opens its range 50100-50109 without any helper; everything works.
Recorded at the clients' side: vsftpd 3.0.3, curl 7.88.1 (--ssl-reqd), nftables 1.0.6; the certificate was made for the recording.
The ports offered can't be read from the wire, but the data connections can be seen.
TEXT
