extension StringProtocol {
    /// What stands between blanks and tabs.
    @inlinable package var words: [String] {
        utf8.split { $0 == 0x20 || $0 == 0x09 }.map { String(self[$0.startIndex..<$0.endIndex]) }
    }
}
