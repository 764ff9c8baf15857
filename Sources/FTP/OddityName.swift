/// The stable names of what peers or captures do against the protocol.
public enum OddityName: String, CaseIterable, Hashable, Sendable {
    case announcementCut = "announcement_cut"
    case announcementWithoutAddress = "announcement_without_address"
    case addressFamilyMismatch = "address_family_mismatch"
    case conflictingRetransmission = "conflicting_retransmission"
    case delimitersDiffer = "delimiters_differ"
    case extraDataConnection = "extra_data_connection"
    case foreignPeer = "foreign_peer"
    case invalidReplyCode = "invalid_reply_code"
    case limitReached = "limit_reached"
    case lineCut = "line_cut"
    case lineWithoutCode = "line_without_code"
    case malformedAnnouncement = "malformed_announcement"
    case missingBytes = "missing_bytes"
    case octetTooLarge = "octet_above_255"
    case passiveAfterAll = "passive_after_epsv_all"
    case portTooLarge = "port_above_65535"
    case portZero = "port_zero"
    case replyWithoutParentheses = "reply_without_parentheses"
    case replyWithoutSpace = "reply_without_space"
    case unexpectedKind = "announcement_of_another_kind"
    case unterminatedReply = "unterminated_reply"

    /// One line for the documentation.
    public var meaning: String {
        switch self {
        case .announcementCut: "An announcement was cut before its port was complete."
        case .announcementWithoutAddress: "A 227, 228 or 229 that names no address or port."
        case .addressFamilyMismatch:
            "An address of another family than the control connection's was announced."
        case .conflictingRetransmission:
            "Bytes were sent again with another content; the first copy was taken."
        case .delimitersDiffer: "The delimiters of a 229 or EPRT are not all the same."
        case .extraDataConnection:
            "Another connection came to an announced endpoint that already had one."
        case .foreignPeer: "The data connection's other end is not the control connection's peer."
        case .invalidReplyCode: "A reply code outside 100 to 699."
        case .limitReached:
            "A bound was reached, named in the detail; what came after was left out."
        case .lineCut: "A line was longer than the bound, or its end is missing."
        case .lineWithoutCode: "A line of the server that is no reply."
        case .malformedAnnouncement: "An announcement whose numbers cannot be read."
        case .missingBytes: "Bytes of the control connection are not in the capture."
        case .octetTooLarge: "A number above 255 in an announced address or port."
        case .passiveAfterAll: "Another announcement than 229 after EPSV ALL."
        case .portTooLarge: "A port above 65535 was announced."
        case .portZero: "Port 0 was announced."
        case .replyWithoutParentheses: "A 227, 228 or 229 without parentheses around its numbers."
        case .replyWithoutSpace: "A reply code with neither space nor hyphen behind it."
        case .unexpectedKind: "PASV was answered by 229, or EPSV by 227."
        case .unterminatedReply: "A multi-line reply ended by a reply with another code."
        }
    }
}

extension Oddity {
    init(_ name: OddityName, _ frame: FrameReference, detail: String? = nil) {
        self.init(name.rawValue, frame, detail: detail)
    }
}
