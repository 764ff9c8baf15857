import Net
import PolicyText

/// Services of firewalld: ports of TCP, other services that they include, whether they assign the
/// FTP helper.
struct FirewalldService: Hashable, Sendable {
    var ports = PortSet()
    var sourcePorts = PortSet()
    /// It is for TCP whatever the port (`<protocol value="tcp"/>`).
    var anyPort = false
    var includes: [String] = []
    /// Names of helpers that it assigns.
    var helpers: [String] = []
    /// Only for these destinations; nil: for all.
    var destinations: AddressSet?
    /// Why it isn't known in full.
    var doubt: String?
}

enum FirewalldServices {
    /// The shipped service of that name (firewalld 1.3, `/usr/lib/firewalld/services`).
    static func shipped(_ name: String) -> FirewalldService? {
        guard let row = table[name] else { return nil }
        var service = FirewalldService()
        for part in row.split(separator: ",") {
            if part.hasPrefix("+") {
                service.includes.append(String(part.dropFirst()))
            } else if let range = CloudValues.ports(String(part)) {
                service.ports = service.ports.union(PortSet(range))
            }
        }
        if name == "ftp" { service.helpers = ["ftp"] }
        return service
    }

    private static let table: [String: String] = {
        var table: [String: String] = [:]
        for word in rows.split(whereSeparator: { $0 == " " || $0 == "\n" }) {
            let halves = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard halves.count == 2 else { continue }
            table[String(halves[0])] = String(halves[1])
        }
        return table
    }()

    /// `name=ports of TCP,+included service`; nothing behind the sign: none of TCP.
    private static let rows = """
        RH-Satellite-6-capsule=8443,+RH-Satellite-6
        RH-Satellite-6=5000,5646-5647,5671,8000,8080,9090,+foreman afp=548 amanda-client=10080
        amanda-k5-client=10082 amqp=5672 amqps=5671 apcupsd=3551 audit=60 ausweisapp2=
        bacula-client=9102 bacula=9101,9102,9103 bareos-director=9101 bareos-filedaemon=9102
        bareos-storage=9103 bb=1984 bgp=179 bitcoin-rpc=8332 bitcoin-testnet-rpc=18332
        bitcoin-testnet=18333 bitcoin=8333 bittorrent-lsd= ceph-exporter=9283 ceph-mon=3300,6789
        ceph=6800-7300 cfengine=5308 checkmk-agent=6556 cockpit=9090 collectd=
        condor-collector=9618 cratedb=4200,4300,+postgresql ctdb=4379 dds-multicast=
        dds-unicast= dds=+dds-multicast,+dds-unicast dhcp= dhcpv6-client= dhcpv6= distcc=3632
        dns-over-tls=853 dns=53 docker-registry=5000 docker-swarm=2377,7946
        dropbox-lansync=17500 elasticsearch=9300,9200 etcd-client=2379 etcd-server=2380
        finger=79 foreman-proxy=8443,+foreman foreman=8140,+dns,+http,+https,+dhcp,+tftp
        freeipa-4=+http,+https,+kerberos,+kpasswd,+ldap,+ldaps freeipa-ldap=80,443,88,464,389
        freeipa-ldaps=80,443,88,464,636 freeipa-replication=7389
        freeipa-trust=135,138-139,389,445,49152-65535,3268 ftp=21 galera=3306,4567,4568,4444
        ganglia-client=8660 ganglia-master=8651 git=9418 gpsd=2947 grafana=3000 gre=
        high-availability=2224,3121,5403,9929,21064 http=80 http3= https=443 ident=113 imap=143
        imaps=993 ipfs=4001 ipp-client= ipp=631 ipsec=4500 irc=6667 ircs=6697 iscsi-target=3260
        isns=3205 jenkins=8080 kadmin=749 kdeconnect=1714-1764 kerberos=88 kibana=5601
        klogin=543 kpasswd=464 kprop=754 kshell=544 kube-api=+kubelet kube-apiserver=6443
        kube-control-plane-secure=+etcd-client,+etcd-server,+kube-apiserver,+kube-controller-manager-secure,+kube-scheduler-secure
        kube-control-plane=+etcd-client,+etcd-server,+kube-apiserver,+kube-controller-manager,+kube-scheduler
        kube-controller-manager-secure=10257 kube-controller-manager=10252
        kube-nodeport-services=30000-32767 kube-scheduler-secure=10259 kube-scheduler=10251
        kube-worker=+kubelet,+kube-nodeport-services kubelet-readonly=10255
        kubelet-worker=+kube-worker kubelet=10250 ldap=389 ldaps=636 libvirt-tls=16514
        libvirt=16509 lightning-network=9735 llmnr-client= llmnr-tcp=5355 llmnr-udp=
        llmnr=+llmnr-tcp,+llmnr-udp managesieve=4190 matrix=8448,+https mdns= memcache=11211
        minidlna=8200,+ssdp mongodb=27017 mosh= mountd=20048 mqtt-tls=8883 mqtt=1883 ms-wbt=+rdp
        mssql=1433 murmur=64738 mysql=3306 nbd=10809 nebula= netbios-ns= netdata-dashboard=19999
        nfs=2049 nfs3=2049 nmea-0183=10110 nrpe=5666 ntp= nut=3493 openvpn= ovirt-imageio=54322
        ovirt-storageconsole=55863,39543 ovirt-vmconsole=2223 plex=32400,32469,3005,8324,+ssdp
        pmcd=44321 pmproxy=44322 pmwebapi=44323 pmwebapis=44324 pop3=110 pop3s=995
        postgresql=5432 privoxy=8118 prometheus-node-exporter=9100 prometheus=9090 proxy-dhcp=
        ps2link=18193 ps3netsrv=38008 ptp= pulseaudio=4713 puppetmaster=8140 quassel=4242
        radius=1812,1813 rdp=3389 redis-sentinel=26379 redis=6379 rpc-bind=111 rquotad=875
        rsh=514 rsyncd=873 rtsp=554 salt-master=4505,4506 samba-client=+netbios-ns
        samba-dc=135,49152-65535,3268,3269,+samba,+dns,+kerberos,+ldap,+ldaps,+kpasswd
        samba=139,445,+samba-client sane=6566 sip=5060 sips=5061 slp=427 smtp-submission=587
        smtp=25 smtps=465 snmp=161 snmptls-trap=10162 snmptls=10161 snmptrap=162
        spideroak-lansync= spotify-sync=57621 squid=3128 ssdp= ssh=22
        steam-streaming=27036,27037 svdrp=6419 svn=3690 syncthing-gui=8384
        syncthing-relay=22067,22070 syncthing=22000 synergy=24800 syslog-tls=6514 syslog=
        telnet=23 tentacle=41121 tftp= tile38=9851 tinc=655 tor-socks=9050
        transmission-client=51413 upnp-client= vdsm=54321,5900-6923,49152-49216
        vnc-server=5900-5903 warpinator=42000,42001 wbem-http=5988 wbem-https=5989 wireguard=
        ws-discovery-client= ws-discovery-tcp=3702 ws-discovery-udp=
        ws-discovery=+ws-discovery-tcp,+ws-discovery-udp wsman=5985 wsmans=5986 xdmcp=177
        xmpp-bosh=5280 xmpp-client=5222 xmpp-local=5298 xmpp-server=5269 zabbix-agent=10050
        zabbix-server=10051 zerotier=
        """
}
