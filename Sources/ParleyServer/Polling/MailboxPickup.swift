import Curl
import Foundation
import Parley

/// Looks into a mailbox for mail that is new: each mail is a batch of its own, so it is stored together with the cursor behind it.
///
/// A mailbox whose UIDVALIDITY has changed has new numbers for all its mails; it is read from the beginning, and what was taken before is
/// known again by what it says. Flags are left alone, and nothing is deleted.
struct MailboxPickup: Sendable {
    /// In one go; then others have their turn. Together they come well within a claim. libcurl gives up on answers of over a hundred lines.
    static let mails = 50
    static let bytes = 30_000_000
    static let time: Duration = .seconds(30)
    /// A longer one stays in the mailbox: an operator is told of it.
    static let longest = 30_000_000

    let client: MailClient

    /// - Throws: `PickupFailure`; `CancellationError` when the process stops.
    func pickUp(_ poll: MailboxPoll, after cursor: JSON?) async throws -> Pickup {
        let mailbox = MailboxAccount(
            url: poll.url,
            username: poll.username,
            password: poll.password,
            name: poll.mailbox,
            answerLimit: Self.longest + 1_000_000
        )
        do {
            return try await self.client.ask(mailbox) { try await Self.pickUp($0, after: cursor) }
        } catch let error as TransferError {
            guard error.reason != .cancelled else { throw CancellationError() }
            let isTold = error.reason == .tls || error.reason == .refused
            throw PickupFailure(reason: isTold ? "\(error.reason.rawValue): \(error.detail)" : error.reason.rawValue, after: nil)
        }
    }

    private static func pickUp(_ line: MailboxLine, after cursor: JSON?) async throws -> Pickup {
        let state = try await line.answer(to: .state, within: .seconds(45))
        guard let validity = IMAPAnswer.number("UIDVALIDITY", in: state) else { throw PickupFailure(reason: "no_uidvalidity", after: nil) }
        let last = cursor?["validity"]?.int == Int(validity) ? UInt32(clamping: cursor?["uid"]?.int ?? 0) : 0
        // Most looks find nothing new, and end here.
        let isQuiet = IMAPAnswer.number("UIDNEXT", in: state).map { Int($0) <= Int(last) + 1 } ?? false
        let count = IMAPAnswer.count(in: state)
        let first = isQuiet ? count + 1 : try await self.first(after: last, of: count, line)
        let listed = first > count ? [] : try await self.list(first...min(count, first + self.mails - 1), line)
        var (batches, weight) = ([Pickup.Batch](), 0)
        let start = ContinuousClock.now
        for mail in listed {
            weight += mail.size
            guard batches.isEmpty || weight <= self.bytes && .now - start < self.time else { break }
            let cursor: JSON = ["validity": .integer(Int64(validity)), "uid": .integer(Int64(mail.uid))]
            var batch = Pickup.Batch(request: self.request([], mail.uid), cursor: cursor, isOneThing: true)
            if mail.size <= self.longest {
                batch.request.body = try await line.answer(to: .message(uid: mail.uid, validity: validity), within: .seconds(45))
            } else {
                batch.unfetched = "too_large"
                batch.request.body = Array("UID \(mail.uid) of \(mail.size) bytes stays in the mailbox".utf8)
            }
            batches.append(batch)
        }
        return Pickup(batches: batches, isMore: first + batches.count <= count)
    }

    /// The number of the first mail behind `last`; one more than `count` when there is none. Numbers rise with UIDs (RFC 3501 section
    /// 2.3.1.2), and none changes while a FETCH is answered (section 7.4.1): it is looked for from the end, where what is new stands, in steps
    /// that double until they are behind it, then in halves.
    private static func first(after last: UInt32, of count: Int, _ line: MailboxLine) async throws -> Int {
        var (known, new, step) = (0, count + 1, 1)
        while known + 1 < new {
            let probe: Int
            if known == 0 {
                probe = max(1, new - step)
                step *= 2
            } else {
                probe = known + (new - known) / 2
            }
            let mail = try await self.list(probe...probe, line)
            guard let uid = mail.first?.uid else { throw PickupFailure(reason: "mailbox_changed", after: nil) }
            if uid > last { new = probe } else { known = probe }
        }
        return new
    }

    private static func list(_ numbers: ClosedRange<Int>, _ line: MailboxLine) async throws(TransferError) -> [(uid: UInt32, size: Int)] {
        IMAPAnswer.sizes(in: try await line.answer(to: .sizes(numbers), within: .seconds(45)))
    }

    private static func request(_ message: [UInt8], _ uid: UInt32) -> HookRequest {
        HookRequest(method: "IMAP", url: "imap:", route: nil, headers: ["uid": "\(uid)"], body: message, at: Date())
    }
}

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
