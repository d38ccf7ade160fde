/// What the engine's threads share.
struct EngineState {
    private struct Penalty {
        var strikes: Int
        var until: ContinuousClock.Instant
    }

    let settings: ExpressionEngine.Settings
    var waiting: [EngineJob] = []
    var threads: [ExpressionThread] = []
    /// Whose work took a thread with it that is not back yet.
    var lost: [ExpressionOwner] = []
    var isClosed = false
    private var penalties: [ExpressionOwner: Penalty] = [:]

    init(settings: ExpressionEngine.Settings) { self.settings = settings }

    /// Why `owner` may not run now; nil when it may.
    func refusal(of owner: ExpressionOwner, at now: ContinuousClock.Instant) -> String? {
        if self.lost.contains(owner) { return "an earlier expression of this channel has not ended" }
        if self.lost.count(where: { $0.adapter == owner.adapter && $0.isReceiving == owner.isReceiving }) >= self.settings.maxLost {
            return "earlier expressions of this adapter have not ended"
        }
        guard let penalty = self.penalties[owner], now < penalty.until else { return nil }
        return "this channel's expressions ran over their budget again and again; it is paused"
    }

    /// The first time over is free; from the second in a row on, the owner pauses half a second, then twice as long each time, a minute at most.
    mutating func note(_ owner: ExpressionOwner, isOver: Bool, at now: ContinuousClock.Instant) {
        guard isOver else {
            if self.penalties[owner] != nil { self.penalties[owner] = nil }
            return
        }
        let strikes = min((self.penalties[owner]?.strikes ?? 0) + 1, 10)
        let pause: Duration = strikes < 2 ? .zero : min(.seconds(60), .milliseconds(500) * (1 << (strikes - 2)))
        self.penalties[owner] = Penalty(strikes: strikes, until: now + pause)
    }
}
