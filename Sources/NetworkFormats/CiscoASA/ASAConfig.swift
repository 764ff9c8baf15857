import Net
import Policy
import PolicyText

/// What an ASA, PIX or FWSM configuration holds, in its own terms.
struct ASAConfig {
    /// The addresses of objects and groups, for lists, whose lines name the same again and again.
    let setsTold = Told<Result<AddressSet, IOSFault>>()
    /// `ASA Version 9.0(3)`: the product's first word in lower case, and the version.
    var product = "asa"
    var release: (major: Int, minor: Int)?
    /// `name 10.0.0.6 web`: a word that stands for an address.
    var names: [String: IPAddress] = [:]
    var networks: [String: ASAObject] = [:]
    var services: [String: ASAObject] = [:]
    var groups: [String: ASAGroup] = [:]
    var lists: [String: ASAList] = [:]
    var interfaces: [ASAInterface] = []
    var bound: [ASABinding] = []
    var routes: [(interface: String, prefix: Prefix, line: Int)] = []
    /// Twice NAT in the order of its section; section 1 before section 3 (`after-auto`).
    var twice: [ASATwiceNAT] = []
    var late: [ASATwiceNAT] = []
    var objectNATs: [ASAObjectNAT] = []
    /// Before 8.3.
    var statics: [ASAStatic] = []
    var exemptions: [ASAExemption] = []
    var dynamics: [ASADynamic] = []
    var natControl: Int?
    /// Lines that translate or redirect in a way that isn't modelled.
    var strangeNAT: [Int] = []
    /// PIX: lines that permit or deny where no list is bound, beyond the model.
    var conduits: [Int] = []
    var betweenEqual: Int?
    /// The first entry `access-list … advanced …`: it is Firepower Threat Defense, whose interfaces
    /// all have level 0 and whose access policy is its lists (Cisco, "Clarify the Firepower Threat
    /// Defense Access Control Policy Rule Actions").
    var advanced: Int?
    var backOut: Int?
    var resetInbound: Int?
    var classes: [String: ASAClass] = [:]
    var policies: [String: [ASAInspect]] = [:]
    var servicePolicies: [(policy: String, interface: String?, line: Int)] = []
    /// PIX: `fixup protocol ftp 21`.
    var fixups: [(port: UInt16, line: Int)] = []
    var filters6: [Int] = []
    /// What may drop packets and isn't modelled, in words of the command.
    var beyond: [String] = []
    var learnsRoutes: Int?
    /// `timeout conn H:MM:SS`
    var idle: (seconds: Int, line: Int)?
    /// A class of a policy has a timeout of its own.
    var classTimeout: Int?

    /// Whether lists name real addresses and NAT goes before them: since 8.3.
    var untranslatesFirst: Bool {
        if product != "asa" { return false }
        if let release { return release.major > 8 || release.major == 8 && release.minor >= 3 }
        return statics.isEmpty && exemptions.isEmpty && dynamics.isEmpty
    }

    /// Whether `any` means both families: since 9.0.
    var isUnified: Bool {
        guard product == "asa" else { return false }
        return release.map { $0.major >= 9 } ?? untranslatesFirst
    }

    func interface(_ name: String) -> ASAInterface? { interfaces.first { $0.name == name } }
}

/// `object network` or `object service`: the one line that says what it is.
struct ASAObject {
    var line: Int
    var value: (line: Int, words: [String])?
}

/// An object group's members, unresolved.
struct ASAGroup {
    enum Kind: Hashable { case network, service, protocols, other }

    var line: Int
    var kind: Kind
    /// Of a service group: `tcp`, `udp`, `tcp-udp`; nil where its members say it.
    var proto: String?
    var members: [(line: Int, words: [String])] = []
}

struct ASAList {
    var name: String
    var entries: [ASAEntry] = []
    var isStandard = false
    /// A line of it that isn't understood; what the list does is unknown then.
    var strange: Int?
}

struct ASAEntry {
    var line: Int
    var permits: Bool
    /// What follows `permit` or `deny`.
    var words: [String]
    var isRemark = false
}

struct ASAInterface {
    /// Its `nameif`.
    var name: String?
    var hardware: String
    var line: Int
    var level: Int?
    var levelLine: Int?
    var addresses: [IPAddress] = []
    var networks: [Prefix] = []
    /// The address is given from outside.
    var isDynamic = false
    var isShut = false
}

/// `access-group L in interface I`, or `global`.
struct ASABinding {
    enum Way: Hashable { case entering, leaving, global }

    var list: String
    var way: Way
    var interface: String
    var line: Int
}

/// What stands for an address in a NAT line.
enum ASANATValue: Equatable {
    case any
    /// The address of the interface on that side.
    case interface
    case address(IPAddress)
    /// An object's or object group's name.
    case named(String)
}

/// `nat (real,mapped) source … [destination …] [service …]`
struct ASATwiceNAT {
    var line: Int
    var words: [String]
    var real: String
    var mapped: String
    var isStatic: Bool
    var source: (real: ASANATValue, mapped: ASANATValue)
    var destination: (mapped: ASANATValue, real: ASANATValue)?
    var service: (real: String, mapped: String)?
    var isOneWay = false
}

/// `nat (real,mapped) static|dynamic …` below `object network`.
struct ASAObjectNAT {
    var line: Int
    var object: String
    var real: String
    var mapped: String
    var isStatic: Bool
    var to: ASANATValue
    /// TCP alone.
    var ports: (real: UInt16, mapped: UInt16)?
    /// It carries another protocol than TCP.
    var isOtherProtocol = false
}

/// `static (real,mapped) …` before 8.3.
struct ASAStatic {
    var line: Int
    var words: [String]
    var real: String
    var mapped: String
    var to: ASANATValue
    var local: IPAddress?
    var count: UInt32 = 1
    var ports: (real: UInt16, mapped: UInt16)?
    /// The list that names the real addresses and for whom.
    var list: String?
}

/// `nat (real) 0 access-list L`
struct ASAExemption {
    var line: Int
    var real: String
    var list: String
}

/// `nat (real) N A M` with a `global` of that number.
struct ASADynamic {
    var line: Int
    var real: String
    var addresses: AddressSet
}

struct ASAClass {
    var line: Int
    var matches: [(line: Int, words: [String])] = []
}

/// `inspect ftp` below a class of a policy map.
struct ASAInspect {
    var className: String
    var line: Int
}
