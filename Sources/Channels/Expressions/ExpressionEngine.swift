internal import Foundation
internal import Parley

/// Runs the expressions of adapters on a few threads of its own, within a budget of processor time.
///
/// A run over its budget is halted. One that cannot be halted because it sits in a single long C call loses its thread: its caller gets
/// `budget_exceeded`, another thread takes the place, and until the lost one comes back its owner is refused. An owner that runs over again
/// and again is refused for longer and longer, so that one bad channel cannot take the threads from the others.
///
/// The budget is processor time, not the clock's: a busy machine must not make a good program look bad.
package final class ExpressionEngine: Sendable {
    package struct Settings: Sendable {
        package var threads = max(2, ProcessInfo.processInfo.activeProcessorCount)
        /// Processor time for one piece of work.
        package var budget: Duration = .milliseconds(250)
        /// Processor time after which a thread that did not heed the halt is given up.
        package var patience: Duration = .milliseconds(500)
        /// How many threads one adapter may have lost at a time.
        package var maxLost = 2
        package init() {}
    }

    package static let shared = ExpressionEngine(Settings())

    /// How often the threads are looked at.
    private static let interval = 0.05

    private let state: Monitor<EngineState>

    package init(_ settings: Settings) {
        let state = Monitor(EngineState(settings: settings))
        self.state = state
        for _ in 0..<settings.threads { Self.addThread(to: state) }
        Thread.detached(name: "expr-watch", stackSize: 1 << 20) {
            while Self.watch(state, settings) { Thread.sleep(forTimeInterval: Self.interval) }
        }
    }

    deinit { self.state.withLock(ringing: .all) { $0.isClosed = true } }

    /// Runs `work` on an engine thread.
    ///
    /// - Parameter owner: who is degraded when the work runs over its budget.
    /// - Throws: what `work` throws; `.budgetExceeded` when it ran over, or its owner may not run now.
    func run<Value: Sendable>(
        for owner: ExpressionOwner,
        _ work: @escaping @Sendable (ExpressionThread) throws(AdapterError) -> Value
    ) async throws(AdapterError) -> Value {
        if let refusal = self.state.withLock({ $0.refusal(of: owner, at: .now) }) { throw AdapterError(.budgetExceeded, refusal) }
        let result: Result<Value, AdapterError> = await withCheckedContinuation { continuation in
            let job = EngineJob(owner: owner) { thread in
                let result = Result { () throws(AdapterError) in try work(thread) }
                return { continuation.resume(returning: result) }
            } abandon: {
                continuation.resume(returning: .failure(AdapterError(.budgetExceeded, "a call inside an expression did not end")))
            }
            self.state.withLock(ringing: .one) { $0.waiting.append(job) }
        }
        let isOver = if case .failure(let error) = result { error.code == .budgetExceeded } else { false }
        self.state.withLock { $0.note(owner, isOver: isOver, at: .now) }
        return try result.get()
    }

    private static func addThread(to state: Monitor<EngineState>) {
        let thread = ExpressionThread()
        state.withLock { $0.threads.append(thread) }
        // jq's own recursion over deeply nested values needs room; only what is touched is memory.
        Thread.detached(name: "expr", stackSize: 256 << 20) { thread.run(on: state) }
    }

    /// Looks once at every thread; false when the engine is closed.
    private static func watch(_ state: Monitor<EngineState>, _ settings: Settings) -> Bool {
        let (threads, isClosed) = state.withLock { ($0.threads, $0.isClosed) }
        for thread in threads {
            guard let job = thread.check(budget: settings.budget, patience: settings.patience) else { continue }
            state.withLock {
                $0.threads.removeAll { $0 === thread }
                $0.lost.append(job.owner)
            }
            job.abandon()
            Self.addThread(to: state)
        }
        return !isClosed
    }
}

extension Thread {
    fileprivate static func detached(name: String, stackSize: Int, _ body: @escaping @Sendable () -> Void) {
        let thread = Thread(block: body)
        thread.name = name
        thread.stackSize = stackSize
        thread.start()
    }
}
