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

    /// Whether the program at that path is surely no FTP server.
    static func servesNoFTP(_ path: String) -> Bool {
        let name = path.lowercased().split { $0 == "\\" || $0 == "/" }.last.map(String.init) ?? ""
        return clients.contains(name.filter { $0 != "\"" })
    }
}
