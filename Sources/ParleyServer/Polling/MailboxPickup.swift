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

    /// The number of the first mail behind `last`; one more than `count` when there is none.
    private static func first(after last: UInt32, of count: Int, _ line: MailboxLine) async throws -> Int {
        var search = FirstNewMail(of: count)
        while let probe = search.probe {
            guard let uid = try await self.list(probe...probe, line).first?.uid else {
                throw PickupFailure(reason: "mailbox_changed", after: nil)
            }
            search.saw(isNew: uid > last)
        }
        return search.number
    }

    private static func list(_ numbers: ClosedRange<Int>, _ line: MailboxLine) async throws(TransferError) -> [(uid: UInt32, size: Int)] {
        IMAPAnswer.sizes(in: try await line.answer(to: .sizes(numbers), within: .seconds(45)))
    }

    private static func request(_ message: [UInt8], _ uid: UInt32) -> HookRequest {
        HookRequest(method: "IMAP", url: "imap:", route: nil, headers: ["uid": "\(uid)"], body: message, at: Date())
    }
}
