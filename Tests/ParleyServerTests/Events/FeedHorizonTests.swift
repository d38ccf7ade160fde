import Testing

@testable import ParleyServer

@Suite struct FeedHorizonTests {
    @Test func `takes everything at once while nothing runs`() {
        var horizon = FeedHorizon()
        #expect(horizon.look(.init(last: 7, xmin: 100, xmax: 100)) == 7)
        #expect(!horizon.isWaiting)
    }

    @Test func `waits for whoever ran when an id was taken, and for nobody later`() {
        var horizon = FeedHorizon()
        #expect(horizon.look(.init(last: 7, xmin: 98, xmax: 100)) == nil)
        #expect(horizon.isWaiting)
        #expect(horizon.look(.init(last: 9, xmin: 99, xmax: 104)) == nil)
        #expect(horizon.look(.init(last: 12, xmin: 100, xmax: 110)) == 7)
        #expect(horizon.isWaiting)  // for 12 now
        #expect(horizon.look(.init(last: 12, xmin: 110, xmax: 111)) == 12)
        #expect(!horizon.isWaiting)
    }

    @Test func `does not wait when nothing new was taken`() {
        var horizon = FeedHorizon()
        _ = horizon.look(.init(last: 7, xmin: 100, xmax: 100))
        #expect(horizon.look(.init(last: 7, xmin: 100, xmax: 102)) == 7)
        #expect(!horizon.isWaiting)
    }
}
