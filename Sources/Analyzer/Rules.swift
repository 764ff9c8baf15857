/// The registry of rules: one line each, by number.
public enum Rules {
    public static let all: [any Rule.Type] = [
        DataConnectionDropped.self,
        DataConnectionRefused.self,
        DataConnectionProhibited.self,
        PrivateAddressAnnounced.self,
        OtherHostAnnounced.self,
        AnnouncementUnusable.self,
        AddressIgnoredByClient.self,
        OfferNeverTaken.self,
        ActiveModeUsed.self,
        BounceAttempt.self,
        CleartextLogin.self,
        EncryptedDataDropped.self,
        RangeExhausted.self,
        UnusualControlPort.self,
        CaptureTooThin.self,
        RangeMissing.self,
        RangeNotPermitted.self,
        TooManyPortsOpen.self,
        RangeInvalid.self,
        RangeCollides.self,
        RangeTooSmall.self,
        RangeTooLarge.self,
        TranslationMissing.self,
        TranslationToWrongHost.self,
        AdvertisedAddressWrong.self,
        PermitNeverReached.self,
        TLSBehindInspection.self,
        ForeignPeersAllowed.self,
        TLSNotDemanded.self,
        DynamicRangeShrunk.self,
        HostAdviceContradicts.self,
        AdvertisedNameInside.self,
        OnePortRefused.self,
        UsersCappedByRange.self,
        PortOutsideRange.self,
        RangeExhaustedFallback.self,
        PortBlockedByPolicy.self,
        PortWouldBeBlocked.self,
        UndocumentedPortReachable.self,
        ServerNotInInventory.self,
    ]

    /// The rule of that number.
    public static func named(_ id: String) -> (any Rule.Type)? {
        all.first { $0.id == id.uppercased() }
    }
}
