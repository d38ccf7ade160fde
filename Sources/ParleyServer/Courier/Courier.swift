package import Channels
package import Curl
import Foundation
package import Logging
package import Parley
package import Postgres
package import Queue

/// Hands messages to their providers: one job is one delivery, its parts one request each.
///
/// Every try is committed before its first byte leaves, every outcome together with the job's completion; both only while this worker
/// owns the job's lane. A try found without an outcome may have arrived, and is never repeated in silence.
package struct Courier: JobHandler {
    /// Opens a channel's settings and says how its provider reaches us.
    package typealias Opening = @Sendable (SealedChannel) throws -> ChannelContext

    /// Jobs side by side; most of them only wait for an answer.
    package static let concurrency = 256
    /// Bytes of files: some messages of the largest kind. Encoded and copied, they weigh a few times as much.
    package static let fileMemory = 200_000_000
    /// The courier itself decides when trying ends and how long a wait may be.
    package static let retryPolicy = RetryPolicy(budget: .max, longest: .seconds(7 * 24 * 3_600))

    let adapters: AdapterRegistry
    let open: Opening
    let client: HTTPClient
    let mail: MailClient
    let limits: DeliveryLimits
    let metrics: Metrics
    let logger: Logger
    let loading: Gathering<OutboxPayload, Result<LoadedDelivery, PostgresError>?, any Error>
    let mailContexts: MailContexts
    let gate: SendGate
    let memory = AttemptMemory()
    let pacer = Pacer()
    let places: ChannelPlaces
    let files: FileMemory
    let links: FileLinks?

    /// - Parameter links: where providers that are told of files by URL find ours.
    package init(
        pool: Pool,
        adapters: AdapterRegistry,
        open: @escaping Opening,
        client: HTTPClient,
        limits: DeliveryLimits = DeliveryLimits(),
        concurrency: Int = Self.concurrency,
        fileMemory: Int = Self.fileMemory,
        metrics: Metrics = Metrics(),
        logger: Logger,
        links: FileLinks? = nil
    ) {
        self.adapters = adapters
        self.open = open
        self.client = client
        self.links = links
        self.mail = MailClient(settings: client.settings)
        self.mailContexts = MailContexts(pool: pool)
        self.limits = limits
        self.metrics = metrics
        self.logger = logger
        self.gate = SendGate(pool: pool)
        self.places = ChannelPlaces(capacity: concurrency)
        self.files = FileMemory(capacity: fileMemory)
        self.loading = Gathering(largest: 500) { payloads in
            let rows = try await pool.query(in: .all, LoadedDelivery.query(payloads.map { ($0.workspace.uuid, $0.delivery.uuid) }))
            var found: [DeliveryID: Result<LoadedDelivery, PostgresError>] = [:]
            for row in rows {
                let id = DeliveryID(try row.value("id", as: UUID.self))
                found[id] = Result { () throws(PostgresError) in try LoadedDelivery(row) }
            }
            return payloads.map { found[$0.delivery] }
        }
    }

    package func handle(_ jobs: [Job], in context: JobContext) async throws -> Handled {
        var handled = Handled(verdicts: [:])
        for job in jobs {
            do {
                let (statements, verdict) = try await self.handle(job, in: context)
                handled.statements += statements
                handled.verdicts[job.id] = verdict
            } catch let error as PostgresError where error.code != .laneLost {
                handled.verdicts[job.id] = self.postpone(job, because: error)
            }
        }
        return handled
    }

    package func abandon(_ job: Job) -> [SQL] {
        (try? OutboxPayload(bytes: job.payload)).map(DeliveryStatements.abandon) ?? []
    }

    private func handle(_ job: Job, in context: JobContext) async throws -> Settled {
        guard let payload = try? OutboxPayload(bytes: job.payload) else { return ([], .dead(reason: "bad_payload")) }
        guard let delivery = try await self.loading(payload)?.get() else {
            // Posted at the moment its channel was deleted.
            return (DeliveryStatements.abandon(payload), .dead(reason: "delivery_gone"))
        }
        if delivery.state == .failed { return self.renew(delivery, payload) }
        if delivery.state.isOver { return ([], .done) }
        if let open = delivery.open { return self.settle(open, of: delivery, worker: context.worker) }
        if delivery.isStopped { return self.give(up: delivery, .contactStopped) }
        // Enabling it lets all go at once (`OutboxPayload.wake`), but for one that is read at that very moment.
        if delivery.channel.status == .disabled { return self.wait(for: .seconds(600), delivery, .channelDisabled) }

        let adapter: any Adapter
        let account: ChannelContext
        do { (adapter, account) = try self.account(of: delivery.channel) } catch { return self.adapterFailed(error, delivery, job) }
        // Files are read only once the message has its place: what merely waits weighs nothing.
        let settled = try await self.places.occupy(delivery.channel.id) {
            try await self.files.hold(delivery.message.fileBytes(upTo: adapter.fileBytes), for: delivery.channel.id) {
                try await self.deliver(delivery, through: adapter, account, job, in: context)
            }
        }
        // Nil where there is no place, or no memory for its files, just now.
        if case let settled?? = settled { return settled }
        return ([], .later(self.pacer.wait(for: delivery.channel.id, atLeast: .milliseconds(250), gap: .zero)))
    }

    private func deliver(
        _ delivery: LoadedDelivery,
        through adapter: any Adapter,
        _ account: ChannelContext,
        _ job: Job,
        in context: JobContext
    ) async throws -> Settled {
        var delivery = delivery
        let rendering: Rendering
        do {
            if adapter.fileBytes > 0 { try await self.mailContexts.complete(&delivery, withFilesUpTo: adapter.fileBytes) }
            if let links = self.links {
                let workspace = delivery.workspace
                delivery.message.body.media = delivery.message.body.media.map { links.linked($0, in: workspace, at: Date()) }
            }
            rendering = try await adapter.render(delivery.message, for: account)
        } catch let error as PostgresError {
            throw error
        } catch {
            return self.adapterFailed(error, delivery, job)
        }
        guard delivery.partsSent < rendering.parts.count else { return self.complete(delivery) }
        let sending = Sending(delivery: delivery, rendering: rendering, adapter: adapter, account: account, job: job)
        return try await self.whenItsTurn(sending) { try await self.attempt(sending, in: context, $0) }
    }

    private func account(of channel: SealedChannel) throws -> (any Adapter, ChannelContext) {
        guard let name = AdapterName(rawValue: channel.adapter), let adapter = self.adapters[name] else {
            throw AdapterError(.badExpression, "no adapter named \(channel.adapter)")
        }
        return (adapter, try self.open(channel))
    }

    /// One part, from the gate to the provider's answer.
    private func attempt(_ sending: Sending, in context: JobContext, _ exchange: Exchange) async throws -> Settled {
        let delivery = sending.delivery
        let limits = delivery.channel.policy.limits(over: sending.adapter.limits)
        switch try await self.gate.admit(delivery, limits: limits) {
        case .wait(let wait):
            return ([], .later(self.pacer.wait(for: delivery.channel.id, atLeast: wait, gap: .seconds(limits.gap))))
        case .go(let wait): if wait > .zero { try? await Task.sleep(for: wait) }
        }
        guard !context.isStopping, !Task.isCancelled else { return ([], .later(.zero)) }

        let attempt = AttemptMemory.Attempt(delivery: delivery.message.delivery, number: delivery.attempts + 1)
        do {
            try await context.commit(
                DeliveryStatements.begin(
                    delivery,
                    number: attempt.number,
                    part: sending.part,
                    isStep: sending.isStep,
                    worker: context.worker,
                    epoch: context.epochs[sending.job.lane] ?? 0
                )
            )
        } catch {
            self.memory.remember(.neverLeft, of: attempt)
            throw error
        }
        let start = ContinuousClock.now
        let result = await exchange()
        self.count(result, of: sending.adapter.name, took: .now - start)
        self.memory.remember(.ended(result), of: attempt)
        let decision = self.decide(result.outcome, of: delivery, attempts: attempt.number, partsLeft: sending.partsLeft)
        self.places.note(decision.health, of: delivery.channel.id)
        do {
            try await self.gate.report(decision, of: delivery)
        } catch {
            // The next failure tells the same; the outcome itself must not get lost for it.
            self.logger.warning("breaker and budget not updated", metadata: ["error": "\(error)"])
        }
        return self.record(
            result,
            decision,
            number: attempt.number,
            part: sending.part,
            of: delivery,
            degradations: sending.rendering.degradations
        )
    }
}

