import Foundation

/// What an IMAP server says, as far as we ask.
///
/// Source: RFC 3501 section 7.
enum IMAPAnswer {
    /// `* OK [UIDVALIDITY 3857529045] UIDs valid`
    static func number(_ name: String, in answer: [UInt8]) -> UInt32? {
        let text = String(decoding: answer, as: UTF8.self).uppercased()
        guard let start = text.range(of: "[\(name) ")?.upperBound else { return nil }
        return UInt32(text[start...].prefix { $0 != "]" })
    }

    /// How many mails there are. `* 172 EXISTS`
    static func count(in answer: [UInt8]) -> Int {
        let text = String(decoding: answer, as: UTF8.self)
        return text.matches(of: /(?m)^\* (\d{1,10}) EXISTS/.ignoresCase()).last.flatMap { Int($0.1) } ?? 0
    }

    /// By UID. `* 12 FETCH (UID 40 RFC822.SIZE 5120)`, the two in any order.
    static func sizes(in answer: [UInt8]) -> [(uid: UInt32, size: Int)] {
        var found: [(uid: UInt32, size: Int)] = []
        for line in answer.split(separator: 0x0a) {
            let line = String(decoding: line, as: UTF8.self)
            guard line.contains(/^\* \d+ FETCH \(/.ignoresCase()),
                let uid = line.firstMatch(of: /[ (]UID (\d{1,10})/.ignoresCase()).flatMap({ UInt32($0.1) }),
                let size = line.firstMatch(of: /RFC822\.SIZE (\d{1,18})/.ignoresCase()).flatMap({ Int($0.1) })
            else { continue }
            found.append((uid, size))
        }
        return found.sorted { $0.uid < $1.uid }
    }
}
