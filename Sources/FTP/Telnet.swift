/// Tells Telnet commands from the bytes between them (RFC 854).
struct Telnet {
    private var state = State.text

    private enum State { case text, command, option, subnegotiation, subnegotiationCommand }

    /// What a byte is.
    enum Meaning {
        case text
        /// Part of a command.
        case command
        /// What a subnegotiation holds.
        case parameter
        /// The second IAC of two, which are one byte 255 of text.
        case doubled
        /// No command: the IAC before it was text whose sender did not double it, and so is this.
        case undoubled
    }

    static let interpretAsCommand: UInt8 = 255

    /// No command was begun.
    @inline(__always)
    var isText: Bool { state == .text }

    mutating func take(_ byte: UInt8) -> Meaning {
        switch state {
        case .text:
            guard byte == Self.interpretAsCommand else { return .text }
            state = .command
        case .command: return command(byte)
        case .option: state = .text
        case .subnegotiation:
            guard byte == Self.interpretAsCommand else { return .parameter }
            state = .subnegotiationCommand
        case .subnegotiationCommand: state = byte == 240 ? .text : .subnegotiation
        }
        return .command
    }

    private mutating func command(_ byte: UInt8) -> Meaning {
        state = .text
        switch byte {
        case 250: state = .subnegotiation
        case 251...254: state = .option
        case 236...249: break
        case Self.interpretAsCommand: return .doubled
        default: return .undoubled
        }
        return .command
    }
}
