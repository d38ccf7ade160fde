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
