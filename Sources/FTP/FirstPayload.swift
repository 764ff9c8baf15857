/// The first payload of a flow that may be an FTP dialogue.
///
/// The server is the end that was called; where the call was not seen, the one that replies.
struct FirstPayload {
    let senderIsClient: Bool

    /// - Parameters:
    ///   - payload: Its bytes.
    ///   - senderIsOpener: Whether who sent it opened the connection; nil where that was not seen.
    ///   - isOutOfOrder: Bytes before it have not come yet: any text may be the rest of a line.
    /// Nil where the flow is no FTP.
    init?(_ payload: Span<UInt8>, senderIsOpener: Bool?, isOutOfOrder: Bool) {
        let isReply = Self.mayBeReply(payload)
        let isCommand = !isReply && Command.mayBegin(payload)
        guard
            isReply && senderIsOpener != true || isCommand && senderIsOpener != false
                || isOutOfOrder && senderIsOpener != nil && Self.isText(payload)
        else { return nil }
        senderIsClient = senderIsOpener ?? isCommand
    }

    private static func mayBeReply(_ bytes: Span<UInt8>) -> Bool {
        for index in 0..<min(3, bytes.count) where !(0x30...0x39).contains(bytes[index]) {
            return false
        }
        guard bytes.count > 0, (0x31...0x36).contains(bytes[0]) else { return false }
        return bytes.count < 4 || [0x20, 0x2d, 0x0d, 0x0a].contains(bytes[3])
    }

    private static func isText(_ bytes: Span<UInt8>) -> Bool {
        for index in 0..<min(bytes.count, 64)
        where bytes[index] < 0x20 && ![0x09, 0x0a, 0x0d].contains(bytes[index]) { return false }
        return true
    }
}
