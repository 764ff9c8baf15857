import Policy
import Testing

@testable import PolicyFormats

/// No format takes another's file for its own.
@Suite struct ServerRecognitionTests {
    static let samples: [(String, String, String)] = [
        ("vsftpd", "vsftpd.conf", "listen=YES\nlocal_enable=YES\npasv_min_port=50000\n"),
        (
            "proftpd", "proftpd.conf",
            "ServerName x\nDefaultRoot ~\nPort 21\nPassivePorts 50000 50010\n"
        ),
        ("pureftpd", "pure-ftpd.conf", "ChrootEveryone yes\nPassivePortRange 50000 50010\n"),
        ("pureftpd-folder", "pure-ftpd/conf/PassivePortRange", "50000 50010\n"),
        ("pureftpd-command", "ps.txt", "root 1 pure-ftpd -p 50000:50010\n"),
        ("filezilla-0.9", "FileZilla Server.xml", "<FileZillaServer><Settings/></FileZillaServer>"),
        (
            "filezilla-1", "settings.xml",
            "<filezilla><ftp_server><session/></ftp_server></filezilla>"
        ),
        (
            "iis7-apphost", "applicationHost.config",
            "<configuration><system.applicationHost><sites/></system.applicationHost></configuration>"
        ),
        (
            "iis7-appcmd", "ftp.cmd",
            "appcmd set config -section:system.ftpServer/firewallSupport /lowDataChannelPort:5000\r\n"
        ),
        (
            "iis7-powershell", "ftp.ps1",
            "Set-WebConfigurationProperty -Filter system.ftpServer/firewallSupport -Name lowDataChannelPort -Value 5000\n"
        ),
        (
            "iis6-adsutil", "ftp.txt",
            "cscript adsutil.vbs set /MSFTPSVC/PassivePortRange \"5001-5201\"\r\n"
        ),
        ("pyftpdlib", "ftpd.py", "from pyftpdlib.servers import FTPServer\n"),
        ("pyftpdlib-command", "run.sh", "python3 -m pyftpdlib -r 8000-9000\n"),
        (
            "windows-dynamicport", "dynamicport.txt",
            "Protocol tcp Dynamic Port Range\n---\nStart Port : 49152\nNumber of Ports : 16384\n"
        ),
        ("wu-ftpd", "ftpaccess", "class all real *\nloginfails 5\npassive ports 0.0.0.0/0 1 2\n"),
        ("glftpd", "glftpd.conf", "sitename_long X\nmin_homedir /\npasv_ports 6000-7000\n"),
        (
            "crushftp", "prefs.XML",
            "<server_prefs><server_list><server_list_subitem/></server_list></server_prefs>"
        ),
        (
            "aws-transfer", "server.json",
            "{\"Server\":{\n\"Arn\":\"arn:aws:transfer:eu-west-1:1:server/s-01234567890abcdef\",\n\"Protocols\":[\"FTPS\"],\n\"ServerId\":\"s-01234567890abcdef\"}}\n"
        ),
        ("vsftpd-command", "run.sh", "exec vsftpd /etc/v.conf -opasv_min_port=1\n"),
        ("ftp-container", "run.sh", "docker run -d -p 21:21 fauria/vsftpd\n"),
        (
            "ftp-container", "start.sh",
            "docker run -d -p 21:21 \\\n  --name vsftpd --restart=always fauria/vsftpd\n"
        ),
        ("ftp-container", "compose.yml", "services:\n  ftp:\n    image: fauria/vsftpd\n"),
    ]

    @Test(arguments: samples)
    func `each is taken for what it is, and by one alone`(
        name: String, file: String, text: String
    ) throws {
        let text = ConfigText(file: file, text)
        let sure = Formats.all.filter { $0.recognise(text) == .certain }.map { $0.name }
        #expect(sure == [name])
        #expect(try Formats.read(file: file, bytes: Array(text.whole.utf8)).format == name)
    }

    @Test(arguments: [
        "", "\n\n", "hello world\n", "<a/>", "{}", "#!/bin/sh\necho ftp\n", "\u{0}\u{1}",
    ])
    func `what is no server's file is nobody's`(text: String) {
        let text = ConfigText(file: "x", text)
        #expect(Formats.all.filter { $0.recognise(text) > .no }.isEmpty)
    }
}
