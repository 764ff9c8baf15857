import Capture
public import Net
import Streams

/// An attempt to reach a control port that led to no connection.
public struct ControlAttempt: Hashable, Sendable {
    public var client: Endpoint
    public var server: Endpoint
    public var first: FrameReference
    public var last: FrameReference
    public var attempts: Int
    /// `refused`, `prohibited` or `unanswered`.
    public var outcome: DataChannel.Outcome
    public var answer: FrameReference?
    public var answerTTL: UInt8?
    public var prohibitedBy: IPAddress?
    public var icmp: DataChannel.ICMP?
}

/// Attempts to reach a control port: those that may still succeed, and those that failed.
struct ControlAttempts {
    private var open: [FlowTable.Handle] = []
    /// Those whose ends were taken by another connection before an answer was due.
    private var left: [(flow: Flow, prohibitedBy: IPAddress?)] = []
    private var settled: [ControlAttempt] = []

    var count: Int { open.count + left.count + settled.count }
    var openCount: Int { open.count }

    /// Those that failed, in the order of their first SYN.
    var failed: [ControlAttempt] { settled.sorted { $0.first < $1.first } }

    mutating func begin(_ handle: FlowTable.Handle) { open.append(handle) }

    mutating func takeFailed() -> [ControlAttempt] {
        defer { settled.removeAll() }
        return failed
    }

    /// Settles those that have ended, succeeded or been silent for long.
    mutating func settle(
        _ table: inout FlowTable, now: Timestamp, limits: Limits,
        _ prohibitors: inout [PacketMark: IPAddress]
    ) {
        var waiting: [FlowTable.Handle] = []
        for handle in open {
            guard let index = table.index(handle), table[index].role == .attempt else { continue }
            settle(&table, index, now: now, limits: limits, &prohibitors)
            if table[index].role == .attempt { waiting.append(handle) }
        }
        open = waiting
        settleLeft(now: now, limits: limits)
    }

    /// Settles those that left, and whose answer would have come.
    private mutating func settleLeft(now: Timestamp, limits: Limits) {
        guard !left.isEmpty else { return }
        let due = left.filter { !$0.flow.mayBeAnswered(at: now, limits) }
        left.removeAll { !$0.flow.mayBeAnswered(at: now, limits) }
        for (flow, prohibitedBy) in due { settle(flow, prohibitedBy: prohibitedBy) }
    }

    /// Takes an attempt whose connection is no longer in the table.
    mutating func take(
        _ flow: Flow, now: Timestamp, limits: Limits, prohibitedBy: IPAddress?
    ) {
        if flow.mayBeAnswered(at: now, limits) {
            left.append((flow, prohibitedBy))
        } else {
            settle(flow, prohibitedBy: prohibitedBy)
        }
    }

    /// Settles the attempt that a flow is, if its time has come.
    mutating func settle(
        _ table: inout FlowTable, _ index: Int, now: Timestamp, limits: Limits,
        _ prohibitors: inout [PacketMark: IPAddress]
    ) {
        let silence = now.since(table[index].last.time)
        guard
            table[index].isEstablished
                || silence > (table[index].isOver ? limits.linger : limits.dataIdle)
        else { return }
        settle(&table, index, &prohibitors)
    }

    private mutating func settle(
        _ table: inout FlowTable, _ index: Int, _ prohibitors: inout [PacketMark: IPAddress]
    ) {
        settle(table[index], prohibitedBy: prohibitors[table[index].first])
        prohibitors[table[index].first] = nil
        table[index].role = .none
    }

    /// Settles all: nothing more will come. Where an answer could not have been seen yet none is
    /// said to be missing.
    mutating func finish(
        _ table: inout FlowTable, now: Timestamp, limits: Limits,
        _ prohibitors: inout [PacketMark: IPAddress]
    ) {
        for handle in open {
            guard let index = table.index(handle), table[index].role == .attempt else { continue }
            if table[index].mayBeAnswered(at: now, limits) { continue }
            settle(&table, index, &prohibitors)
        }
        open = []
        settleLeft(now: now, limits: limits)
    }

    /// Keeps a connection that ended, where it is an attempt that failed.
    private mutating func settle(_ flow: Flow, prohibitedBy: IPAddress?) {
        guard let client = flow.opener, !flow.isEstablished else { return }
        settled.append(
            ControlAttempt(
                client: client, server: flow.other(than: client), first: FrameReference(flow.first),
                last: FrameReference(flow.last), attempts: Int(flow.attempts),
                outcome: flow.outcome(isOneSided: false), answer: flow.answerFrame,
                answerTTL: flow.answerTTL, prohibitedBy: flow.icmp == nil ? nil : prohibitedBy,
                icmp: flow.icmp))
    }
}
