/// Lines that follow one another and look like the header of a mail, read label by label.
struct HeaderBlock {
    private var found: Set<HeaderLabel> = []
    private var hasAddress = false
    private var isApart = false
    private var misses = 0
    /// Since the last known label.
    private var since: [HeaderLabel?] = []
    private var last: HeaderLabel?

    /// How many lines it is looked for in.
    static let longest = 16

    /// - Returns: whether the block may go on behind the line.
    mutating func take(_ line: TextLine) -> Bool {
        if line.isEmpty {
            // Some programs write each label as a paragraph of its own.
            guard !self.isApart, self.since.isEmpty else { return false }
            self.isApart = true
            return true
        }
        guard let label = line.label, label != .unknown else { return self.takeOther(line) }
        self.found.insert(label)
        if (label == .from || label == .to) && line.signs.contains(.address) { self.hasAddress = true }
        self.last = label
        self.since = []
        self.isApart = false
        return true
    }

    /// Lists of recipients go on over some lines, and a label may be one of a language not known here.
    private mutating func takeOther(_ line: TextLine) -> Bool {
        guard !self.isApart, self.misses < 4, self.last == .to || line.label == .unknown || self.since.isEmpty else { return false }
        self.misses += 1
        self.since.append(line.label)
        return true
    }

    /// Forms and orders have some of the labels too, but not all of it: a subject or an address, and no labels of their own.
    var isEarlierMail: Bool {
        guard self.found.contains(.from), self.found.contains(.sent) || self.found.contains(.to) else { return false }
        let isForm = self.since.first == .unknown
        return !isForm && self.found.count >= 3 && (self.found.contains(.subject) || self.hasAddress)
    }
}
