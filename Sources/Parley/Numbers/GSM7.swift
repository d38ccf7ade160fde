/// The GSM 7 bit default alphabet with its extension table.
enum GSM7 {
    /// Septets: 1, 2 behind an escape, nil for a character it has not.
    static func units(of scalar: Unicode.Scalar) -> Int? {
        if self.basic.contains(scalar) { return 1 }
        return self.extended.contains(scalar) ? 2 : nil
    }

    private static let basic = Set(
        """
        @£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !"#¤%&'()*+,-./0123456789:;<=>?\
        ¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà
        """.unicodeScalars
    )
    private static let extended = Set("\u{0c}^{}\\[~]|€".unicodeScalars)
}