extension Courier {
    private func count(_ result: SendResult, of adapter: AdapterName, took duration: Duration) {
        let labels = ["adapter": adapter.rawValue, "outcome": result.outcome.attempt.rawValue]
        self.metrics.counter("parley_sends_total", "Requests to providers, by how they ended.", labels).add()
        self.metrics.histogram("parley_send_seconds", "How long providers took to answer.", ["adapter": adapter.rawValue]).record(duration)
    }
}

extension OutboundMessage {
    /// What its stored files weigh at most, when no more than `limit` are read.
    fileprivate func fileBytes(upTo limit: Int) -> Int {
        self.body.media.lazy.filter { $0.attachment != nil }.reduce(0) { weight, media in
            min(weight + (media.size.map { Int(min($0, Int64(limit))) } ?? limit), limit)
        }
    }
}

/// One part about to leave.
struct Sending: Sendable {
    var delivery: LoadedDelivery
    var rendering: Rendering
    var adapter: any Adapter
    var account: ChannelContext
    var job: Job

    /// 1 for the first.
    var part: Int { self.delivery.partsSent + 1 }
    var partsLeft: Int { self.rendering.parts.count - self.part }
    /// Comes before the message: see `ProviderRequest.step`.
    var isStep: Bool { if case .step = self.request { true } else { false } }
    var request: ProviderRequest { self.rendering.parts[self.part - 1] }
}
