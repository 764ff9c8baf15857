import Net
import Policy
import Testing

@testable import HostFormats
@testable import PolicyFormats

@Suite struct UfwTests {
    static func user(_ rules: [String], prefix: String = "ufw") -> String {
        (["*filter", ":\(prefix)-user-input - [0:0]", ":\(prefix)-user-forward - [0:0]"]
            + [":\(prefix)-before-logging-input - [0:0]", ":\(prefix)-user-limit - [0:0]"]
            + [":\(prefix)-user-limit-accept - [0:0]", "### RULES ###", ""] + rules
            + ["", "### END RULES ###"]
            + ["-A \(prefix)-user-limit -j REJECT", "-A \(prefix)-user-limit-accept -j ACCEPT"]
            + ["COMMIT"]).joined(separator: "\n") + "\n"
    }

    static let ftp = user([
        "### tuple ### allow tcp 21 0.0.0.0/0 any 0.0.0.0/0 in",
        "-A ufw-user-input -p tcp --dport 21 -j ACCEPT", "",
        "### tuple ### allow tcp 5001:5201 0.0.0.0/0 any 198.51.100.0/24 in_eth0",
        "-A ufw-user-input -i eth0 -p tcp -m multiport --dports 5001:5201 -s 198.51.100.0/24 -j ACCEPT",
        "", "### tuple ### limit tcp 22 0.0.0.0/0 any 0.0.0.0/0 in",
        "-A ufw-user-input -p tcp --dport 22 -m conntrack --ctstate NEW -m recent --set",
        "-A ufw-user-input -p tcp --dport 22 -m conntrack --ctstate NEW -m recent --update --seconds 30 --hitcount 6 -j ufw-user-limit",
        "-A ufw-user-input -p tcp --dport 22 -j ufw-user-limit-accept",
    ])

    static let before = """
        *nat
        :PREROUTING ACCEPT [0:0]
        -A PREROUTING -p tcp --dport 2121 -j REDIRECT --to-ports 21
        COMMIT
        *filter
        :ufw-before-input - [0:0]
        :ufw-before-forward - [0:0]
        :ufw-not-local - [0:0]
        -A ufw-before-input -i lo -j ACCEPT
        -A ufw-before-input -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
        -A ufw-before-input -m conntrack --ctstate INVALID -j ufw-logging-deny
        -A ufw-before-input -p icmp --icmp-type echo-request -j ACCEPT
        -A ufw-before-input -p tcp --dport 23 -j DROP
        -A ufw-before-input -p tcp --dport 990 -j ACCEPT
        -A ufw-before-input -j ufw-not-local
        -A ufw-not-local -m addrtype --dst-type LOCAL -j RETURN
        -A ufw-not-local -j DROP
        COMMIT
        """

    static let after = """
        *filter
        :ufw-after-input - [0:0]
        -A ufw-after-input -p tcp --dport 445 -j ufw-skip-to-policy-input
        -A ufw-after-input -p tcp --dport 7000 -j ACCEPT
        COMMIT
        """

    static func read(_ texts: (String, String)...) -> Configuration {
        Ufw.read(together: texts.map { ConfigText(file: $0.0, $0.1) })
    }

