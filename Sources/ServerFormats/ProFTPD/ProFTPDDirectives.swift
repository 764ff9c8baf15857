/// The directives of ProFTPD 1.3.8 and of the modules that distributions ship, in small letters.
///
/// A name that stands in none of them keeps the server from starting, or belongs to a module of
/// somebody's own.
enum ProFTPDDirectives {
    static let known = Set(
        names.split { $0 == " " || $0 == "\n" }.map(String.init))

    static let sections: Set<String> = [
        "anonymous", "class", "directory", "global", "ifauthenticated", "ifclass", "ifdefine",
        "ifgroup", "ifmodule", "ifuser", "ifversion", "limit", "virtualhost",
    ]

    /// Names that other products' files hold too: alone they tell nothing.
    static let common: Set<String> = [
        "allow", "anonymous", "anonymousonly", "bind", "class", "define", "deny", "directory",
        "from", "global", "group", "ifdefine", "ifmodule", "ifversion", "include", "limit",
        "loadfile", "loadmodule", "logformat", "loglevel", "logoptions", "maxclients", "maxload",
        "order", "pidfile", "port", "protocols", "satisfy", "scoreboardfile", "serveradmin",
        "serveralias", "servername", "setenv", "syslogfacility", "tls", "trace",
        "transferlog", "umask", "unsetenv", "useftpusers", "user", "virtualhost",
    ]

