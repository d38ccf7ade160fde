import Foundation
import Logging
import Parley
import Postgres
import Queue

extension Courier {
    typealias Settled = ([SQL], Verdict)

    func decide(_ outcome: SendOutcome, of delivery: LoadedDelivery, attempts: Int, partsLeft: Int) -> DeliveryDecision {
        var random = SystemRandomNumberGenerator()
        let soFar = delivery.soFar(attempts: attempts, partsLeft: partsLeft)
        return DeliveryDecision.after(outcome, of: soFar, policy: delivery.channel.policy, limits: self.limits, using: &random)
    }

    /// What is written of a try that ended, and what becomes of the job.
    func record(
        _ result: SendResult,
        _ decision: DeliveryDecision,
        number: Int,
        part: Int,
        of delivery: LoadedDelivery,
        degradations: [String] = []
    ) -> Settled {
        var statements = [
            DeliveryStatements.end(
                delivery,
                number: number,
                outcome: result.outcome.attempt,
                httpStatus: result.httpStatus,
                detail: result.detail
            )
        ]
        switch result.outcome {
        case .accepted(let externalID):
            // The delivery first: receipts lock it before its parts, too.
            statements.append(
                DeliveryStatements.move(delivery, to: decision.state, reason: nil, detail: nil, degradations: degradations)
            )
            statements += DeliveryStatements.keep(part: part, externalID: Self.usable(externalID), step: result.step, of: delivery)
            if decision.next == .done { statements.append(Self.aggregation(of: delivery)) }
            if delivery.channel.status == .degraded { statements.append(DeliveryStatements.recover(delivery.channel)) }
        case .refused(let reason, _, _):
            if reason == .contactStopped, let identity = delivery.identity {
                statements.append(DeliveryStatements.stop(identity, in: delivery.workspace))
            }
            if reason == .credentials {
                let why = ["credentials", result.detail].compactMap(\.self).joined(separator: ": ")
                statements.append(DeliveryStatements.degrade(delivery.channel, why: why))
            }
            fallthrough
        case .retry, .ambiguous:
            statements.append(DeliveryStatements.move(delivery, to: decision.state, reason: decision.reason, detail: result.detail))
        }
        if decision.state == .held || decision.state == .failed { self.tell(decision, of: delivery) }
        return (statements, Self.verdict(decision))
    }

    private func tell(_ decision: DeliveryDecision, of delivery: LoadedDelivery) {
        self.logger.notice(
            "a delivery needs a look",
            metadata: [
                "delivery": "\(delivery.message.delivery)", "channel": "\(delivery.channel.id)", "state": "\(decision.state.rawValue)",
                "reason": "\(decision.reason?.rawValue ?? "")",
            ]
        )
    }

    /// All parts have left: what the receipts of the earlier ones said counts now.
    func complete(_ delivery: LoadedDelivery) -> Settled {
        ([DeliveryStatements.move(delivery, to: .accepted, reason: nil, detail: nil), Self.aggregation(of: delivery)], .done)
    }

    private static func aggregation(of delivery: LoadedDelivery) -> SQL {
        ReceiptStatements.aggregate("SELECT \(delivery.workspace.uuid) AS workspace_id, \(delivery.message.delivery.uuid) AS delivery_id")
    }

    /// What a provider names a message by, unless it is nothing the database can keep and a receipt could name.
    private static func usable(_ externalID: String?) -> String? {
        externalID.flatMap { $0.isEmpty || $0.utf8.count > 512 || $0.utf8.contains(0) ? nil : $0 }
    }

