import Net

/// Hashes of endpoints; who chooses them cannot foresee where they are looked up.
struct EndpointHash {
    private let seed = WordHash.seed

    func hash(_ endpoint: Endpoint) -> UInt32 {
        let bits = endpoint.address.bits
        var value = WordHash.mix(seed ^ UInt64(truncatingIfNeeded: bits))
        if endpoint.address.family == .v6 {
            value = WordHash.mix(value ^ UInt64(truncatingIfNeeded: bits >> 64))
        }
        return UInt32(truncatingIfNeeded: WordHash.mix(value ^ UInt64(endpoint.port)) >> 32)
    }
}