    private static let names = """
        accessdenymsg accessgrantmsg admincontrolsacls admincontrolsengine allow allowall
        allowchrootsymlinks allowclass allowemptypasswords allowfilter allowforeignaddress
        allowgroup allowlogsymlinks allowoverride allowoverwrite allowretrieverestart
        allowstorerestart allowuser anonallowrobots anonratio anonrejectpasswords
        anonrequirepassword anonymousgroup authaliasonly authfileoptions authgroupfile authorder
        authotpalgorithm authotpengine authotplog authotpoptions authotptable authotptablelock
        authpam authpamconfig authpamoptions authunixoptions authuserfile authusingalias
        autohostconfig autohostengine autohostlog autohostoptions autohostports bancache
        bancacheoptions bancontrolsacls banengine banlog banmessage banonevent banoptions bantable
        bind byteratioerrmsg capabilitiesengine capabilitiesrootrevoke capabilitiesset caseengine
        caseignore caselog cdpath clamav clamlocalsocket clamport clamserver class
        commandbuffersize controlsauthfreshness controlsengine controlsinterval controlslog
        controlsmaxclients controlssocket controlssocketacl controlssocketowner copyengine
        copyoptions counterengine counterfile counterlog createhome cwdratiomsg debuglevel
        defaultaddress defaultchdir defaultquota defaultroot defaultserver defaulttransfermode
        deferwelcome define deflateengine deflatelog delaycontrolsacls delayengine delayonevent
        delaytable deleteabortedstores deny denyall denyclass denyfilter denygroup denyuser
        digestalgorithms digestcache digestdefaultalgorithm digestenable digestengine
        digestmaxsize digestoptions dirfakegroup dirfakemode dirfakeuser diskuseengine
        displaychdir displayconnect displayfiletransfer displayfirstchdir displaygoaway
        displaylogin displayquit displayreadme dnsbldomain dnsblengine dnsbllog dnsblpolicy
        dynmasqcontrolsacls dynmasqrefresh execbeforecommand execenable execengine execenviron
        execlog execoncommand execonconnect execonerror execonevent execonexit execonrestart
        execoptions exectimeout extendedlog faclengine factsadvertise factsdefault factsoptions
        fileratioerrmsg forensiclogbuffersize forensiclogcapture forensiclogcriteria
        forensiclogengine forensiclogfile from fscachepolicy fsoptions geoipallowfilter
        geoipdenyfilter geoipengine geoiplog geoippolicy geoiptable group groupowner grouppassword
        groupratio hiddenstores hidefiles hidegroup hidenoaccess hideuser hostratio identlookups
        ignorehidden include includeoptions langdefault langengine langoptions langpath
        lastlogengine ldapaliasdereference ldapattr ldapauthbinds ldapbinddn ldapconnectflags
        ldapdefaultauthscheme ldapdefaultgid ldapdefaultquota ldapdefaultuid ldapdninfo ldapdoauth
        ldapdogidlookups ldapdoquotalookups ldapdouidlookups ldapforcedefaultgid
        ldapforcedefaultuid ldapforcegeneratedhomedir ldapforcehomedirondemand ldapgeneratehomedir
        ldapgeneratehomedirprefix ldapgeneratehomedirprefixnousername ldapgroups
        ldaphomedirondemand ldaplog ldapnegativecache ldapprotocolversion ldapquerytimeout
        ldapsearchscope ldapserver ldapsslcertificatefile ldaptlsoptions ldapusers ldapusetls
        leechratiomsg listoptions liststyle loadfile loadmodule logformat loglevel logoptions
        masqueradeaddress maxclients maxclientsperclass maxclientsperhost maxclientsperuser
        maxcommandrate maxconnectionrate maxconnectionsperhost maxhostcommands maxhostsperuser
        maxinstances maxload maxloginattempts maxpasswordsize maxretrievefilesize maxstorefilesize
        maxtransfersperhost maxtransfersperuser memcacheconnectfailures memcacheengine memcachelog
        memcacheoptions memcachereplicas memcacheservers memcachetimeouts modulecontrolsacls
        moduleorder modulepath msgengine msglog multilinerfc2228 order passiveports
        pathallowfilter pathdenyfilter persistentpasswd pidfile port processtitles protocols
        proxydatatransferpolicy proxyengine proxylog proxyreverseservers proxyrole
        proxysourceaddress proxytables qosoptions quotadefault quotadirectorytally
        quotadisplayunits quotaengine quotaexcludefilter quotalimittable quotalock quotalog
        quotaoptions quotashowquotas quotatallytable radiusacctserver radiusattr radiusauthserver
        radiusengine radiusgroupinfo radiuslog radiusnasidentifier radiusoptions radiusquotainfo
        radiusrealm radiususerinfo radiusvendor ratereadbps ratewritebps ratiofile ratios
        ratiotempfile redisengine redislog redislogformatextra redislogoncommand redislogonevent
        redisoptions redissentinel redisserver redistimeouts regexoptions requirevalidshell
        rewritecondition rewriteengine rewritehome rewritelock rewritelog rewritemap
        rewritemaxreplace rewriterule rlimitcpu rlimitmemory rlimitopenfiles rootlogin rootrevoke
        satisfy saveratios scoreboardfile scoreboardmutex scoreboardscrub serveradmin serveralias
        serverauthoritative serverident serverlog servername servertype setenv sftpacceptenv
        sftpauthmethods sftpauthorizedhostkeys sftpauthorizeduserkeys sftpciphers sftpclientalive
        sftpclientmatch sftpcompression sftpcryptodevice sftpdhparamfile sftpdigests
        sftpdisplaybanner sftpengine sftpextensions sftphostkey sftphostkeys sftpkeyblacklist
        sftpkeyexchanges sftpkeylimits sftplog sftpmaxchannels sftpoptions sftppamengine
        sftppamoptions sftppamservicename sftppassphraseprovider sftprekey sftptrafficpolicy
        shaperall shapercontrolsacls shaperengine shaperlog shapersession shapertable showsymlinks
        sitemiscengine snmpagent snmpcommunity snmpenable snmpengine snmplog snmpmaxvariables
        snmpnotify snmpoptions snmptables socketbindtight socketoptions sqlauthenticate
        sqlauthoritative sqlauthtypes sqlbackend sqlconnectinfo sqldefaultgid sqldefaulthomedir
        sqldefaultuid sqldoauth sqlengine sqlgroupinfo sqlgroupprimarykey sqlgroupwhereclause
        sqlkeepalive sqllog sqllogfile sqllogonevent sqlminid sqlminusergid sqlminuseruid
        sqlnamedconnectinfo sqlnamedquery sqlnegativecache sqloptions sqlpasswordargon2
        sqlpasswordcost sqlpasswordencoding sqlpasswordengine sqlpasswordoptions sqlpasswordpbkdf2
        sqlpasswordrounds sqlpasswordsaltencoding sqlpasswordsaltfile sqlpasswordscrypt
        sqlpasswordusersalt sqlratios sqlratiostats sqlshowinfo sqluserinfo sqluserprimarykey
        sqlusertable sqluserwhereclause statcachecapacity statcachecontrolsacls statcacheengine
        statcachemaxage statcachetable storeuniqueprefix syslogfacility sysloglevel systemlog
        tarengine taroptions tcpaccessfiles tcpbacklog tcpgroupaccessfiles tcpnodelay
        tcpservicename tcpuseraccessfiles timeoutidle timeoutlinger timeoutlogin timeoutnotransfer
        timeoutsession timeoutstalled timesgmt tlscacertificatefile tlscacertificatepath
        tlscarevocationfile tlscarevocationpath tlscertificatechainfile tlsciphersuite
        tlscontrolsacls tlscryptodevice tlsdhparamfile tlsdsacertificatefile
        tlsdsacertificatekeyfile tlseccertificatefile tlseccertificatekeyfile tlsecdhcurve
        tlsengine tlslog tlsmasqueradeaddress tlsnextprotocol tlsoptions tlspassphraseprovider
        tlspkcs12file tlspresharedkey tlsprotocol tlsrandomseed tlsrenegotiate tlsrequired
        tlsrsacertificatefile tlsrsacertificatekeyfile tlsservercipherpreference tlsserverinfofile
        tlssessioncache tlssessionticketkeys tlssessiontickets tlsstapling tlsstaplingcache
        tlsstaplingoptions tlsstaplingresponder tlsstaplingtimeout tlstimeouthandshake tlsusername
        tlsverifyclient tlsverifydepth tlsverifyorder tlsverifyserver trace tracelog traceoptions
        transferlog transferoptions transferrate umask uniqueidengine unsetenv useencoding
        useftpusers useglobbing usehostsallowfile usehostsdenyfile useipv6 uselastlog user
        useralias userdirroot usereversedns userowner userpassword userratio usesendfile useutf8
        vrootalias vrootengine vrootlog vrootoptions vrootserverroot wrapallowmsg wrapdenymsg
        wrapengine wrapgrouptables wraplog wrapoptions wrapservicename wraptables wrapusertables
        wtmplog
        """
}