    @Test func `a lone user file is judged with the shipped frame`() {
        let configuration = Self.read(("user.rules", Self.ftp))
        let reach = Verdicts.reach(configuration, entering: "eth0")
        #expect(Verdicts.ports(reach) == "21-22,5001-5201")
        #expect(Verdicts.line(reach, 21) == 10)
        #expect(Verdicts.line(reach, 4000) == nil)
        #expect(Verdicts.ports(Verdicts.reach(configuration), .unknown) == "5001-5201")
        #expect(
            configuration.device?.assumptions.contains { $0.hasSuffix("ufw is taken as enabled") }
                == true)
        #expect(Verdicts.states(configuration) == [.used, .irrelevant])
    }

    @Test func `what the files decide stands in ufw's order`() {
        let configuration = Self.read(
            ("user.rules", Self.ftp), ("after.rules", Self.after), ("before.rules", Self.before))
        let reach = Verdicts.reach(configuration, entering: "eth0")
        #expect(Verdicts.ports(reach) == "21-22,990,2121,5001-5201,7000")
        #expect(
            reach.segments.first { $0.ports.contains(23) }?.decidedBy.last?.source.file
                == "before.rules")
        #expect(configuration.kinds == [.firewall, .nat])
    }

    @Test(arguments: [
        ("DROP", "21-22,5001-5201"), ("REJECT", "21-22,5001-5201"), ("ACCEPT", "1-65535"),
    ])
    func `the default policy is that of the settings`(policy: String, permitted: String) {
        let settings =
            "IPV6=yes\nDEFAULT_INPUT_POLICY=\"\(policy)\"\nDEFAULT_FORWARD_POLICY=\"DROP\"\n"
        let configuration = Self.read(("ufw", settings), ("user.rules", Self.ftp))
        let reach = Verdicts.reach(configuration, entering: "eth0")
        #expect(Verdicts.ports(reach) == permitted)
        #expect(Verdicts.line(reach, 6000) == 2)
    }

    @Test func `a disabled ufw lets all pass`() {
        let configuration = Self.read(
            ("ufw.conf", "ENABLED=no\nLOGLEVEL=low\n"), ("user.rules", Self.ftp))
        let reach = Verdicts.reach(configuration)
        #expect(Verdicts.ports(reach) == "1-65535")
        #expect(Verdicts.line(reach, 80) == 1)
    }

    @Test func `IPv6 has files of its own`() throws {
        let server = try #require(IPAddress("2001:db8::5"))
        let all = AddressSet.allV6
        let alone = Self.read(("user.rules", Self.ftp))
        #expect(Verdicts.ports(Verdicts.reach(alone, from: all, to: server), .unknown) == "1-65535")
        let six = Self.user(["-A ufw6-user-input -p tcp --dport 21 -j ACCEPT"], prefix: "ufw6")
        let both = Self.read(("user.rules", Self.ftp), ("user6.rules", six))
        #expect(Verdicts.ports(Verdicts.reach(both, from: all, to: server)) == "21")
        let off = Self.read(
            ("ufw", "DEFAULT_INPUT_POLICY=\"DROP\"\nIPV6=no\n"), ("user.rules", Self.ftp))
        #expect(Verdicts.ports(Verdicts.reach(off, from: all, to: server), .denied) == "1-65535")
    }

    @Test func `without the user's rules nothing is sure but what comes before them`() {
        let reach = Verdicts.reach(Self.read(("before.rules", Self.before)))
        #expect(Verdicts.ports(reach) == "990")
        #expect(Verdicts.ports(reach, .denied) == "23")
    }

    @Test func `a file that doesn't load leaves nothing that is sure`() {
        let broken = Self.user(["- A ufw-user-input -p tcp --dport 21 -j ACCEPT"])
        let reach = Verdicts.reach(Self.read(("user.rules", broken)))
        #expect(Verdicts.ports(reach, .unknown) == "1-65535")
    }

    @Test func `recognises its files, and no others`() {
        for text in [
            Self.ftp, Self.before, Self.after, "# /etc/ufw/ufw.conf\nENABLED=yes\n",
            "IPV6=yes\nDEFAULT_INPUT_POLICY=\"DROP\"\n",
        ] {
            let text = ConfigText(file: "a", text)
            #expect(Ufw.recognise(text) == .certain)
            #expect(Formats.all.filter { $0.recognise(text) == .certain }.count == 1)
        }
        #expect(Ufw.recognise(ConfigText(file: "a", "ENABLED=1\n")) == .no)
        let saved = "*filter\n:INPUT DROP [0:0]\n:ufw-user-input - [0:0]\nCOMMIT\n"
        #expect(Ufw.recognise(ConfigText(file: "a", saved)) == .no)
        #expect(IPTablesSave.recognise(ConfigText(file: "a", saved)) == .certain)
    }

    @Test func `profiles say no rule of their own`() {
        let text =
            "[vsftpd]\ntitle=FTP\ndescription=FTP server\nports=21/tcp|5001:5201/tcp|69/udp\n"
        let configuration = Self.read(("vsftpd", text))
        #expect(Ufw.recognise(ConfigText(file: "a", text)) == .certain)
        #expect(configuration.device == nil)
        #expect(configuration.notes.map(\.state) == [.used, .irrelevant, .irrelevant, .used])
        #expect(
            UfwProfiles(ConfigText(file: "a", text)).ports["vsftpd"]
                == PortSet([21...21, 5001...5201]))
    }

    @Test func `writes commands, and what takes them back`() {
        let fix = Ufw.fix(.permit(PortSet([21...21, 5001...5201]), to: Verdicts.server), nil)
        #expect(fix?.commands == ["ufw prepend allow proto tcp to 203.0.113.5 port 21,5001:5201"])
        #expect(fix?.undo == ["ufw delete allow proto tcp to 203.0.113.5 port 21,5001:5201"])
    }

    @Test func `survives broken texts`() {
        for text in [Self.ftp, Self.before, "[a]\ntitle=b\nports=1:2,3/tcp|4\ndescription=\n"] {
            Verdicts.survives(text) { Ufw.read(ConfigText(file: "a", bytes: $0)) }
        }
    }
}

