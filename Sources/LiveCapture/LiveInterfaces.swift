public import Capture
import CPcap
import Net

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Frames from network interfaces, by libpcap.
///
/// Give it to one thread only. Several interfaces share one numbering of frames; the header's
/// `capture` is the index of the interface.
@safe public final class LiveInterfaces: PacketSource {
    /// How a frame's bytes reach `withBytes`: they are valid until the next `advance()`.
    @unsafe private struct Loan {
        var start: UnsafePointer<UInt8>
        var count: Int
    }

    private let handles: [OpaquePointer]
    private let linkTypes: [LinkType]
    private var next = 0
    private var number = 0
    private var loan: Loan?
    private var drops: [DropCount]
    /// Nothing was ready since the batch was begun: only who waits takes long.
    private var hasWaited = false
    public private(set) var problems: [CaptureProblem] = []
    public let names: [String]
    /// Milliseconds after which `advance()` says `.idle`.
    private let patience: Int32
    /// What is handed over at one time: so many frames or bytes, or what came in such a time.
    private static let mostFrames = 1024
    private static let mostBytes = 256 << 10
    private static let longest = Duration.milliseconds(100)

    /// Opens the interfaces in promiscuous mode; needs the right to capture (on Linux CAP_NET_RAW).
    ///
    /// - Parameters:
    ///   - names: as the system calls them: `eth1`.
    ///   - filter: a libpcap filter expression, or nil for all frames.
    ///   - snapLength: bytes of a frame that are kept.
    ///   - patience: milliseconds after which `advance()` says `.idle`.
    /// - Throws: `LiveCaptureError` where an interface can't be opened, or the filter isn't one.
    public init(
        _ names: [String], filter: String? = nil, snapLength: Int32 = 262_144,
        patience: Int32 = 200
    ) throws(LiveCaptureError) {
        self.names = names
        self.patience = patience
        var opened: [OpaquePointer] = unsafe []
        var types: [LinkType] = []
        do throws(LiveCaptureError) {
            for name in names {
                let handle = try unsafe Self.open(name, snapLength: snapLength)
                unsafe opened.append(handle)
                if let filter { try unsafe Self.apply(filter, to: handle, of: name) }
                let type = LinkType(rawValue: UInt32(clamping: unsafe pcap_datalink(handle)))
                guard type.isRead else { throw LiveCaptureError.unread(interface: name, type) }
                types.append(type)
            }
        } catch {
            for index in unsafe opened.indices { unsafe pcap_close(opened[index]) }
            throw error
        }
        unsafe handles = opened
        linkTypes = types
        drops = types.map { _ in DropCount() }
    }

    deinit {
        for index in unsafe handles.indices { unsafe pcap_close(handles[index]) }
    }

    public func advance() -> Step {
        unsafe loan = nil
        guard problems.isEmpty else { return .end }
        for pass in 0..<2 {
            for _ in unsafe handles.indices {
                let index = next
                next = unsafe (next + 1) % handles.count
                if let header = read(index) { return .frame(header) }
                if !problems.isEmpty { return .end }
            }
            if pass == 0 { wait() }
        }
        return .idle
    }

    /// Takes what comes in a short while; no frame where none came. With the last batch comes what
    /// was dropped before an interface went.
    public func fill(_ batch: inout FrameBatch) -> Bool {
        batch.removeAll()
        guard problems.isEmpty else { return false }
        let begin = ContinuousClock.now
        hasWaited = false
        reading: while batch.frames.count < Self.mostFrames, batch.bytes.count < Self.mostBytes {
            switch advance() {
            case .idle, .end: break reading
            case .frame(let header):
                withBytes { batch.append(header, $0) }
                if hasWaited, ContinuousClock.now - begin > Self.longest { break reading }
            }
        }
        batch.dropped = dropped()
        if problems.isEmpty, let index = unsafe handles.indices.first(where: isDown) { lose(index) }
        return true
    }

    public func withBytes(_ body: (Span<UInt8>) -> Void) {
        guard let loan = unsafe loan else {
            body([UInt8]().span)
            return
        }
        let buffer = unsafe UnsafeBufferPointer(start: loan.start, count: loan.count)
        unsafe body(buffer.span)
    }

    /// Frames that the kernel or the interface dropped since the start, over all interfaces.
    private func dropped() -> UInt64 {
        for index in unsafe handles.indices {
            var statistics = pcap_stat()
            guard unsafe pcap_stats(handles[index], &statistics) == 0 else { continue }
            drops[index].note(kernel: statistics.ps_drop, interface: statistics.ps_ifdrop)
        }
        return drops.reduce(0) { $0 + $1.total }
    }

