/// How a text travels as SMS: in which alphabet, and how many units each of its parts takes.
///
/// One part alone holds more than each of several, which carry a header. An extension character (`€`) or a surrogate pair takes two
/// units and is never cut in two.
///
/// Source: 3GPP TS 23.038 section 6.2.1 (the alphabet), TS 23.040 section 9.2.3.24.1 (the header of a part).
package struct Segmentation: Hashable, Sendable {
    package enum Encoding: String, Hashable, Sendable, Codable {
        case gsm7 = "GSM-7"
        case ucs2 = "UCS-2"
    }

    /// One character outside GSM-7 makes the whole text UCS-2.
    package let encoding: Encoding
    /// Septets or UTF-16 units of each part; one part of zero for an empty text.
    package let partUnits: [Int]

    package var units: Int { self.partUnits.reduce(0, +) }
    package var segments: Int { self.partUnits.count }

    package init(of text: some StringProtocol) {
        var meter = SegmentMeter()
        for scalar in text.unicodeScalars { meter.add(scalar) }
        self.encoding = meter.encoding
        self.partUnits = meter.partUnits
    }
}

/// Counts a text as it grows, one scalar at a time, in both alphabets.
struct SegmentMeter {
    private var gsm = Packing(alone: 160, joined: 153)
    private var ucs = Packing(alone: 70, joined: 67)
    private(set) var encoding = Segmentation.Encoding.gsm7

    mutating func add(_ scalar: Unicode.Scalar) {
        self.ucs.add(UTF16.width(scalar))
        if let units = GSM7.units(of: scalar) { self.gsm.add(units) } else { self.encoding = .ucs2 }
    }

    var partUnits: [Int] { self.encoding == .gsm7 ? self.gsm.partUnits : self.ucs.partUnits }
    var segments: Int { self.encoding == .gsm7 ? self.gsm.segments : self.ucs.segments }
}

/// Units laid into parts, none of them cut.
private struct Packing {
    let alone: Int
    let joined: Int
    private var total = 0
    private var full: [Int] = []
    private var current = 0

    init(alone: Int, joined: Int) {
        self.alone = alone
        self.joined = joined
    }

    mutating func add(_ units: Int) {
        self.total += units
        if self.current + units > self.joined {
            self.full.append(self.current)
            self.current = 0
        }
        self.current += units
    }

    var segments: Int { self.total <= self.alone ? 1 : self.full.count + 1 }
    var partUnits: [Int] { self.total <= self.alone ? [self.total] : self.full + [self.current] }
}

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
