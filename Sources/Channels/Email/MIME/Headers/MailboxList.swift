package import Parley

/// The mailboxes of an address field: `"Keller, Anna" <anna@anna.test>, team: a@b.test;`
///
/// Source: RFC 5322 section 3.4, with the obsolete forms; RFC 6531 for what is not ASCII.
package struct MailboxList: Hashable, Sendable {
    package struct Mailbox: Hashable, Sendable {
        /// As a reader sees it; empty when there is none.
        package var name: String
        package var address: MailAddress
    }
    package private(set) var mailboxes: [Mailbox] = []

    /// More than anyone writes to on purpose.
    private static let limit = 1_000

    package init(_ field: [UInt8]) {
        // The shifts of raw ISO-2022-JP hold commas and brackets.
        let field = field.contains(0x1b) ? Array(Charset.unlabelled(field).utf8) : field
        self.read(field)
        // Against the standard, some hide even the address in encoded words.
        if self.mailboxes.isEmpty, field.contains(0x3f) { self.read(Array(HeaderText.decode(field).utf8)) }
    }

    private mutating func read(_ field: [UInt8]) {
        var reader = Reader(bytes: field)
        // `Keller, Anna <anna@anna.test>`, where nobody quoted the comma.
        var before: [UInt8] = []
        while self.mailboxes.count < Self.limit, var item = reader.next() {
            if item.angle != nil, !before.isEmpty { item.text = before + [0x2c] + item.text }
            before = []
            if let mailbox = item.mailbox {
                self.mailboxes.append(mailbox)
            } else if item.angle == nil, item.endsInComma, !item.text.contains(0x40), item.text.contains(where: { $0 > 0x20 }) {
                before = item.text
            }
        }
    }

    /// What stands between two commas, as words.
    private struct Item {
        /// Phrase, or address without brackets; quoted strings without their quotes, but marked.
        var text: [UInt8] = []
        var bare: [UInt8] = []
        var angle: [UInt8]?
        var comment: [UInt8] = []
        var endsInComma = false

        var mailbox: Mailbox? {
            if let angle {
                // A route before the mailbox (`<@a,@b:c@d>`) is obsolete and means nothing.
                let spec = angle.first == 0x40 ? Array(angle[((angle.firstIndex(of: 0x3a) ?? -1) + 1)...]) : angle
                guard let address = Self.address(spec) else { return nil }
                let name = HeaderText.decode(self.text)
                return Mailbox(name: name.isEmpty ? HeaderText.decode(self.comment) : name, address: address)
            }
            guard let address = Self.address(self.bare) else { return nil }
            return Mailbox(name: HeaderText.decode(self.comment), address: address)
        }

        private static func address(_ bytes: [UInt8]) -> MailAddress? {
            var spec = Charset.unlabelled(bytes.filter { $0 > 0x20 || $0 == 0x20 && bytes.first == 0x22 })
            if spec.hasPrefix("mailto:") { spec.removeFirst(7) }
            if spec.hasSuffix(".") { spec.removeLast() }
            return MailAddress(spec)
        }
    }

    private struct Reader {
        let bytes: [UInt8]
        var at = 0

        /// One pass over the bytes for all items; nil at the end.
        mutating func next() -> Item? {
            guard self.at < self.bytes.count else { return nil }
            var item = Item()
            while self.at < self.bytes.count {
                let byte = self.bytes[self.at]
                self.at += 1
                switch byte {
                case 0x2c, 0x3b:  // `,` and the end of a group
                    item.endsInComma = byte == 0x2c
                    return item
                case 0x3a where item.angle == nil && !item.bare.contains(0x40) && !item.bare.elementsEqual("mailto".utf8):
                    item = Item()  // what came before was a group's name
                case 0x22:
                    let text = self.quoted()
                    if !item.text.isEmpty, item.text.last != 0x20, item.bare.last == 0x20 { item.text.append(0x20) }
                    item.text += text
                    item.bare += [0x22] + text.flatMap { $0 == 0x22 || $0 == 0x5c ? [0x5c, $0] : [$0] } + [0x22]
                case 0x28: item.comment = self.comment()
                case 0x3c: item.angle = self.angle()
                case 0x3e: continue  // one bracket too many
                default:
                    item.text.append(byte)
                    item.bare.append(byte)
                }
            }
            return item
        }

        private mutating func quoted() -> [UInt8] {
            var text: [UInt8] = []
            while self.at < self.bytes.count {
                var byte = self.bytes[self.at]
                self.at += 1
                if byte == 0x22 { break }
                if byte == 0x5c, self.at < self.bytes.count {
                    byte = self.bytes[self.at]
                    self.at += 1
                }
                text.append(byte)
            }
            return text
        }

        private mutating func comment() -> [UInt8] {
            var text: [UInt8] = []
            var depth = 1
            while self.at < self.bytes.count {
                var byte = self.bytes[self.at]
                self.at += 1
                if byte == 0x28 { depth += 1 }
                if byte == 0x29 { depth -= 1 }
                if depth == 0 { break }
                if byte == 0x5c, self.at < self.bytes.count {
                    byte = self.bytes[self.at]
                    self.at += 1
                }
                text.append(byte)
            }
            return text
        }

        private mutating func angle() -> [UInt8] {
            var text: [UInt8] = []
            var isQuoted = false
            while self.at < self.bytes.count {
                let byte = self.bytes[self.at]
                self.at += 1
                if byte == 0x5c, isQuoted, self.at < self.bytes.count {
                    text += [byte, self.bytes[self.at]]
                    self.at += 1
                    continue
                }
                if byte == 0x22 { isQuoted.toggle() }
                if byte == 0x3e, !isQuoted { break }
                if byte != 0x3c || isQuoted { text.append(byte) }
            }
            return text
        }
    }
}
