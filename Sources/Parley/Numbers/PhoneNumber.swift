/// A telephone number in E.164: `+` and at most 15 digits, the first of them 1–9, the calling code assigned.
///
/// Short codes (`72345`) and alphanumeric senders (`PARLEY`) are no numbers: they cannot be called, and names cannot be answered.
///
/// Source: ITU-T E.164.
package struct PhoneNumber: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
    package let rawValue: String

    /// Nil when the text is not already E.164.
    package init?(rawValue: String) {
        guard let number = PhoneNumber(rawValue, region: nil), number.rawValue == rawValue else { return nil }
        self = number
    }

    /// The number that a person's way of writing means: `tel:+44 (0)20 7946 0958` → `+442079460958`.
    ///
    /// - Parameter region: ISO 3166-1 letters of the country that a number without a calling code is dialled from; nil refuses those.
    /// - Returns: nil when the text is no number, or not one that this region can be sure of.
    package init?(_ text: some StringProtocol, region: String? = nil) {
        guard let dialled = Dialled(text) else { return nil }
        let number =
            dialled.isInternational
            ? PhoneNumber(international: dialled.digits)
            : region.flatMap { PhoneNumber.dialled(dialled.digits, in: $0.uppercased()) }
        guard let number else { return nil }
        self = number
    }

    /// What digits without a + reach from that country, the surest reading first.
    private static func dialled(_ digits: String, in region: String) -> PhoneNumber? {
        guard let home = CallingCode.byRegion[region] else { return nil }
        let prefix = CallingCode.internationalPrefix(of: region)
        if digits.hasPrefix(prefix), let abroad = PhoneNumber(international: digits.dropFirst(prefix.count)) { return abroad }
        // Shorter than any subscriber's number with its area: a short code of that country.
        guard digits.count > 6 || home.lengths.upperBound <= 6 else { return nil }
        if let national = PhoneNumber(home, digits) { return national }
        // Too long for the country, and only the + is missing.
        return digits.hasPrefix(home.digits) ? PhoneNumber(home, digits.dropFirst(home.digits.count)) : nil
    }

    private init?(international digits: some StringProtocol) {
        for length in 1...3 {
            guard let code = CallingCode.byDigits[String(digits.prefix(length))] else { continue }
            self.init(code, digits.dropFirst(length))
            return
        }
        return nil
    }

    private init?(_ code: CallingCode, _ national: some StringProtocol) {
        guard let significant = code.significant(national) else { return nil }
        self.rawValue = "+\(code.digits)\(significant)"
    }

    package var description: String { self.rawValue }
}

/// What stands between the punctuation of a written number.
private struct Dialled {
    var isInternational = false
    var digits = ""

    init?(_ text: some StringProtocol) {
        var rest = Substring(text)
        if rest.lowercased().hasPrefix("tel:") { rest = rest.dropFirst(4).prefix { $0 != ";" } }  // RFC 3966
        for scalar in rest.unicodeScalars {
            switch scalar {
            case "0"..."9": self.digits.unicodeScalars.append(scalar)
            case "\u{ff10}"..."\u{ff19}": self.digits.append(String(scalar.value - 0xff10))  // full width
            case "+", "\u{ff0b}":
                guard !self.isInternational, self.digits.isEmpty else { return nil }
                self.isInternational = true
            case "(", ")", "-", ".", "/", "\t", "\u{2010}"..."\u{2015}", "\u{2212}": continue
            default:
                // Contact lists paste invisible direction marks around numbers.
                guard scalar.properties.isWhitespace || scalar.properties.generalCategory == .format else { return nil }
            }
        }
        guard !self.digits.isEmpty else { return nil }
    }
}
