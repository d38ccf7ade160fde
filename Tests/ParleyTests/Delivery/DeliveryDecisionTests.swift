import Parley
import TestSupport
import Testing

@Suite struct DeliveryDecisionTests {
    private static let fresh = DeliverySoFar(age: .seconds(10), failures: 0, attempts: 1, unknowns: 0, partsLeft: 0)

    private func decide(_ outcome: SendOutcome, of delivery: DeliverySoFar = Self.fresh, policy: ChannelPolicy = ChannelPolicy())
        -> DeliveryDecision
    {
        var random = SeededGenerator(seed: 7)
        return DeliveryDecision.after(outcome, of: delivery, policy: policy, using: &random)
    }

    @Test func `is done when the provider has the last part, and goes on when it has another`() {
        #expect(self.decide(.accepted(externalID: "SM1")) == DeliveryDecision(state: .accepted, next: .done, health: .success))
        var first = Self.fresh
        first.partsLeft = 2
        #expect(
            self.decide(.accepted(externalID: "SM1"), of: first) == DeliveryDecision(state: .sending, next: .nextPart, health: .success)
        )
    }

    @Test(arguments: [(1, 1), (3_600, 3_600), (1e99, 3_600), (0, 1), (90_000, 3_600), (0.25, 1), (12.5, 12.5)] as [(Double, Double)])
    func `obeys Retry-After within bounds`(asked: Double, seconds: Double) {
        let wait = Duration.milliseconds(Int64(seconds * 1_000))
        #expect(self.decide(.retry(reason: .throttled, after: asked)).next == .later(wait))
        #expect(self.decide(.retry(reason: .throttled, after: asked)).pause == wait)
        #expect(self.decide(.retry(reason: .failing, after: asked)).next == .retry(wait))
    }

    @Test(arguments: [-1, .nan, .infinity, -.infinity, nil] as [Double?])
    func `keeps to the schedule when Retry-After is junk`(asked: Double?) {
        guard case .retry(let wait) = self.decide(.retry(reason: .failing, after: asked)).next else { return #expect(Bool(false)) }
        #expect(wait >= .seconds(1) && wait <= .seconds(2))
    }

    @Test func `waits longer with each failure, a quarter of an hour at most`() {
        for failures in 0..<20 {
            var delivery = Self.fresh
            delivery.failures = failures
            guard case .retry(let wait) = self.decide(.retry(reason: .unreachable, after: nil), of: delivery).next else {
                return #expect(Bool(false))
            }
            #expect(wait >= .seconds(1) && wait <= min(.seconds(2) * (1 << failures), .seconds(900)))
        }
    }

    @Test func `fails when it was tried too often or waited too long`() {
        var often = Self.fresh
        often.attempts = DeliveryLimits().attempts
        var old = Self.fresh
        old.age = .seconds(24 * 3_600)
        for delivery in [often, old] {
            let decision = self.decide(.retry(reason: .failing, after: nil), of: delivery)
            #expect(decision == DeliveryDecision(state: .failed, reason: .expired, next: .fail, health: .failure))
        }
        #expect(self.decide(.retry(reason: .throttled, after: 1), of: old).next == .fail)
        #expect(self.decide(.retry(reason: .throttled, after: 1), of: often).next == .fail)
    }

    @Test func `a channel that is patient goes on for days, with waits that grow with its patience`() {
        var old = Self.fresh
        old.age = .seconds(4 * 86_400)
        old.failures = 30
        let mail = ChannelPolicy(giveUpAfterHours: 120)
        guard case .retry(let wait) = self.decide(.retry(reason: .failing, after: nil), of: old, policy: mail).next else {
            return #expect(Bool(false))
        }
        #expect(wait <= .seconds(4_500))
        old.age = .seconds(5 * 86_400)
        #expect(self.decide(.retry(reason: .failing, after: nil), of: old, policy: mail).next == .fail)
    }

    @Test(arguments: [
        (RefusalReason.invalidRecipient, DeliveryReason.invalidRecipient, Breaker.Report.success),
        (.contactStopped, .contactStopped, .success),
        (.credentials, .credentials, .failure), (.content, .content, .success), (.policy, .policy, .success),
        (.rejected, .rejected, .success),
    ])
    func `ends what the provider refused`(refusal: RefusalReason, reason: DeliveryReason, health: Breaker.Report) {
        let decision = self.decide(.refused(reason: refusal, code: "1", detail: ""))
        #expect(decision == DeliveryDecision(state: .failed, reason: reason, next: .fail, health: health))
    }

    @Test func `holds what may have arrived, and lets it go by itself only where the channel says so`() {
        let lost = SendOutcome.ambiguous(reason: "timeout")
        #expect(self.decide(lost).next == .hold(nil))
        #expect(self.decide(lost).state == .held)
        #expect(self.decide(lost, policy: ChannelPolicy(retryHeldAfter: 600)).next == .hold(.seconds(600)))
    }

    @Test func `resends what may have arrived where the channel says so, three times at most`() {
        let policy = ChannelPolicy(unknown: .retry)
        var delivery = Self.fresh
        for unknowns in 0..<3 {
            delivery.unknowns = unknowns
            let decision = self.decide(.ambiguous(reason: "timeout"), of: delivery, policy: policy)
            #expect(decision.state == .unknown)
            guard case .retry = decision.next else { return #expect(Bool(false)) }
        }
        delivery.unknowns = 3
        #expect(self.decide(.ambiguous(reason: "timeout"), of: delivery, policy: policy).next == .hold(nil))
    }
}