@Suite struct UfwStatusTests {
    static let verbose = """
        Status: active
        Logging: on (low)
        Default: deny (incoming), allow (outgoing), disabled (routed)
        New profiles: skip

        To                         Action      From
        --                         ------      ----
        21/tcp                     ALLOW IN    Anywhere
        5001:5201/tcp on eth0      ALLOW IN    198.51.100.0/24            # passive
        80,443/tcp (Apache Full)   ALLOW IN    Anywhere
        22                         LIMIT IN    Anywhere                   (log)
        203.0.113.5 990/tcp        DENY IN     198.51.100.10
        990/tcp                    ALLOW IN    Anywhere
        53/udp                     ALLOW IN    Anywhere
        10.0.0.5 2121/tcp          ALLOW FWD   Anywhere on eth0
        21/tcp (v6)                ALLOW IN    Anywhere (v6)

        25/tcp                     DENY OUT    Anywhere
        """

    static func read(_ text: String, _ profiles: [String: PortSet] = [:]) -> Configuration {
        UfwStatus.read(ConfigText(file: "status", text), profiles)
    }

    @Test func `reads the verbose form, the first row that matches decides`() throws {
        let configuration = Self.read(Self.verbose)
        let reach = Verdicts.reach(configuration, entering: "eth0")
        #expect(Verdicts.ports(reach) == "21-22,80,443,5001-5201")
        #expect(Verdicts.line(reach, 990) == 12)
        #expect(Verdicts.line(reach, 6000) == 3)
        let six = try #require(IPAddress("2001:db8::5"))
        #expect(Verdicts.ports(Verdicts.reach(configuration, from: .allV6, to: six)) == "21")
        let inside = IPAddress(v4: 0x0a00_0005)
        let through = Verdicts.reach(configuration, to: inside, place: .through, entering: "eth0")
        #expect(Verdicts.ports(through) == "2121")
        #expect(Verdicts.states(configuration) == [.used, .irrelevant])
    }

    static let numbered = """
        Status: active

             To                         Action      From
             --                         ------      ----
        [ 1] vsftpd                     ALLOW IN    Anywhere
        [ 2] 192.0.2.0/24/tcp           DENY IN     Anywhere
        [10] Anywhere                   ALLOW IN    10.0.0.0/8
        """

