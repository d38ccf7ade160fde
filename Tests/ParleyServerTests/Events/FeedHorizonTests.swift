import Testing

@testable import ParleyServer

@Suite struct FeedHorizonTests {
    @Test func `takes everything at once while nobody older runs`() {
        var horizon = FeedHorizon()
        #expect(horizon.look(.init(last: 7, bound: 100, xmin: 100)) == 7)
        #expect(!horizon.isWaiting)
    }

    @Test func `waits for whoever ran when an id was taken, and for nobody later`() {
        var horizon = FeedHorizon()
        #expect(horizon.look(.init(last: 7, bound: 100, xmin: 98)) == nil)
        #expect(horizon.isWaiting)
        #expect(horizon.look(.init(last: 9, bound: 104, xmin: 99)) == nil)
        #expect(horizon.look(.init(last: 12, bound: 110, xmin: 100)) == 7)
        #expect(horizon.isWaiting)  // for 12 now
        #expect(horizon.look(.init(last: 12, bound: 111, xmin: 110)) == 12)
        #expect(!horizon.isWaiting)
    }

    @Test func `does not wait when nothing new was taken`() {
        var horizon = FeedHorizon()
        _ = horizon.look(.init(last: 7, bound: 100, xmin: 100))
        #expect(horizon.look(.init(last: 7, bound: nil, xmin: 90)) == 7)
        #expect(!horizon.isWaiting)
    }
}
