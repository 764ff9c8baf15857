import Net
import Policy
import PolicyText

/// What an IOS configuration holds, in IOS's own terms.
struct IOSConfig {
    var lists: [String: IOSAccessList] = [:]
    var interfaces: [IOSInterface] = []
    var pools: [String: IOSPool] = [:]
    var statics: [IOSStatic] = []
    var destinationLists: [IOSDestinationList] = []
    var payloads: [IOSPayload] = []
    /// `no ip nat service ftp tcp port 21`, and the like.
    var payloadOff: Int?
    /// Names of `ip inspect` rules to the line that makes them read FTP.
    var inspected: [String: Int] = [:]
    /// `ip port-map ftp port …`
    var mapped: [(port: UInt16, line: Int)] = []
    /// Ports that other protocols are given beside their own, by the protocol's name; nil: some
    /// that can't be told.
    var mappedElse: [String: PortSet?] = [:]
    var networkGroups: [String: IOSGroup] = [:]
    var serviceGroups: [String: IOSGroup] = [:]
    var portGroups: [String: IOSGroup] = [:]
    /// The groups of addresses and services, resolved.
    let networksTold = Told<Result<AddressSet, IOSFault>>()
    let servicesTold = Told<Result<[Match], IOSFault>>()
    var zones = IOSZones()
    var barriers = IOSBarriers()
    /// Lists that say whose address is translated on its way out: they filter nothing by that.
    var sourceLists: Set<String> = []
    /// Translations of sources that come from outside: who is meant, and the line.
    var outsideSources: [IOSOutsideSource] = []
    /// `ip nat translation tcp-timeout`, in seconds, 0 for never; and `ip inspect tcp idle-time`.
    var translationIdle: (seconds: Int, line: Int)?
    var inspectionIdle: (seconds: Int, line: Int)?
}

/// `ip nat outside source`: clients whose address is another behind the router.
struct IOSOutsideSource {
    enum Clients: Equatable {
        case these(AddressSet)
        case list(String)
    }

    var line: Int
    var clients: Clients
}

struct IOSAccessList {
    var name: String
    var extended: Bool
    private(set) var entries: [IOSEntry] = []
    /// The highest sequence number in it.
    private var highest = 0
    /// Numbers of remarks, which newer releases give.
    var remarks: Set<Int> = []
    /// A line of it that no IOS would take; what the list does is unknown then.
    var strange: Int?

    /// Entries in the order in which they are tried.
    var ordered: [IOSEntry] {
        entries.enumerated().sorted {
            ($0.element.sequence, $0.offset) < ($1.element.sequence, $1.offset)
        }.map(\.element)
    }

    init(name: String, extended: Bool, strange: Int? = nil) {
        self.name = name
        self.extended = extended
        self.strange = strange
    }

    var nextSequence: Int { min(highest, Int(Int32.max) - 10) + 10 }

    func holds(sequence: Int) -> Bool {
        sequence <= highest && entries.contains { $0.sequence == sequence }
    }

    mutating func append(_ entry: IOSEntry) {
        entries.append(entry)
        highest = max(highest, entry.sequence)
    }

    mutating func remove(where isMeant: (IOSEntry) -> Bool) {
        entries.removeAll(where: isMeant)
        highest = entries.map(\.sequence).max() ?? 0
    }

    /// Numbers the entries anew, in the order in which they are tried.
    mutating func resequence(from start: Int, step: Int) {
        entries = ordered
        for index in entries.indices { entries[index].sequence = start + index * step }
        highest = entries.last?.sequence ?? 0
    }

    /// By number: 1-99 and 1300-1999 are standard, 100-199 and 2000-2699 extended; others filter
    /// no IPv4.
    static func isExtended(number: Int) -> Bool? {
        switch number {
        case 1...99, 1300...1999: false
        case 100...199, 2000...2699: true
        default: nil
        }
    }
}

struct IOSEntry {
    var sequence: Int
    var line: Int
    var permits: Bool
    /// What follows `permit` or `deny`, keywords in lower case.
    var words: [String]

    /// The words of an entry as `no` compares them: `eq ftp` is `eq 21`, and logging is no part.
    static func canonical(_ words: [String]) -> [String] {
        words.filter { $0 != "log" && $0 != "log-input" }
            .map { word in IOSPorts.names[word].map { "\($0)" } ?? word }
    }
}

struct IOSInterface {
    var name: String
    var line: Int
    var outside: Int?
    var inside: Int?
    var filterIn: (list: String, line: Int)?
    var filterOut: (list: String, line: Int)?
    var inspectIn: (name: String, line: Int)?
    var inspectOut: (name: String, line: Int)?
    var addresses: [IPAddress] = []
    var networks: [Prefix] = []
    var isShut = false
    var answersDenied = true
    var zone: (name: String, line: Int)?
    var filters6: [Int] = []
    /// What stands on it and isn't modelled, in words of the command.
    var beyond: [String] = []
}

struct IOSPool {
    var name: String
    var line: Int
    /// Ranges of addresses, in order.
    var ranges: [ClosedRange<IPAddress>] = []
    var isRotary: Bool
    /// Lines that give it addresses, where those are lines of their own.
    var more: [Int] = []

    /// All its addresses; nil where there are more than anybody would take turns with.
    var addresses: [IPAddress]? {
        var all: [IPAddress] = []
        for range in ranges {
            var address: IPAddress? = range.lowerBound
            while let current = address, current <= range.upperBound {
                guard all.count < 1024 else { return nil }
                all.append(current)
                address = current.next
            }
        }
        return all
    }
}

/// `ip nat inside source static …` for TCP or for all.
struct IOSStatic {
    enum Global {
        case address(IPAddress)
        case interface(String)
    }

    var line: Int
    var local: IPAddress
    var global: Global
    /// Nil: every port.
    var ports: (local: UInt16, global: UInt16)?
    /// How many addresses in a row; more than one for `network`.
    var count: UInt32 = 1
    var readsPayload = true
    /// Options that aren't modelled: whether it holds for a packet from outside is unknown.
    var beyond: [String] = []
}

/// `ip nat inside destination list … pool …`
struct IOSDestinationList {
    var line: Int
    var list: String
    var pool: String
}

/// `ip nat service [list …] ftp tcp port …`
struct IOSPayload {
    var line: Int
    var list: String?
    var port: UInt16
}

/// The members of an object group, unresolved.
struct IOSGroup {
    var line: Int
    var members: [(line: Int, words: [String])] = []

    /// Whether the line belongs to the group above it; without indentation, what can be a member.
    static func holds(_ line: IOSLine) -> Bool { line.indent > 0 || isMember(line.keyword(0)) }

    /// Whether a member may begin with this word.
    static func isMember(_ word: String) -> Bool {
        word.split(separator: ".").count == 4
            || ["host", "range", "group-object", "tcp", "udp", "tcp-udp", "eq", "any"].contains(
                word)
    }

    /// Adds a member, or takes it away: `no host 10.1.1.1`.
    mutating func change(_ line: IOSLine) {
        let words = IOSAbbreviations.entry(line.words)
        guard line.negated else { return members.append((line.number, words)) }
        members.removeAll { $0.words == words }
    }
}
