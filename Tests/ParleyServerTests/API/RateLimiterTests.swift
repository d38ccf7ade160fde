import Testing

@testable import ParleyServer

@Suite struct RateLimiterTests {
    @Test func `a bucket gives its burst, then what comes back each second, and none of it to others`() throws {
        let limiter = RateLimiter(RateLimiter.Rule(perSecond: 10, burst: 3))
        let now = ContinuousClock.now
        #expect((0..<3).allSatisfy { _ in limiter.take("a", at: now) == nil })
        let wait = try #require(limiter.take("a", at: now))
        #expect(limiter.wait("a", at: now) == wait)
        #expect(abs(wait - 0.1) < 0.001)
        #expect(limiter.wait("b", at: now) == nil)
        #expect(limiter.take("b", at: now) == nil)
        #expect(limiter.take("a", at: now + .milliseconds(101)) == nil)
        #expect(limiter.take("a", at: now + .milliseconds(102)) != nil)
    }
}
