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
