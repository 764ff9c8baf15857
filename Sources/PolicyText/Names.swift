package import Net

extension String {
    /// The name, or the first with a number behind it that isn't among those in use: an object that
    /// is there already means something else.
    package func unused(_ used: [String]) -> String {
        guard used.contains(self) else { return self }
        return (2...10_000).lazy.map { "\(self)-\($0)" }.first { !used.contains($0) } ?? self
    }

    /// A name for what opens ports of an address, another one for each: the commands for several
    /// servers behind one device may be carried out one after the other.
    package static func opening(_ ports: PortSet, of address: IPAddress) -> String {
        let place = "\(address)".replacing(":", with: "-")
        return "ftp-\(place)-\(ports.first ?? 0)-\(ports.last ?? 0)"
    }

    /// The name where it is plainly one word of a shell, else the placeholder: a name comes from a
    /// file that somebody else wrote, and a command is pasted by somebody who trusts it.
    package func shellWord(else placeholder: String) -> String {
        let isPlain = utf8.allSatisfy { byte in
            (0x30...0x39).contains(byte) || (0x41...0x5a).contains(byte & 0xdf)
                || "-_.".utf8.contains(byte)
        }
        return isPlain && !isEmpty && !hasPrefix("-") ? self : placeholder
    }
}
