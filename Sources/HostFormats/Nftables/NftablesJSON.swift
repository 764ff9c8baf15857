import Net
public import Policy
public import PolicyText

/// `nft -j list ruleset` (libnftables-json(5)).
public enum NftablesJSON: ConfigFormat {
    public static let name = "nftables-json"
    public static let platform = "Linux (nftables)"

    public static func recognise(_ text: ConfigText) -> Recognition {
        let start = text.whole.drop { $0.isWhitespace }
        guard start.hasPrefix("{"), text.mentions("\"nftables\"") else { return .no }
        let inside = start.dropFirst().drop { $0.isWhitespace }
        return inside.hasPrefix("\"nftables\"") ? .certain : .perhaps
    }

    public static func read(_ text: ConfigText) -> Configuration {
        NftReading.json(text).configuration
    }

    public static func fix(_ change: Change, _ configuration: Configuration?) -> Fix? {
        NftWriter.fix(change, configuration)
    }
}
