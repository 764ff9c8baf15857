"""Small texts of each configuration format, for the target `configurations`: by the format's name."""

TEXTS = {
    "cisco-ios": """interface Gi0/0
 ip address 203.0.113.7 255.255.255.0
 ip access-group E in
 ip nat outside
interface Gi0/1
 ip nat inside
ip access-list extended E
 10 permit tcp any host 203.0.113.7 eq ftp
 20 permit tcp 198.51.100.0 0.0.0.255 any range 5001 5201 log
 30 deny ip any any
ip nat inside source static tcp 10.0.0.5 21 203.0.113.7 21 extendable
ip nat pool P 10.0.0.5 10.0.0.6 netmask 255.255.255.0 type rotary
ip nat inside destination list E pool P
""",
    "cisco-ios-show": """Extended IP access list 101
    10 permit tcp any host 203.0.113.7 eq ftp (20 matches)
    20 deny ip any any
""",
    "cisco-asa": """ASA Version 9.8(2)
interface Gi0/0
 nameif outside
 security-level 0
 ip address 203.0.113.1 255.255.255.0
object network FTP
 host 10.0.0.5
 nat (inside,outside) static 203.0.113.7 service tcp 21 21
object-group service S tcp
 port-object range 5001 5201
access-list O extended permit tcp any host 10.0.0.5 object-group S
access-group O in interface outside
policy-map global_policy
 class inspection_default
  inspect ftp
service-policy global_policy global
""",
    "cisco-asa-show": """access-list O; 2 elements; name hash: 0x12345678
access-list O line 1 extended permit tcp any host 10.0.0.5 eq ftp (hitcnt=3) 0x2fe38a3c
access-list O line 2 extended deny ip any any (hitcnt=0) 0x11223344
""",
    "iptables-save": """*nat
:PREROUTING ACCEPT [0:0]
-A PREROUTING -d 203.0.113.7/32 -p tcp -m multiport --dports 21,5001:5201 -j DNAT --to-destination 10.0.0.5
COMMIT
*filter
:INPUT DROP [0:0]
:own - [0:0]
-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A INPUT -p tcp -m tcp --dport 21 -m limit --limit 3/sec -j own
-A INPUT -m set --match-set good src -j ACCEPT
-A own ! -s 198.51.100.0/24 -j REJECT --reject-with tcp-reset
-A own -g own
COMMIT
\x1ccreate good hash:net,port family inet
add good 198.51.100.0/24,tcp:5001-5100
""",
    "ipset-save": "create good hash:ip family inet\nadd good 198.51.100.1\nadd good 198.51.100.0/24 nomatch\n",
    "nftables": """table inet t {
  set s { type ipv4_addr; flags interval; elements = { 198.51.100.0/24, 192.0.2.1 } }
  ct helper ftp-standard { type "ftp" protocol tcp; }
  chain input {
    type filter hook input priority filter; policy drop;
    ct state vmap { established : accept, related : accept, invalid : drop }
    ip saddr @s tcp dport { 21, 5001-5201 } accept
    tcp dport 21 ct helper set "ftp-standard"
    tcp dport != 22 jump other
  }
  chain other { tcp dport vmap { 23 : drop, 25-30 : return }; goto input }
  chain pre { type nat hook prerouting priority dstnat; tcp dport 2121 dnat ip to 10.0.0.5:21; }
}
""",
    "nftables-json": """{"nftables": [{"metainfo": {"version": "1.0"}}, {"table": {"family": "ip", "name": "t", "handle": 1}},
{"chain": {"family": "ip", "table": "t", "name": "c", "handle": 1, "type": "filter", "hook": "input", "prio": 0, "policy": "drop"}},
{"rule": {"family": "ip", "table": "t", "chain": "c", "handle": 2, "expr": [{"match": {"op": "==", "left": {"payload": {"protocol": "tcp", "field": "dport"}}, "right": {"set": [21, {"range": [5001, 5201]}]}}}, {"accept": null}]}}]}
""",
    "ufw": """*filter
:ufw-user-input - [0:0]
### tuple ### allow tcp 21 0.0.0.0/0 any 0.0.0.0/0 in
-A ufw-user-input -p tcp --dport 21 -j ACCEPT
COMMIT
\x1cENABLED=yes
LOGLEVEL=low
\x1cDEFAULT_INPUT_POLICY="DROP"
IPV6=yes
""",
    "ufw-status": """Status: active
Logging: on (low)
Default: deny (incoming), allow (outgoing), disabled (routed)

To                         Action      From
--                         ------      ----
21/tcp                     ALLOW IN    Anywhere
5001:5201/tcp              DENY IN     198.51.100.0/24
""",
    "firewalld": """<?xml version="1.0" encoding="utf-8"?>
<zone target="DROP"><interface name="eth0"/><service name="ftp"/><port port="5001-5201" protocol="tcp"/>
<forward-port port="2121" protocol="tcp" to-port="21" to-addr="10.0.0.5"/>
<rule family="ipv4"><source address="198.51.100.0/24"/><port port="22" protocol="tcp"/><reject/></rule></zone>
""",
    "firewall-cmd": """public (active)
  target: default
  interfaces: eth0
  sources:
  services: ftp ssh
  ports: 5001-5201/tcp
  forward-ports: port=2121:proto=tcp:toport=21:toaddr=
  rich rules:
	rule family="ipv4" source address="198.51.100.0/24" port port="22" protocol="tcp" drop
""",
    "pf-conf": """ext = "em0"
table <bad> { 198.51.100.0/24, !198.51.100.7 }
rdr pass on $ext proto tcp from any to 203.0.113.7 port 2121 -> 10.0.0.5 port 21
block in all
pass in quick on $ext proto tcp from <bad> to any port { 21, 5001:5201 } flags S/SA keep state
anchor "ftp-proxy/*"
""",
    "pfsense-config": """<?xml version="1.0"?><pfsense><interfaces><wan><if>em0</if><ipaddr>203.0.113.7</ipaddr><subnet>24</subnet></wan></interfaces>
<aliases><alias><name>p</name><type>port</type><address>21 5001:5201</address></alias></aliases>
<nat><rule><interface>wan</interface><protocol>tcp</protocol><source><any/></source><destination><network>wanip</network><port>21</port></destination><target>10.0.0.5</target><local-port>21</local-port></rule></nat>
<filter><rule><type>pass</type><interface>wan</interface><protocol>tcp</protocol><source><any/></source><destination><address>10.0.0.5</address><port>p</port></destination></rule></filter></pfsense>
""",
    "junos": """set security zones security-zone untrust interfaces ge-0/0/0.0
set security address-book global address ftp 10.0.0.5/32
set applications application pasv protocol tcp destination-port 5001-5201
set security policies from-zone untrust to-zone trust policy p match source-address any destination-address ftp application [ junos-ftp pasv ]
set security policies from-zone untrust to-zone trust policy p then permit
set firewall family inet filter f term t from destination-port ftp
set firewall family inet filter f term t then accept
""",
    "panos": """set address ftp ip-netmask 10.0.0.5/32
set service pasv protocol tcp port 5001-5201
set rulebase security rules r from untrust to trust source any destination ftp application any service pasv action allow
set rulebase nat rules n from untrust to untrust destination 203.0.113.7 service any destination-translation translated-address 10.0.0.5
""",
    "fortios": """config firewall service custom
    edit "pasv"
        set tcp-portrange 5001-5201:1024-65535
    next
end
config firewall vip
    edit "ftp"
        set extip 203.0.113.7
        set mappedip "10.0.0.5"
        set extintf "wan1"
        set portforward enable
        set extport 21
        set mappedport 21
    next
end
config firewall policy
    edit 1
        set srcintf "wan1"
        set dstintf "dmz"
        set srcaddr "all"
        set dstaddr "ftp"
        set action accept
        set schedule "always"
        set service "FTP" "pasv"
    next
end
""",
    "routeros": """# RouterOS 7.1
/ip firewall filter
add chain=forward action=accept connection-state=established,related
add chain=forward action=accept protocol=tcp dst-port=21,5001-5201 in-interface=ether1
add chain=forward action=drop
/ip firewall nat
add chain=dstnat action=dst-nat dst-address=203.0.113.7 protocol=tcp dst-port=21 to-addresses=10.0.0.5 to-ports=21
""",
    "aws-security-groups": """{"SecurityGroups": [{"GroupId": "sg-1", "GroupName": "g", "IpPermissions": [{"IpProtocol": "tcp", "FromPort": 21, "ToPort": 21,
"IpRanges": [{"CidrIp": "0.0.0.0/0"}], "Ipv6Ranges": [], "UserIdGroupPairs": [], "PrefixListIds": []}], "IpPermissionsEgress": []}]}
""",
    "aws-network-acls": """{"NetworkAcls": [{"NetworkAclId": "acl-1", "Entries": [{"RuleNumber": 100, "Protocol": "6", "RuleAction": "allow", "Egress": false,
"CidrBlock": "0.0.0.0/0", "PortRange": {"From": 21, "To": 21}}, {"RuleNumber": 32767, "Protocol": "-1", "RuleAction": "deny", "Egress": false, "CidrBlock": "0.0.0.0/0"}]}]}
""",
    "azure-nsg": """{"name": "n", "securityRules": [{"name": "a", "properties": {"protocol": "Tcp", "sourceAddressPrefix": "*", "sourcePortRange": "*",
"destinationAddressPrefix": "10.0.0.5", "destinationPortRanges": ["21", "5001-5201"], "access": "Allow", "priority": 100, "direction": "Inbound"}}]}
""",
    "gcp-firewall-rules": """[{"name": "a", "direction": "INGRESS", "priority": 1000, "disabled": false, "sourceRanges": ["0.0.0.0/0"],
"allowed": [{"IPProtocol": "tcp", "ports": ["21", "5001-5201"]}], "network": "n"}]
""",
    "netsh-firewall-script": """@echo off
set /a low=5001
FOR /L %%I IN (%low%,1,5010) DO netsh firewall add portopening TCP %%I FTP%%I
if exist x.txt (netsh advfirewall firewall add rule name="f" dir=in action=allow protocol=TCP localport=21) else goto :end
netsh advfirewall firewall add rule name=b dir=in action=block protocol=TCP localport=23 remoteip=198.51.100.0/24
:end
""",
    "netsh-firewall-show": """Port configuration for Standard profile:
Port   Protocol  Mode     Name
-------------------------------------------------------------------
21     TCP       Enable   FTP

Firewall status:
-------------------------------------------------------------------
Profile                           = Standard
Operational mode                  = Enable
""",
    "windows-dynamicport": """Protocol tcp Dynamic Port Range
---------------------------------
Start Port      : 49152
Number of Ports : 16384
""",
    "iis5-registry": """Windows Registry Editor Version 5.00

[HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Services\\Msftpsvc\\Parameters]
"PassivePortRange"="5001-5201"
""",
    "iis6-adsutil": 'cscript adsutil.vbs get /MSFTPSVC/PassivePortRange\nPassivePortRange : (STRING) "5001-5201"\n',
    "iis6-metabase": """<?xml version ="1.0"?><configuration xmlns="urn:microsoft-catalog:XML_Metabase_V64_0"><MBProperty>
<IIsFtpService Location ="/LM/MSFTPSVC" PassivePortRange="5001-5201"></IIsFtpService>
<IIsFtpServer Location ="/LM/MSFTPSVC/1" ServerBindings=":21:"></IIsFtpServer></MBProperty></configuration>
""",
    "iis7-apphost": """<configuration><system.applicationHost><sites><site name="f" id="1"><bindings><binding protocol="ftp" bindingInformation="*:21:" /></bindings>
<ftpServer><firewallSupport externalIp4Address="203.0.113.7" /></ftpServer></site></sites></system.applicationHost>
<system.ftpServer><firewallSupport lowDataChannelPort="50000" highDataChannelPort="50099" /></system.ftpServer></configuration>
""",
    "netsh-advfirewall-show": """C:\\>netsh advfirewall show currentprofile
Public Profile Settings:
----------------------------------------------------------------------
State                                 ON
Firewall Policy                       BlockInbound,AllowOutbound

Ok.
Regelname:                            FTP
----------------------------------------------------------------------
Aktiviert:                            Ja
Richtung:                             Eingehend
Profile:                              Privat,Public
Gruppierung:
Lokales IP:                           Beliebig
Remote-IP:                            198.51.100.0/24,LocalSubnet
Protokoll:                            TCP
Lokaler Port:                         21,5001-5201
Remoteport:                           Beliebig
Programm:                             %SystemRoot%\\system32\\svchost.exe
Dienst:                               ftpsvc
Aktion:                               Zulassen
OK.
""",
    "netfirewallrule": """[{"Name": "{1}", "InstanceID": "{1}", "DisplayName": "FTP", "Enabled": 1, "Profile": 0, "Direction": 1, "Action": 2},
{"InstanceID": "{1}", "Protocol": "TCP", "LocalPort": ["21", "5001-5201"], "RemotePort": "Any"},
{"InstanceID": "{1}", "LocalAddress": "Any", "RemoteAddress": "LocalSubnet"},
{"Name": "Public", "Enabled": 1, "DefaultInboundAction": 4}, {"InterfaceAlias": "e", "NetworkCategory": 0}]
""",
    "windows-firewall-registry": """Windows Registry Editor Version 5.00

[HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Services\\SharedAccess\\Parameters\\FirewallPolicy\\PublicProfile]
"EnableFirewall"=dword:00000001

[HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Services\\SharedAccess\\Parameters\\FirewallPolicy\\FirewallRules]
"{1}"="v2.30|Action=Allow|Active=TRUE|Dir=In|Protocol=6|Profile=Public|LPort=21|LPort2_10=5001-5201|RA4=LocalSubnet|App=C:\\\\f.exe|Name=FTP|"
"{2}"="v2.30|Action=Block|Active=TRUE|Dir=In|Protocol=6|LPort2_10=5100-5150|Platform=2:6:2|Platform2=GTEQ|"
""",
    "iis7-appcmd": "appcmd set config /section:system.ftpServer/firewallSupport /lowDataChannelPort:50000 /highDataChannelPort:50099\n",
    "iis7-powershell": "Set-WebConfigurationProperty -Filter /system.ftpServer/firewallSupport -Name lowDataChannelPort -Value 50000\n",
    "vsftpd": "listen=YES\npasv_min_port=50000\npasv_max_port=50099\npasv_address=203.0.113.7\nport_enable=NO\nssl_enable=YES\n",
    "vsftpd-command": "vsftpd /etc/vsftpd.conf -opasv_min_port=50000 -opasv_max_port=50099\n",
    "proftpd": """ServerType standalone
Port 21
<IfModule mod_tls.c>
TLSEngine on
</IfModule>
<Global>
PassivePorts 50000 50099
</Global>
<VirtualHost 10.0.0.5>
MasqueradeAddress 203.0.113.7
</VirtualHost>
Include conf.d/*.conf
""",
    "pureftpd": "PassivePortRange 50000 50099\nForcePassiveIP 203.0.113.7\nTLS 1\nBind ,21\n",
    "pureftpd-command": "/usr/sbin/pure-ftpd -p 50000:50099 -P 203.0.113.7 -Y 1 -S 21\n",
    "pureftpd-folder": "50000 50099\n",
    "pyftpdlib": "from pyftpdlib.handlers import FTPHandler\nFTPHandler.passive_ports = range(50000, 50100)\nFTPHandler.masquerade_address = '203.0.113.7'\nserver = FTPServer(('', 2121), FTPHandler)\n",
    "pyftpdlib-command": "python3 -m pyftpdlib -p 2121 -r 50000-50099 -n 203.0.113.7\n",
    "wu-ftpd": "passive ports 0.0.0.0/0 50000 50099\npassive address 203.0.113.7 0.0.0.0/0\n",
    "glftpd": "pasv_addr 203.0.113.7 1\npasv_ports 50000-50099\n",
    "crushftp": "<?xml version=\"1.0\"?><server_prefs><server_list><server_list_subitem><port>21</port><pasv_ports>50000-50099</pasv_ports><server_ip>203.0.113.7</server_ip></server_list_subitem></server_list></server_prefs>\n",
    "filezilla-0.9": "<FileZillaServer><Settings><Item name=\"Custom PASV min port\" type=\"numeric\">50000</Item><Item name=\"Custom PASV max port\" type=\"numeric\">50099</Item><Item name=\"Use custom PASV ports\" type=\"numeric\">1</Item></Settings></FileZillaServer>\n",
    "filezilla-1": "<filezilla><ftp_server><listener><address>0.0.0.0</address><port>21</port></listener><session><pasv><host_override>203.0.113.7</host_override><port_range><min>50000</min><max>50099</max></port_range></pasv></session></ftp_server></filezilla>\n",
    "aws-transfer": '{"Server": {"ServerId": "s-1", "Protocols": ["FTPS"], "ProtocolDetails": {"PassiveIp": "203.0.113.7"}, "EndpointType": "VPC"}}\n',
    "ftp-container": "docker run -d -p 21:21 -p 50000-50099:50000-50099 -e PASV_MIN_PORT=50000 -e PASV_MAX_PORT=50099 -e PASV_ADDRESS=203.0.113.7 fauria/vsftpd\n",
}
