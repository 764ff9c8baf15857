/// Mixes words to a hash that nobody can foresee: who chooses addresses and ports must not choose
/// where they are looked up.
public enum WordHash {
    /// Where a hash begins; another with each run.
    public static let seed = UInt64.random(in: .min ... .max)

    /// A multiplication whose two halves are folded (the mixing step of wyhash).
    @inlinable @inline(__always)
    public static func mix(_ value: UInt64) -> UInt64 {
        let (high, low) = value.multipliedFullWidth(by: 0x9e37_79b9_7f4a_7c15)
        return high ^ low ^ value
    }
}
