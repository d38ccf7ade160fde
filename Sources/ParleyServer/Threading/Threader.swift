import Foundation
import Parley
package import Postgres
package import Queue

/// Works the inbox in sets: one look-up, one plan, one commit, whatever the number of messages.
package struct Threader: JobHandler {
    private let pool: Pool
    private let receipts = DeliveryReceipts()
    private let counters: [Outcome: Counter]

    /// What can become of an event: the label of `parley_threaded_events_total`.
    enum Outcome: String, CaseIterable {
        case message, change, interaction, receipt, duplicate, deferred, orphan, refused
    }

    package init(pool: Pool, metrics: Metrics) {
        self.pool = pool
        self.counters = Dictionary(
            uniqueKeysWithValues: Outcome.allCases.map { outcome in
                let labels = ["outcome": outcome.rawValue]
                return (outcome, metrics.counter("parley_threaded_events_total", "Events the threader planned, by outcome.", labels))
            }
        )
    }

    /// - Throws: what the look-up throws; nothing is written then, and the queue tries again.
    package func handle(_ jobs: [Job], in context: JobContext) async throws -> Handled {
        var verdicts: [Int64: Verdict] = [:]
        var items: [ThreadingItem] = []
        for job in jobs {
            do {
                items += try job.threadingItems
                verdicts[job.id] = .done
            } catch {
                // The same bytes would read no better another time. The error may quote them, so it is not told.
                verdicts[job.id] = .dead(reason: "unreadable_payload")
            }
        }
        let lookup = ThreadingLookup(items)
        let known = try lookup.knowledge(from: try await self.pool.pipeline(in: .all, lookup.statements))
        var ids = MomentIDs()
        let plan = ThreadingPlan.make(for: items, knowing: known, ids: &ids)
        for (job, reason) in plan.refusals { verdicts[job] = .dead(reason: reason) }
        self.count(plan)
        let postponed = Self.postponed(plan.deferrals, from: jobs)
        return Handled(
            statements: plan.statements + self.receipts.statements(for: plan.receipts) + JobDraft.insertion(postponed),
            verdicts: verdicts
        )
    }

    /// A change that overtook its message waits in a job of its own, so that it holds up nothing: 5 s, 10 s, 20 s, … about ten minutes in all,
    /// for as long as providers repeat what was not acknowledged at once. Counted from the job's own moment, which is the database's.
    private static func postponed(_ items: [ThreadingItem], from jobs: [Job]) -> [JobDraft] {
        let moments = Dictionary(jobs.map { ($0.id, $0.createdAt) }) { first, _ in first }
        return items.map { item in
            let payload = InboxPayload(
                channel: item.channel,
                request: item.request,
                receivedAt: item.receivedAt,
                events: [item.event],
                deferrals: item.deferrals + 1
            )
            return JobDraft(
                queue: .inbox,
                key: "\(item.channel)/message:\(item.event.subject ?? "")",
                workspace: item.workspace.uuid,
                payload: payload.bytes,
                runAt: moments[item.job]?.addingTimeInterval(5 * pow(2, Double(item.deferrals)))
            )
        }
    }

    private func count(_ plan: ThreadingPlan) {
        for outcome in Outcome.allCases {
            let amount =
                switch outcome {
                case .message: plan.messages.count
                case .change: plan.revisions.count
                case .interaction: plan.interactions.count
                case .receipt: plan.receipts.count
                case .duplicate: plan.duplicates
                case .deferred: plan.deferrals.count
                case .orphan: plan.orphans
                case .refused: plan.refusals.count
                }
            if amount > 0 { self.counters[outcome]?.add(amount) }
        }
    }
}

extension Job {
    fileprivate var threadingItems: [ThreadingItem] {
        get throws {
            let payload = try InboxPayload(bytes: self.payload)
            return payload.events.map { event in
                ThreadingItem(
                    job: self.id,
                    workspace: WorkspaceID(self.workspace),
                    channel: payload.channel,
                    event: event,
                    request: payload.request,
                    receivedAt: payload.receivedAt,
                    deferrals: payload.deferrals ?? 0
                )
            }
        }
    }
}
