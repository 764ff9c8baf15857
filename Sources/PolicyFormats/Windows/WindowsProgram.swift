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
