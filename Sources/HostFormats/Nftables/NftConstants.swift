import Net
import Policy
import PolicyText

/// Conditions whose answer is one of few for every SYN.
extension NftContext {
    /// Bits of a SYN's flags, of the state of its connection, or of what became of it.
    mutating func bits(
        _ field: NftField, _ left: NftExpression, _ mask: UInt32, _ comparison: Comparison,
        _ right: NftExpression
    ) throws(NftValues.Problem) -> NftCondition {
        let names: [String: UInt32] =
            switch field {
            case .flags: NftValues.flags
            case .state: NftValues.states
            default: NftValues.status
            }
        let test = try bitTest(names, left, mask, comparison, right)
        switch field {
        case .flags:
            return flags(test)
        case .state: return state(test)
        default: return status(test)
        }
    }

    /// A comparison of bits, free of where they come from.
    private struct BitTest {
        var mask: UInt32
        var comparison: Comparison
        /// What it may be equal to, in a set.
        var members: Set<UInt32>?
        var value: UInt32 = 0

        func holds(_ bits: UInt32) -> Bool {
            let seen = bits & mask
            if let members {
                return members.contains(seen) != (comparison == .unequal)
            }
            return switch comparison {
            // nft(8): without an operator, one of the bits is enough.
            case .implicit: seen & value != 0 || value == 0 && seen == 0
            case .equal: seen == value
            case .unequal: seen != value
            case .none: seen & value == 0
            case .below: seen < value
            case .above: seen > value
            case .atMost: seen <= value
            case .atLeast: seen >= value
            }
        }

        /// Bits on which the answer depends; nil: on all.
        var depends: UInt32? {
            if members == nil, comparison == .implicit || comparison == .none {
                return value & mask
            }
            return mask == .max ? nil : mask
        }
    }

    /// SYN, SYN and ACK, ACK, PSH and ACK: what the packets show.
    private func flags(_ test: BitTest) -> NftCondition {
        let shown: [UInt32] =
            switch following {
            case nil: [0x02]
            case .request?: [0x10, 0x18]
            case .answer?: [0x12, 0x10, 0x18]
            }
        let held = Set(shown.map(test.holds))
        guard held.count == 1 else { return .unknown("some of the packets have these flags") }
        return .holds(held == [true], else: "never a SYN, or never what follows on it")
    }

    private mutating func bitTest(
        _ names: [String: UInt32], _ left: NftExpression, _ mask: UInt32, _ comparison: Comparison,
        _ right: NftExpression
    ) throws(NftValues.Problem) -> BitTest {
        var test = BitTest(mask: mask, comparison: comparison)
        switch right {
        case .set, .named:
            let (elements, also) = try members(right, key: left)
            guard also.isEmpty else { throw .unresolved("'\(right.text)'") }
            var members: Set<UInt32> = []
            for element in elements { members.insert(try NftValues.bits(element.key, names)) }
            test.members = members
        case .operation("/", let value, let seen):
            // `syn / fin,syn,rst,ack`: the value, through a mask.
            test.mask &= try NftValues.bits(seen, names)
            test.value = try NftValues.bits(value, names)
            if comparison == .implicit { test.comparison = .equal }
        default:
            test.value = try NftValues.bits(right, names)
            if mask != .max, comparison == .implicit { test.comparison = .equal }
        }
        return test
    }

    /// A SYN's connection is new, or related where a helper expects it, or it has none: untracked,
    /// or (before connection tracking) invalid.
    private func state(_ test: BitTest) -> NftCondition {
        let (invalid, related, new, untracked) = (
            test.holds(1), test.holds(4), test.holds(8), test.holds(64)
        )
        var ways: [Match] = []
        func way(_ change: (inout Match) -> Void) {
            var match = Match()
            change(&match)
            ways.append(match)
        }
        if following != nil {
            return .holds(test.holds(2), else: "not for connections that exist")
        }
        switch point.isTracked {
        case nil: return .unknown("it isn't known whether connections are known there")
        case false?:
            if invalid, untracked { return .always }
            if invalid { way { $0.tests = [.tracked(true)] } }
            if untracked { way { $0.tests = [.tracked(false)] } }
        case true?:
            if related, new, untracked { return .always }
            if related, new {
                way { $0.tests = [.tracked(true)] }
            } else if new {
                way { $0.tests = [.new(true)] }
            } else if related {
                way {
                    $0.expectedOnly = true
                    $0.tests = [.tracked(true)]
                }
            }
            if untracked { way { $0.tests = [.tracked(false)] } }
        }
        guard !ways.isEmpty else { return .never("only for connections that exist") }
        return NftCondition(ways: ways)
    }

