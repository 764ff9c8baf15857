/// SHA-256 (FIPS 180-4), to name a file's content in a report.
public struct SHA256 {
    private var state = SIMD8<UInt32>(
        0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab,
        0x5be0_cd19)
    private var pending: [UInt8] = []
    private var length: UInt64 = 0

    public init() { pending.reserveCapacity(64) }

    /// Takes the next bytes of the content.
    public mutating func update(_ bytes: Span<UInt8>) {
        length &+= UInt64(bytes.count)
        var index = 0
        if !pending.isEmpty {
            while index < bytes.count, pending.count < 64 {
                pending.append(bytes[index])
                index += 1
            }
            guard pending.count == 64 else { return }
            let block = pending
            Self.compress(block.span, into: &state)
            pending.removeAll(keepingCapacity: true)
        }
        while bytes.count - index >= 64 {
            Self.compress(bytes.extracting(index..<index + 64), into: &state)
            index += 64
        }
        while index < bytes.count {
            pending.append(bytes[index])
            index += 1
        }
    }

    /// 64 lower-case hexadecimal digits for all that was taken.
    public consuming func hexDigest() -> String {
        let bits = length &* 8
        var tail: [UInt8] = [0x80]
        tail += [UInt8](repeating: 0, count: (119 - pending.count) % 64)
        tail += (0..<8).map { UInt8(truncatingIfNeeded: bits >> UInt64(56 - 8 * $0)) }
        update(tail.span)
        return (0..<8).map { place in
            let hex = String(state[place], radix: 16)
            return String(repeating: "0", count: 8 - hex.utf8.count) + hex
        }
        .joined()
    }

    /// The eight working variables, which change places in each round.
    private struct Words {
        var a, b, c, d, e, f, g, h: UInt32

        @inline(__always)
        mutating func round(_ k: UInt32, _ w: UInt32) {
            let s1 = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)
            let t1 = h &+ s1 &+ (g ^ (e & (f ^ g))) &+ k &+ w
            let s0 = rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)
            let t2 = s0 &+ ((a & b) | (c & (a | b)))
            (h, g, f, e, d, c, b, a) = (g, f, e, d &+ t1, c, b, a, t1 &+ t2)
        }
    }

    private static func compress(_ block: Span<UInt8>, into state: inout SIMD8<UInt32>) {
        var w = Schedule(block)
        var v = Words(
            a: state[0], b: state[1], c: state[2], d: state[3], e: state[4], f: state[5],
            g: state[6], h: state[7])
        for part in 0..<4 {
            if part > 0 { w.advance() }
            let r = roundConstants[part]
            v.round(r[0], w.w0)
            v.round(r[1], w.w1)
            v.round(r[2], w.w2)
            v.round(r[3], w.w3)
            v.round(r[4], w.w4)
            v.round(r[5], w.w5)
            v.round(r[6], w.w6)
            v.round(r[7], w.w7)
            v.round(r[8], w.w8)
            v.round(r[9], w.w9)
            v.round(r[10], w.w10)
            v.round(r[11], w.w11)
            v.round(r[12], w.w12)
            v.round(r[13], w.w13)
            v.round(r[14], w.w14)
            v.round(r[15], w.w15)
        }
        state = state &+ SIMD8(v.a, v.b, v.c, v.d, v.e, v.f, v.g, v.h)
    }

    /// Sixteen words of the message schedule, in variables of their own, so that they stay in
    /// registers.
    private struct Schedule {
        var w0, w1, w2, w3, w4, w5, w6, w7, w8, w9, w10, w11, w12, w13, w14, w15: UInt32

        @inline(__always)
        init(_ b: Span<UInt8>) {
            func word(_ at: Int) -> UInt32 {
                UInt32(b[at]) << 24 | UInt32(b[at + 1]) << 16 | UInt32(b[at + 2]) << 8
                    | UInt32(b[at + 3])
            }
            (w0, w1, w2, w3) = (word(0), word(4), word(8), word(12))
            (w4, w5, w6, w7) = (word(16), word(20), word(24), word(28))
            (w8, w9, w10, w11) = (word(32), word(36), word(40), word(44))
            (w12, w13, w14, w15) = (word(48), word(52), word(56), word(60))
        }

        @inline(__always)
        private static func next(_ a: UInt32, _ x: UInt32, _ b: UInt32, _ y: UInt32) -> UInt32 {
            let s0 = rotate(x, 7) ^ rotate(x, 18) ^ (x >> 3)
            let s1 = rotate(y, 17) ^ rotate(y, 19) ^ (y >> 10)
            return a &+ s0 &+ b &+ s1
        }

        /// The next sixteen.
        @inline(__always)
        mutating func advance() {
            w0 = Self.next(w0, w1, w9, w14)
            w1 = Self.next(w1, w2, w10, w15)
            w2 = Self.next(w2, w3, w11, w0)
            w3 = Self.next(w3, w4, w12, w1)
            w4 = Self.next(w4, w5, w13, w2)
            w5 = Self.next(w5, w6, w14, w3)
            w6 = Self.next(w6, w7, w15, w4)
            w7 = Self.next(w7, w8, w0, w5)
            w8 = Self.next(w8, w9, w1, w6)
            w9 = Self.next(w9, w10, w2, w7)
            w10 = Self.next(w10, w11, w3, w8)
            w11 = Self.next(w11, w12, w4, w9)
            w12 = Self.next(w12, w13, w5, w10)
            w13 = Self.next(w13, w14, w6, w11)
            w14 = Self.next(w14, w15, w7, w12)
            w15 = Self.next(w15, w0, w8, w13)
        }
    }
}

@inline(__always)
private func rotate(_ value: UInt32, _ by: UInt32) -> UInt32 { value &>> by | value &<< (32 &- by) }

/// The constants of the 64 rounds.
private let roundConstants: [SIMD16<UInt32>] = [
    SIMD16(
        0x428a_2f98, 0x7137_4491, 0xb5c0_fbcf, 0xe9b5_dba5, 0x3956_c25b, 0x59f1_11f1, 0x923f_82a4,
        0xab1c_5ed5, 0xd807_aa98, 0x1283_5b01, 0x2431_85be, 0x550c_7dc3, 0x72be_5d74, 0x80de_b1fe,
        0x9bdc_06a7, 0xc19b_f174),
    SIMD16(
        0xe49b_69c1, 0xefbe_4786, 0x0fc1_9dc6, 0x240c_a1cc, 0x2de9_2c6f,
        0x4a74_84aa, 0x5cb0_a9dc, 0x76f9_88da, 0x983e_5152, 0xa831_c66d, 0xb003_27c8, 0xbf59_7fc7,
        0xc6e0_0bf3, 0xd5a7_9147, 0x06ca_6351, 0x1429_2967),
    SIMD16(
        0x27b7_0a85, 0x2e1b_2138, 0x4d2c_6dfc,
        0x5338_0d13, 0x650a_7354, 0x766a_0abb, 0x81c2_c92e, 0x9272_2c85, 0xa2bf_e8a1, 0xa81a_664b,
        0xc24b_8b70, 0xc76c_51a3, 0xd192_e819, 0xd699_0624, 0xf40e_3585, 0x106a_a070),
    SIMD16(
        0x19a4_c116,
        0x1e37_6c08, 0x2748_774c, 0x34b0_bcb5, 0x391c_0cb3, 0x4ed8_aa4a, 0x5b9c_ca4f, 0x682e_6ff3,
        0x748f_82ee, 0x78a5_636f, 0x84c8_7814, 0x8cc7_0208, 0x90be_fffa, 0xa450_6ceb, 0xbef9_a3f7,
        0xc671_78f2),
]
