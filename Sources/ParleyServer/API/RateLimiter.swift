import Foundation
import HTTPTypes
import Synchronization

/// Token buckets of this process, one for each subject: a key, a workspace, an address that tries keys.
final class RateLimiter: Sendable {
    struct Rule: Sendable {
        /// Tokens that come back each second.
        var perSecond: Double
        /// The most that can be saved up.
        var burst: Double
    }
    private struct Bucket {
        var tokens: Double
        var at: ContinuousClock.Instant
    }
    let rule: Rule
    private let buckets = Mutex<[String: Bucket]>([:])
    private static let capacity = 100_000

    init(_ rule: Rule) { self.rule = rule }

    /// Takes a token. Nil when there was one; else the seconds until there is.
    func take(_ subject: String, at now: ContinuousClock.Instant = .now) -> Double? {
        self.buckets.withLock { buckets in
            if buckets.count > Self.capacity {  // those that are full again say no more than none would
                buckets = buckets.filter { self.filled($0.value, at: now) < self.rule.burst }
            }
            let tokens = self.filled(buckets[subject], at: now)
            guard tokens >= 1 else { return self.wait(for: tokens) }
            buckets[subject] = Bucket(tokens: tokens - 1, at: now)
            return nil
        }
    }

    /// What `take` would say, without taking.
    func wait(_ subject: String, at now: ContinuousClock.Instant = .now) -> Double? {
        let tokens = self.buckets.withLock { self.filled($0[subject], at: now) }
        return tokens >= 1 ? nil : self.wait(for: tokens)
    }

    private func wait(for tokens: Double) -> Double { (1 - tokens) / self.rule.perSecond }

    private func filled(_ bucket: Bucket?, at now: ContinuousClock.Instant) -> Double {
        guard let bucket else { return self.rule.burst }
        return min(self.rule.burst, bucket.tokens + (now - bucket.at) / .seconds(1) * self.rule.perSecond)
    }
}

extension Problem {
    /// Source: draft-ietf-httpapi-ratelimit-headers; RFC 9110 section 10.2.3 for Retry-After.
    static func tooManyRequests(_ rule: RateLimiter.Rule, retryAfter seconds: Double) -> Problem {
        let wait = max(1, Int(seconds.rounded(.up)))
        return Problem(
            429,
            "rate_limited",
            "Too many requests",
            detail: "Try again in \(wait) s.",
            headers: [
                .retryAfter: String(wait), HTTPField.Name("RateLimit-Limit")!: String(Int(rule.burst)),
                HTTPField.Name("RateLimit-Remaining")!: "0", HTTPField.Name("RateLimit-Reset")!: String(wait),
            ]
        )
    }
}
