extension Segmentation {
    /// Cuts `text` into the parts that one request each may carry. Joined they are the text again.
    ///
    /// A cut falls behind white space where the later half of a part has some, else between two characters, and only inside one
    /// (a family of emoji longer than a whole request) when nothing else fits.
    ///
    /// - Parameter limit: 1 or more. Segments for `gsm7`; for `unicode` UTF-16 units, which no provider's count of characters exceeds.
    package static func split(_ text: String, encoding: Capabilities.TextEncoding, limit: Int) -> [String] {
        var parts: [String] = []
        var rest = text[...]
        while true {
            let end = self.end(of: rest, encoding: encoding, limit: max(1, limit))
            parts.append(String(rest[..<end]))
            rest = rest[end...]
            if rest.isEmpty { return parts }
        }
    }

    private static func end(of text: Substring, encoding: Capabilities.TextEncoding, limit: Int) -> String.Index {
        var meter = PartMeter(encoding: encoding)
        var border = text.startIndex
        var space: (end: String.Index, size: Int)?
        var size = 0
        while border < text.endIndex {
            let next = text.index(after: border)
            let character = text[border]
            var scalar = border
            while scalar < next {
                meter.add(text.unicodeScalars[scalar])
                guard meter.count <= limit else {
                    if let space, space.size * 2 >= size { return space.end }
                    if border > text.startIndex { return border }
                    return scalar > text.startIndex ? scalar : text.unicodeScalars.index(after: scalar)
                }
                scalar = text.unicodeScalars.index(after: scalar)
            }
            size += 1
            border = next
            if character.isWhitespace { space = (border, size) }
        }
        return text.endIndex
    }
}

/// What one request's limit counts.
private struct PartMeter {
    let encoding: Capabilities.TextEncoding
    private var segments = SegmentMeter()
    private var units = 0

    init(encoding: Capabilities.TextEncoding) { self.encoding = encoding }

    mutating func add(_ scalar: Unicode.Scalar) {
        switch self.encoding {
        case .gsm7: self.segments.add(scalar)
        case .unicode: self.units += UTF16.width(scalar)
        }
    }

    var count: Int { self.encoding == .gsm7 ? self.segments.segments : self.units }
}
