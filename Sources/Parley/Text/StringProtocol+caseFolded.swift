extension StringProtocol {
    /// In lower case, to be compared with words: a Turkish `İ` becomes an `i` without the dot that Unicode puts above it.
    package var caseFolded: String {
        let lowered = self.lowercased()
        return lowered.utf8.contains(0xcc) ? lowered.replacing("i\u{307}", with: "i") : lowered
    }
}