    /// A try without an outcome: this worker may remember it; else it may have arrived.
    func settle(_ open: LoadedDelivery.OpenAttempt, of delivery: LoadedDelivery, worker: UUID) -> Settled {
        let known =
            open.worker == worker ? self.memory[AttemptMemory.Attempt(delivery: delivery.message.delivery, number: open.number)] : nil
        switch known {
        // What is kept goes nowhere by itself, so nothing can have arrived.
        case .neverLeft,
            nil where delivery.channel.adapter == Webchat.name.rawValue:
            let never = DeliveryStatements.end(delivery, number: open.number, outcome: .notSent, httpStatus: nil, detail: nil)
            return ([never], .later(.zero))
        case .ended(let result):
            // How many parts are left is asked again when the job comes back; until then this counts as one more to go.
            let decision = self.decide(result.outcome, of: delivery, attempts: open.number, partsLeft: 1)
            return self.record(result, decision, number: open.number, part: open.part, of: delivery)
        case nil where open.isStep:
            let lost = DeliveryStatements.end(delivery, number: open.number, outcome: .notSent, httpStatus: nil, detail: "worker_lost")
            return ([lost], .later(.zero))
        case nil:
            var random = SystemRandomNumberGenerator()
            let soFar = delivery.soFar(attempts: open.number, partsLeft: 0)
            let decision = DeliveryDecision.unknown(soFar, policy: delivery.channel.policy, limits: self.limits, using: &random)
            let lost = SendResult(outcome: .ambiguous(reason: "worker_lost"), httpStatus: nil, detail: "worker_lost")
            return self.record(lost, decision, number: open.number, part: open.part, of: delivery)
        }
    }

    /// The database failed us: nothing was sent, or its outcome is remembered.
    func postpone(_ job: Job, because error: PostgresError) -> Verdict {
        self.logger.warning("a delivery could not be worked on", metadata: ["error": "\(error.code)", "job": "\(job.id)"])
        var random = SystemRandomNumberGenerator()
        return .retry(after: self.limits.wait(failures: job.failures.count, using: &random), reason: "database_\(error.code)")
    }

    /// A failed delivery has no job, unless somebody retried its dead letter.
    func renew(_ delivery: LoadedDelivery, _ payload: OutboxPayload) -> Settled {
        var payload = payload
        payload.delivery = DeliveryID.make()
        return (DeliveryStatements.renew(delivery, as: payload.delivery) + JobDraft.insertion([payload.job()]), .done)
    }

    /// Ends a delivery without another try.
    func give(up delivery: LoadedDelivery, _ reason: DeliveryReason, detail: String? = nil) -> Settled {
        ([DeliveryStatements.move(delivery, to: .failed, reason: reason, detail: detail)], .dead(reason: reason.rawValue))
    }

    /// Not now, and shown why.
    func wait(for wait: Duration, _ delivery: LoadedDelivery, _ reason: DeliveryReason) -> Settled {
        let isShown = delivery.reason == reason
        return (isShown ? [] : [DeliveryStatements.move(delivery, to: delivery.state, reason: reason, detail: nil)], .later(wait))
    }

    /// The adapter failed at its own work before anything left: a new version of it may do better, for a while.
    func adapterFailed(_ error: any Error, _ delivery: LoadedDelivery, _ job: Job) -> Settled {
        let code = (error as? AdapterError)?.code.rawValue ?? "settings_unreadable"
        self.logger.error("adapter failed to render a message", metadata: ["adapter": "\(delivery.channel.adapter)", "error": "\(code)"])
        guard job.attempt < 8 else { return self.give(up: delivery, .adapterFailed, detail: code) }
        return (
            [DeliveryStatements.move(delivery, to: delivery.state, reason: .adapterFailed, detail: code)], .retry(after: nil, reason: code)
        )
    }

    private static func verdict(_ decision: DeliveryDecision) -> Verdict {
        let reason = decision.reason?.rawValue ?? ""
        return switch decision.next {
        case .done: .done
        case .nextPart: .later(.zero)
        case .retry(let wait): .retry(after: wait, reason: reason)
        case .later(let wait): .later(wait)
        case .hold(nil): .hold(reason: reason)
        case .hold(let wait?): .later(wait)
        case .fail: .dead(reason: reason)
        }
    }
}
