/// One piece of work for an engine thread.
struct EngineJob: Sendable {
    let owner: ExpressionOwner
    /// Does the work and gives back what delivers its result.
    let perform: @Sendable (ExpressionThread) -> (() -> Void)
    /// Tells the caller that its result will never come.
    let abandon: @Sendable () -> Void

    init(
        owner: ExpressionOwner,
        perform: @escaping @Sendable (ExpressionThread) -> (() -> Void),
        abandon: @escaping @Sendable () -> Void
    ) {
        self.owner = owner
        self.perform = perform
        self.abandon = abandon
    }
}