    /// Of the first packet's connection it is known whether it is expected (1) and translated (32),
    /// and that nothing was seen in reply (2, 4) nor confirmed (8).
    private func status(_ test: BitTest) -> NftCondition {
        guard following == nil, let depends = test.depends, depends & ~(1 | 2 | 4 | 8 | 32) == 0
        else {
            return .unknown("this status of a connection isn't modelled")
        }
        let (plain, dnat) = (test.holds(0), test.holds(32))
        let (expected, both) = (test.holds(1), test.holds(33))
        if plain, dnat, expected, both { return .always }
        var ways: [Match] = []
        for (translated, unexpected, related) in [(false, plain, expected), (true, dnat, both)] {
            guard unexpected || related else { continue }
            var match = Match()
            match.tests = [.translated(translated)]
            if unexpected, !related { match.tests.append(.new(true)) }
            if related, !unexpected { match.expectedOnly = true }
            ways.append(match)
        }
        return ways.isEmpty
            ? .never("not for a connection's first packet") : NftCondition(ways: ways)
    }

    // MARK: names

    mutating func constant(
        _ field: NftField, _ left: NftExpression, _ comparison: Comparison, _ right: NftExpression
    ) throws(NftValues.Problem) -> NftCondition {
        if case .unknown = field { return .unknown("'\(left.text)' isn't modelled") }
        // The way back to who sends is there for all packets, as for the SYN.
        if following != nil,
            field == .helper
                || following == .answer && [.destinationType, .sourceType].contains(field)
        {
            return .unknown("'\(left.text)' isn't modelled for what follows")
        }
        let (elements, also) = try members(right, key: left)
        guard also.isEmpty else { throw .unresolved("'\(right.text)'") }
        let negated = comparison == .unequal
        guard [.implicit, .equal, .unequal].contains(comparison) else {
            throw .unresolved("'\(left.text) \(comparison.rawValue)'")
        }
        func isOne(of names: [String]) -> Bool {
            elements.contains { element in
                element.key == .wildcard
                    || Self.parts(element.key).contains { names.contains($0) }
            }
        }
        switch field {
        case .transport:
            var tcp = false
            for element in elements where try Self.isTCP(element.key) { tcp = true }
            if tcp != negated { return .always }
            return .never("another protocol", otherProtocol: true)
        case .family(let v4, let v6):
            return Self.families(isOne(of: v4) != negated, isOne(of: v6) != negated)
        case .constant(let names):
            return .holds(isOne(of: names) != negated, else: "not for such a packet")
        case .destinationType:
            let local = isOne(of: ["local", "2"]) != negated
            let remote = isOne(of: ["unicast", "1"]) != negated
            if local == remote { return .holds(local, else: "not to a host") }
            return .when { $0.tests = [.local(local)] }
        case .sourceType:
            return .holds(isOne(of: ["unicast", "1"]) != negated, else: "not from a host")
        case .reversePath:
            assumptions.insert(Self.reversePath)
            let missing = isOne(of: ["missing", "0"])
            guard missing || isOne(of: ["exists"]) else {
                throw .unresolved("the route back")
            }
            return .holds(missing == negated, else: "a route back exists")
        case .helper:
            guard isOne(of: ["ftp"]) != negated else {
                return .never("not for data connections of FTP")
            }
            return .when { $0.expectedOnly = true }
        default: return .unknown("'\(left.text)' isn't modelled")
        }
    }

    private static func parts(_ key: NftExpression) -> [String] {
        if case .list(let parts) = key { return parts.compactMap(\.name) }
        return key.name.map { [$0] } ?? []
    }

    private static func isTCP(_ key: NftExpression) throws(NftValues.Problem) -> Bool {
        switch key {
        case .wildcard: return true
        case .range(let low, let high):
            let (first, last) = (
                try NftValues.protocolNumber(low), try NftValues.protocolNumber(high)
            )
            return first <= 6 && 6 <= last
        default: return try NftValues.protocolNumber(key) == 6
        }
    }

    private static func families(_ v4: Bool, _ v6: Bool) -> NftCondition {
        switch (v4, v6) {
        case (true, true): .always
        case (true, false): family(.v4)
        case (false, true): family(.v6)
        case (false, false): .never("another protocol", otherProtocol: true)
        }
    }
}