    @Test func `a profile's name is unknown without the profile`() {
        let alone = Verdicts.reach(Self.read(Self.numbered))
        #expect(Verdicts.ports(alone, .unknown) == "1-65535")
        let known = Self.read(Self.numbered, ["vsftpd": PortSet(21...21)])
        #expect(Verdicts.ports(Verdicts.reach(known)) == "21")
        let near = AddressSet(IPAddress(v4: 0x0a01_0203))
        #expect(Verdicts.ports(Verdicts.reach(known, from: near)) == "1-65535")
    }

    @Test func `profiles beside the output are used`() throws {
        let profile = "[vsftpd]\ntitle=a\ndescription=b\nports=21,990/tcp\n"
        let configuration = try Formats.read(together: [
            ("status", Array(Self.numbered.utf8)), ("vsftpd", Array(profile.utf8)),
        ])
        #expect(Verdicts.ports(Verdicts.reach(configuration)) == "21,990")
    }

    @Test func `an inactive ufw lets all pass`() {
        let configuration = Self.read("Status: inactive\n")
        #expect(Verdicts.ports(Verdicts.reach(configuration)) == "1-65535")
        #expect(UfwStatus.recognise(ConfigText(file: "a", "Status: inactive\n")) == .perhaps)
        let other = "Name: x\nStatus: inactive\n"
        #expect(UfwStatus.recognise(ConfigText(file: "a", other)) == .no)
    }

    @Test(arguments: ["Aktiv", "inaktiv", "activ", "active?"])
    func `a state that isn't known doesn't pass for inactive`(_ state: String) {
        let text = Self.verbose.replacing("Status: active", with: "Status: \(state)")
        #expect(Verdicts.ports(Verdicts.reach(Self.read(text))) == "")
    }

    @Test func `a shell's prompt is no row`() {
        let text = "root@edge:~# ufw status numbered\n" + Self.numbered + "\n[root@edge ~]# \n"
        let reach = Verdicts.reach(Self.read(text, ["vsftpd": PortSet(21...21)]))
        #expect(Verdicts.ports(reach) == "21")
        #expect(Verdicts.ports(reach, .unknown) == "")
    }

    @Test func `a row that can't be read puts what comes behind it in doubt`() {
        let text = Self.numbered + "\nAlles                      ERLAUBT     Anywhere\n"
        let reach = Verdicts.reach(Self.read(text, ["vsftpd": PortSet(21...21)]))
        #expect(Verdicts.ports(reach) == "21")
        #expect(Verdicts.ports(reach, .unknown) == "1-20,22-65535")
    }

    @Test(arguments: [
        ("22/tcp", "22"), ("22", "22"), ("20:22/tcp", "20-22"), ("22/udp", ""),
        ("Anywhere", "1-65535"),
        ("Anywhere/tcp", "1-65535"), ("Anywhere/esp", ""), ("203.0.113.5", "1-65535"),
        ("203.0.113.5/tcp", "1-65535"), ("203.0.113.0/24 21,22/tcp", "21-22"),
        ("203.0.113.6 22", ""),
        ("Anywhere on eth0", "1-65535"), ("22/tcp on eth1", ""), ("22/tcp (OpenSSH)", "22"),
    ])
    func `reads where a row leads`(to: String, permitted: String) {
        let text =
            "Status: active\n\nTo   Action  From\n--  ------  ----\n\(to)    ALLOW    Anywhere\n"
        #expect(Verdicts.ports(Verdicts.reach(Self.read(text), entering: "eth0")) == permitted)
    }

    @Test func `is recognised, alone`() {
        for text in [Self.verbose, Self.numbered] {
            let text = ConfigText(file: "a", text)
            #expect(
                Formats.all.filter { $0.recognise(text) > .no }.map { $0.name } == ["ufw-status"])
        }
    }

    @Test func `survives broken texts`() {
        Verdicts.survives(Self.verbose) { UfwStatus.read(ConfigText(file: "a", bytes: $0)) }
    }
}
