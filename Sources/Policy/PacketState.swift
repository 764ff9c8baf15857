import Net

/// What a rule leaves on a packet for the rules after it, at the same device.
public enum Effect: Hashable, Sendable {
    /// Mark := (mark without the bits of `clear`) exclusive-or `flip`.
    case mark(clear: UInt32, flip: UInt32)
    /// The same for the mark of the connection.
    case connectionMark(clear: UInt32, flip: UInt32)
    /// The connection's mark takes the bits of the packet's.
    case saveMark(packet: UInt32, connection: UInt32)
    /// The packet's mark takes the bits of the connection's, where it has one.
    case restoreMark(packet: UInt32, connection: UInt32)
    /// The packet is taken out of connection tracking, and so out of translation.
    case untrack
    /// A name is remembered (an address list that the packet's source was put on).
    case tag(String)
    case untag(String)
}

/// A condition on what earlier rules, or the place, made of a packet.
public enum PacketTest: Hashable, Sendable {
    case mark(value: UInt32, mask: UInt32, negated: Bool)
    case connectionMark(value: UInt32, mask: UInt32, negated: Bool)
    case tracked(Bool)
    /// The first packet of a connection that nothing expected.
    case new(Bool)
    /// Its destination, address or port, was translated to another at this device.
    case translated(Bool)
    /// Its destination is the device itself.
    case local(Bool)
    case tagged(String, Bool)
}

/// Where a packet is bound for, as far as it is known.
enum Destination: Hashable, Sendable {
    /// One address, or one of several by turns.
    case oneOf([IPAddress])
    case unknown(String)

    /// Whether it lies in `set`; nil where that differs by address or can't be told.
    func lies(in set: AddressSet) -> Bool? {
        guard case .oneOf(let addresses) = self else { return nil }
        if addresses.count == 1, let address = addresses.first { return set.contains(address) }
        let inside = addresses.count { set.contains($0) }
        return inside == addresses.count ? true : inside == 0 ? false : nil
    }

    var family: IPAddress.Family? {
        guard case .oneOf(let addresses) = self else { return nil }
        return addresses.first?.family
    }
}

/// The destination port as it is now, for a packet that was sent to the port asked for.
enum PortMapping: Hashable, Sendable {
    case kept
    /// Any of these, whatever it was.
    case to(ClosedRange<UInt16>)
}

/// A packet of the question on its way: all of it but the client and the port asked for.
struct Packet: Hashable, Sendable {
    var destination: Destination
    /// It was bound elsewhere, and goes to an address of the device instead; which one isn't known.
    var isSentToDevice = false
    var ports = PortMapping.kept
    var place: Device.Place
    /// As it arrived at the device where it is.
    var arrival: Destination
    var arrivalPorts = PortMapping.kept
    /// Whether a translation was found for it here, be it to what it had.
    var translatedHere = false
    /// Whether its destination is another by that.
    var rewrittenHere = false
    /// Whether the device where it is expects it as a data connection.
    var expectedHere = false
    /// Whether the client's address is another's by now.
    var clientHidden = false
    var tracked = true
    var mark: UInt32 = 0
    var connectionMark: UInt32 = 0
    var tags: Set<String> = []
    /// Inspections that rules assigned so far: a hop's number in the path, and the tag.
    var assigned: Set<Assignment> = []

    /// Where devices with a helper that follows translations sent it, by the hop's number.
    var sent: [Int: Destination] = [:]

    struct Assignment: Hashable, Sendable {
        var hop: Int
        var tag: String
    }

    init(to destination: Destination, place: Device.Place) {
        self.destination = destination
        self.place = place
        arrival = destination
    }

    /// The same packet as it comes to the next device.
    func arriving(place: Device.Place, expected: Bool) -> Packet {
        var next = Packet(to: destination, place: place)
        next.ports = ports
        next.arrivalPorts = ports
        next.expectedHere = expected
        next.assigned = assigned
        next.sent = sent
        next.clientHidden = clientHidden
        return next
    }

    func passes(_ test: PacketTest) -> Bool {
        switch test {
        case .mark(let value, let mask, let negated): (self.mark & mask == value) != negated
        case .connectionMark(let value, let mask, let negated):
            (connectionMark & mask == value) != negated
        case .tracked(let wanted): tracked == wanted
        case .new(let wanted): (tracked && !expectedHere) == wanted
        case .translated(let wanted): rewrittenHere == wanted
        case .local(let wanted): (place == .host) == wanted
        case .tagged(let name, let wanted): tags.contains(name) == wanted
        }
    }

    mutating func take(_ effect: Effect) {
        switch effect {
        case .mark(let clear, let flip): mark = (mark & ~clear) ^ flip
        case .connectionMark(let clear, let flip):
            connectionMark = (connectionMark & ~clear) ^ flip
        case .saveMark(let packet, let connection):
            connectionMark = (connectionMark & ~connection) ^ (mark & packet)
        case .restoreMark(let packet, let connection):
            guard tracked else { return }
            mark = (mark & ~packet) ^ (connectionMark & connection)
        case .untrack: tracked = false
        case .tag(let name): tags.insert(name)
        case .untag(let name): tags.remove(name)
        }
    }
}
