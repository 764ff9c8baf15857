/// Programs of Windows that exceptions are commonly made for and that serve no FTP: an exception for
/// one of them opens no port of an FTP server, which is another program's.
///
/// A program that isn't among them may be a server: whom its exception lets in is not known.
enum WindowsProgram {
    /// Remote Assistance, Network Diagnostics, Windows Messenger, NetMeeting, Help and Support,
    /// Internet Explorer, DirectPlay, Remote Desktop, Windows Explorer.
    private static let clients: Set<String> = [
        "sessmgr.exe", "raserver.exe", "msra.exe", "xpnetdiag.exe", "msmsgs.exe", "msnmsgr.exe",
        "livecall.exe", "conf.exe", "rtcshare.exe", "helpctr.exe", "iexplore.exe", "dpnsvr.exe",
        "dpvsetup.exe", "mstsc.exe", "explorer.exe", "wmplayer.exe", "fxsclnt.exe",
    ]

    /// Programs of Windows that rules are shipped for, in its folder `system32`.
    private static let shipped: Set<String> = [
        "castsrv.exe", "dashost.exe", "deviceenroller.exe", "dfsr.exe", "dmcertinst.exe",
        "dns.exe", "lsass.exe", "mdeserver.exe", "msdtc.exe", "msra.exe", "netevtfwdr.exe",
        "netproj.exe", "ntfrs.exe", "omadmclient.exe", "plasrv.exe", "proximityuxhost.exe",
        "raserver.exe", "rdpsa.exe", "rdpinput.exe", "sessmgr.exe", "services.exe", "snmp.exe",
        "snmptrap.exe", "spoolsv.exe", "tlntsvr.exe", "unsecapp.exe", "vds.exe", "vdsldr.exe",
        "vmms.exe", "wbengine.exe", "wifitask.exe", "wininit.exe", "winlogon.exe",
        "wlanext.exe", "wudfhost.exe",
    ]
    /// Services of Windows that serve FTP within `svchost.exe` or `inetinfo.exe`.
    private static let servers: Set<String> = ["ftpsvc", "msftpsvc"]

    /// Whether a rule for the program, of that service where one is named, is for no FTP server:
    /// the kernel, a service of `svchost.exe` that is another one than FTP's, a program of Windows.
    static func servesNoFTP(_ path: String, service: String) -> Bool {
        if path.lowercased() == "system" { return true }
        let parts = path.lowercased().filter { $0 != "\"" }.split { $0 == "\\" || $0 == "/" }
        let folders = parts.dropLast()
        guard parts.count > 2, folders.last == "system32",
            folders.first == "%systemroot%" || folders.first == "%windir%"
                || folders.count == 3 && folders[1] == "windows"
        else { return servesNoFTP(path) }
        if parts.last == "svchost.exe" {
            let name = service.lowercased()
            return !["", "any", "*", "all"].contains(name) && !servers.contains(name)
                && name.allSatisfy { $0.isLetter || $0.isNumber || $0 == "_" || $0 == "-" }
        }
        return shipped.contains(String(parts.last ?? "")) || servesNoFTP(path)
    }

    /// Whether an app package is one of those that Windows ships, by the hash of its publisher in
    /// the text that names it: none of them serves FTP.
    static func isShipped(package text: String) -> Bool {
        text.hasPrefix("@{")
            && ["_cw5n1h2txyewy?", "_8wekyb3d8bbwe?"].contains { text.contains($0) }
    }

    /// Whether the program at that path is surely no FTP server: one of Windows' own, in a folder
    /// that only an administrator writes to.
    static func servesNoFTP(_ path: String) -> Bool {
        let parts = path.lowercased().filter { $0 != "\"" }
            .split(omittingEmptySubsequences: false) { $0 == "\\" || $0 == "/" }
        guard parts.count > 1, let name = parts.last, clients.contains(String(name)) else {
            return false
        }
        if ["%windir%", "%systemroot%", "%programfiles%"].contains(parts[0]) { return true }
        return parts[0].count == 2 && parts[0].hasSuffix(":") && parts.count > 2
            && ["windows", "winnt", "program files", "program files (x86)"].contains(parts[1])
    }
}
