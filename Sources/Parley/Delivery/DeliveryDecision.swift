/// What becomes of a delivery after one try.
package struct DeliveryDecision: Hashable, Sendable {
    package enum Next: Hashable, Sendable {
        /// The provider has all of it.
        case done
        /// This part is taken, the next may leave.
        case nextPart
        /// Failed; again after this wait.
        case retry(Duration)
        /// Not a failure, only not now.
        case later(Duration)
        /// Until a person releases it, or by itself after this wait where the channel's policy allows.
        case hold(Duration?)
        case fail
    }

    package var state: DeliveryState
    package var reason: DeliveryReason?
    package var next: Next
    /// What the channel's breaker learns of it; nil when the try says nothing about the provider's health.
    package var health: Breaker.Report?
    /// How long the whole channel waits, because the provider said so.
    package var pause: Duration?

    package init(
        state: DeliveryState,
        reason: DeliveryReason? = nil,
        next: Next,
        health: Breaker.Report? = nil,
        pause: Duration? = nil
    ) {
        self.state = state
        self.reason = reason
        self.next = next
        self.health = health
        self.pause = pause
    }

    /// Decides after the provider answered, or did not.
    package static func after(
        _ outcome: SendOutcome,
        of delivery: DeliverySoFar,
        policy: ChannelPolicy,
        limits: DeliveryLimits = DeliveryLimits(),
        using random: inout some RandomNumberGenerator
    ) -> DeliveryDecision {
        switch outcome {
        case .accepted:
            let isWhole = delivery.partsLeft == 0
            return DeliveryDecision(state: isWhole ? .accepted : .sending, next: isWhole ? .done : .nextPart, health: .success)
        case .refused(let reason, _, _):
            // Refused by a healthy provider; with bad credentials every message is, so the breaker saves the rest.
            let health: Breaker.Report = reason == .credentials ? .failure : .success
            return DeliveryDecision(state: .failed, reason: DeliveryReason(reason), next: .fail, health: health)
        case .retry(.throttled, let after):
            let wait =
                RetryAfter.bounded(after, within: limits.retryAfter)
                ?? limits.wait(failures: delivery.attempts, within: policy.patience, using: &random)
            guard delivery.age + wait < policy.patience, delivery.attempts < limits.attempts else { return .expired }
            return DeliveryDecision(state: .sending, reason: .throttled, next: .later(wait), pause: wait)
        case .retry(let reason, let after):
            let wait =
                RetryAfter.bounded(after, within: limits.retryAfter)
                ?? limits.wait(failures: delivery.failures, within: policy.patience, using: &random)
            guard delivery.age + wait < policy.patience, delivery.attempts < limits.attempts else {
                return DeliveryDecision(state: .failed, reason: .expired, next: .fail, health: .failure)
            }
            return DeliveryDecision(state: .sending, reason: DeliveryReason(reason), next: .retry(wait), health: .failure)
        case .ambiguous:
            var decision = Self.unknown(delivery, policy: policy, limits: limits, using: &random)
            decision.health = .failure
            return decision
        }
    }

    /// Decides about a try whose outcome nobody knows: the worker died, or the line broke, after the request may have left.
    package static func unknown(
        _ delivery: DeliverySoFar,
        policy: ChannelPolicy,
        limits: DeliveryLimits = DeliveryLimits(),
        using random: inout some RandomNumberGenerator
    ) -> DeliveryDecision {
        if policy.unknown == .retry, delivery.unknowns < limits.unknowns, delivery.age < policy.patience {
            let wait = limits.wait(failures: delivery.failures, within: policy.patience, using: &random)
            return DeliveryDecision(state: .unknown, reason: .outcomeUnknown, next: .retry(wait))
        }
        let release = delivery.unknowns < limits.unknowns ? policy.retryHeldAfter.map { Duration.seconds(max(1, $0)) } : nil
        return DeliveryDecision(state: .held, reason: .outcomeUnknown, next: .hold(release))
    }

    private static let expired = DeliveryDecision(state: .failed, reason: .expired, next: .fail)
}
