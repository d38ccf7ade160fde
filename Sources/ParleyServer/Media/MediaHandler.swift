import Channels
import Foundation
import Logging
import Parley
import Postgres
import Queue

/// Fetches the files that messages only name, keeps them as attachments, and passes the messages on to the inbox.
///
/// It stands before the inbox as a queue of its own with the inbox's keys, so that a conversation keeps its order and waits for its own
/// files alone. A file that cannot be had does not hold its message back for ever: the message goes on and says so.
struct MediaHandler: JobHandler {
    /// Files fetched side by side.
    static let concurrency = 16
    /// The failure with this number is the last; with the waits of the policy below that is about two minutes.
    static let tries = 6
    static let retryPolicy = RetryPolicy(budget: .max, base: .seconds(4), longest: .seconds(60))

    let channels: ChannelStore
    let adapters: AdapterRegistry
    let fetcher: MediaFetcher
    let publicURL: String
    let metrics: Metrics
    let logger: Logger
    /// A channel whose files do not come leaves places for the others (I7).
    private let places = ChannelPlaces(capacity: Self.concurrency)
    private let pacer = Pacer()

    func handle(_ jobs: [Job], in context: JobContext) async throws -> Handled {
        var handled = Handled(verdicts: [:])
        for job in jobs {
            guard var payload = try? InboxPayload(bytes: job.payload) else {
                handled.verdicts[job.id] = .dead(reason: "bad_payload")
                continue
            }
            do {
                guard let files = try await self.files(of: &payload, isLastTry: job.attempt >= Self.tries) else {
                    let wait = self.pacer.wait(for: payload.channel, atLeast: .milliseconds(250), gap: .zero)
                    handled.verdicts[job.id] = .later(wait)
                    continue
                }
                handled.statements += AttachmentFile.insertion(of: files.map { (WorkspaceID(job.workspace), $0) })
                let draft = JobDraft(queue: .inbox, key: job.key, workspace: job.workspace, payload: payload.bytes)
                handled.statements += JobDraft.insertion([draft])
                handled.verdicts[job.id] = .done
            } catch let failure as MediaFetcher.Failure {
                self.logger.notice(
                    "a file could not be fetched yet",
                    metadata: ["channel.id": "\(payload.channel)", "error": "\(failure.reason)"]
                )
                handled.verdicts[job.id] = .retry(after: nil, reason: failure.reason)
            }
        }
        return handled
    }

    /// Nil when there is no place for another fetch of the channel now.
    private func files(of payload: inout InboxPayload, isLastTry: Bool) async throws -> [AttachmentFile]? {
        guard payload.events.contains(where: \.namesFiles) else { return [] }
        return try await self.places.occupy(payload.channel) { try await self.fetch(&payload, isLastTry: isLastTry) }
    }

    /// Puts the files in the place of their names.
    ///
    /// - Throws: `Failure` for what may go well another time, unless this is the last try.
    private func fetch(_ payload: inout InboxPayload, isLastTry: Bool) async throws -> [AttachmentFile] {
        let channel = try await self.channels.channel(payload.channel)
        var files: [AttachmentFile] = []
        for (index, event) in payload.events.enumerated() {
            guard case .message(var message) = event, event.namesFiles else { continue }
            for place in message.media.indices where message.media[place].reference != nil {
                var media = message.media[place]
                do throws(MediaFetcher.Failure) {
                    guard let channel, let adapter = self.adapters[channel.adapter] else {
                        throw MediaFetcher.Failure(reason: "channel_gone", isFinal: true)
                    }
                    let file = try await self.fetcher.fetch(media, through: adapter, for: channel.context(publicURL: self.publicURL))
                    files.append(file)
                    media = file.media()
                    self.count("fetched")
                } catch {
                    guard error.isFinal || isLastTry else { throw error }
                    (media.reference, media.unavailable) = (nil, error.reason)
                    self.count("unavailable")
                }
                message.media[place] = media
            }
            payload.events[index] = .message(message)
        }
        return files
    }

    private func count(_ outcome: String) {
        self.metrics.counter("parley_media_fetches_total", "Files that messages named, by what became of them.", ["outcome": outcome]).add()
    }
}

extension InboundEvent {
    /// Whether it is a message with files whose bytes are still the provider's.
    var namesFiles: Bool {
        guard case .message(let message) = self else { return false }
        return message.media.contains { $0.reference != nil }
    }
}
