/// A set of controls that a family of rules serves, over all standards that are mapped.
///
/// The mapping itself is data: `ControlMapping`.
public enum ControlSet: String, Hashable, Sendable, CaseIterable {
    /// Only needed ports are open.
    case neededPorts = "K1"
    /// No cleartext, no weak cryptography.
    case encryption = "K2"
    /// Configuration follows its standard, and doesn't drift.
    case configuration = "K3"
    /// Internal addresses are not disclosed.
    case internalAddresses = "K4"
    /// A session cannot be taken over.
    case sessionIntegrity = "K5"
    /// The service works.
    case availability = "K6"
    case monitoring = "K7"
}