    /// Whether an interface is switched off, which libpcap 1.10 waits out in silence; false where
    /// the system knows none of that name, as for `any`.
    private func isDown(_ index: Int) -> Bool {
        var request = unsafe ifreq()
        unsafe withUnsafeMutableBytes(of: &request.ifr_ifrn.ifrn_name) { room in
            unsafe room.copyBytes(from: names[index].utf8.prefix(room.count - 1))
        }
        let descriptor = unsafe pcap_get_selectable_fd(handles[index])
        guard unsafe ioctl(descriptor, UInt(SIOCGIFFLAGS), &request) == 0 else { return false }
        return unsafe Int32(request.ifr_ifru.ifru_flags) & Int32(IFF_UP) == 0
    }

    private func lose(_ index: Int) {
        problems.append(CaptureProblem(path: names[index], offset: 0, reason: .interfaceLost))
    }

    private func read(_ index: Int) -> FrameHeader? {
        var header: UnsafeMutablePointer<pcap_pkthdr>?
        var bytes: UnsafePointer<UInt8>?
        let result = unsafe pcap_next_ex(handles[index], &header, &bytes)
        if result < 0 {
            lose(index)
            return nil
        }
        guard result == 1, let header = unsafe header, let bytes = unsafe bytes else { return nil }
        let frame = unsafe header.pointee
        unsafe loan = Loan(start: bytes, count: Int(frame.caplen))
        number += 1
        return FrameHeader(
            capture: index, number: number,
            time: Timestamp(
                seconds: Int64(frame.ts.tv_sec), nanoseconds: Int64(frame.ts.tv_usec) * 1000),
            originalLength: Int(frame.len), linkType: linkTypes[index])
    }

    private func wait() {
        hasWaited = true
        var polls = unsafe handles.map {
            unsafe pollfd(fd: pcap_get_selectable_fd($0), events: Int16(POLLIN), revents: 0)
        }
        unsafe _ = poll(&polls, nfds_t(polls.count), patience)
    }

    private static func open(
        _ name: String, snapLength: Int32
    ) throws(LiveCaptureError) -> OpaquePointer {
        var message = [CChar](repeating: 0, count: Int(PCAP_ERRBUF_SIZE))
        guard let handle = unsafe pcap_create(name, &message) else {
            throw .cannotOpen(interface: name, reason: text(message))
        }
        unsafe pcap_set_snaplen(handle, snapLength)
        unsafe pcap_set_promisc(handle, 1)
        unsafe pcap_set_timeout(handle, 100)
        unsafe pcap_set_buffer_size(handle, 32 << 20)
        let status = unsafe pcap_activate(handle)
        guard status >= 0, unsafe pcap_setnonblock(handle, 1, &message) == 0 else {
            let reason = unsafe String(cString: pcap_geterr(handle))
            let known = unsafe String(cString: pcap_statustostr(status))
            unsafe pcap_close(handle)
            throw .cannotOpen(interface: name, reason: reason.isEmpty ? known : reason)
        }
        return unsafe handle
    }

    private static func apply(
        _ filter: String, to handle: OpaquePointer, of name: String
    ) throws(LiveCaptureError) {
        var program = unsafe bpf_program()
        guard unsafe pcap_compile(handle, &program, filter, 1, PCAP_NETMASK_UNKNOWN) == 0 else {
            throw unsafe .badFilter(filter, reason: String(cString: pcap_geterr(handle)))
        }
        defer { unsafe pcap_freecode(&program) }
        guard unsafe pcap_setfilter(handle, &program) == 0 else {
            throw unsafe .badFilter(filter, reason: String(cString: pcap_geterr(handle)))
        }
    }

    private static func text(_ message: [CChar]) -> String {
        String(
            decoding: message.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}

/// Why an interface can't be listened to.
public enum LiveCaptureError: Error, Hashable, Sendable, CustomStringConvertible {
    case cannotOpen(interface: String, reason: String)
    case badFilter(String, reason: String)
    /// Nothing is read of frames that begin so.
    case unread(interface: String, LinkType)

    public var description: String {
        switch self {
        case .cannotOpen(let interface, let reason):
            "cannot listen on \(interface): \(reason)"
                + (reason.contains("not permitted") ? "; it takes root or CAP_NET_RAW" : "")
        case .badFilter(let filter, let reason): "filter '\(filter)': \(reason)"
        case .unread(let interface, let type):
            "cannot listen on \(interface): frames of link type \(type) are not read"
        }
    }
}
