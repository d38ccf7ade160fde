extension StringProtocol {
    /// Whether a reader sees nothing of it: it has only spaces, controls, invisible characters, and marks without a letter to stand on.
    package var isBlank: Bool { self.unicodeScalars.allSatisfy(\.isUnseen) }
}

extension Unicode.Scalar {
    fileprivate var isUnseen: Bool {
        if self.properties.isWhitespace || self.properties.isDefaultIgnorableCodePoint { return true }
        switch self.properties.generalCategory {
        case .control, .format, .nonspacingMark, .spacingMark, .enclosingMark: return true
        default: return self == "\u{2800}"  // Braille without a dot: a symbol to Unicode, nothing to the eye
        }
    }
}
