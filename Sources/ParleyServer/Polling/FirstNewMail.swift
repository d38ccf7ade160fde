/// The search for the first new mail of a mailbox by its sequence number: which mail to ask for next.
///
/// Numbers rise with UIDs (RFC 3501 section 2.3.1.2), and none changes while a FETCH is answered (section 7.4.1). The search goes from the end,
/// where what is new stands, in steps that double until they are behind it, then in halves. Every answer brings it nearer, whatever a server says.
struct FirstNewMail {
    /// One more than the mailbox holds.
    private let end: Int
    /// The lowest number that is new as far as is known; `end` when none is.
    private(set) var number: Int
    /// The highest number that is known from before; 0 while none is.
    private var known = 0

    init(of count: Int) {
        self.end = count + 1
        self.number = self.end
    }

    /// The mail to ask for; nil when `number` is sure.
    var probe: Int? {
        guard self.known + 1 < self.number else { return nil }
        let step = self.end - self.number + 1
        return self.known == 0 ? max(1, self.number - step) : self.known + (self.number - self.known) / 2
    }

    /// What the mail asked for turned out to be.
    mutating func saw(isNew: Bool) {
        guard let probe = self.probe else { return }
        if isNew { self.number = probe } else { self.known = probe }
    }
}
