import Curl
import Foundation
import Parley

/// Looks into a mailbox for mail that is new: each mail is a batch of its own, so it is stored together with the cursor behind it.
///
/// A mailbox whose UIDVALIDITY has changed has new numbers for all its mails; it is read from the beginning, and what was taken before is
/// known again by what it says. Flags are left alone, and nothing is deleted.
struct MailboxPickup: Sendable {
    /// In one go; then others have their turn. Together they come well within a claim.
    static let mails = 20
    static let bytes = 30_000_000
    /// A longer one stays in the mailbox: an operator is told of it.
    static let longest = 30_000_000

    let client: MailClient

    /// - Throws: `PickupFailure`; `CancellationError` when the process stops.
    func pickUp(_ poll: MailboxPoll, after cursor: JSON?) async throws -> Pickup {
        let state = try await self.ask(.state, of: poll)
        guard let validity = IMAPAnswer.validity(in: state) else { throw PickupFailure(reason: "no_uidvalidity", after: nil) }
        let last = cursor?["validity"]?.int == Int(validity) ? UInt32(clamping: cursor?["uid"]?.int ?? 0) : 0
        guard last < .max else { return Pickup(batches: [], isMore: false) }
        let listed = IMAPAnswer.sizes(in: try await self.ask(.sizes(from: last + 1), of: poll)).filter { $0.uid > last }
        var (batches, weight) = ([Pickup.Batch](), 0)
        for mail in listed.prefix(Self.mails) {
            weight += mail.size
            guard batches.isEmpty || weight <= Self.bytes else { break }
            let next: JSON = ["validity": .integer(Int64(validity)), "uid": .integer(Int64(mail.uid))]
            var batch = Pickup.Batch(request: Self.request([], mail.uid), cursor: next, isOneThing: true)
            if mail.size <= Self.longest {
                batch.request.body = try await self.ask(.message(uid: mail.uid, validity: validity), of: poll)
            } else {
                batch.unfetched = "too_large"
                batch.request.body = Array("UID \(mail.uid) of \(mail.size) bytes stays in the mailbox".utf8)
            }
            batches.append(batch)
        }
        return Pickup(batches: batches, isMore: batches.count < listed.count)
    }

    private func ask(_ question: MailboxTransfer.Question, of poll: MailboxPoll) async throws -> [UInt8] {
        let transfer = MailboxTransfer(
            url: poll.url,
            username: poll.username,
            password: poll.password,
            mailbox: poll.mailbox,
            question: question,
            deadline: .seconds(60),
            answerLimit: Self.longest + 1_000_000
        )
        do {
            return try await self.client.ask(transfer)
        } catch let error where error.reason == .cancelled {
            throw CancellationError()
        } catch {
            let isTold = error.reason == .tls || error.reason == .refused
            throw PickupFailure(reason: isTold ? "\(error.reason.rawValue): \(error.detail)" : error.reason.rawValue, after: nil)
        }
    }

    private static func request(_ message: [UInt8], _ uid: UInt32) -> HookRequest {
        HookRequest(method: "IMAP", url: "imap:", route: nil, headers: ["uid": "\(uid)"], body: message, at: Date())
    }
}

/// What an IMAP server says, as far as we ask.
///
/// Source: RFC 3501 section 7.
enum IMAPAnswer {
    static func validity(in answer: [UInt8]) -> UInt32? {
        String(decoding: answer, as: UTF8.self).firstMatch(of: /\[UIDVALIDITY (\d{1,10})\]/.ignoresCase()).flatMap { UInt32($0.1) }
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
