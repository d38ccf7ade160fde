internal import CJq
internal import Foundation
internal import Parley

/// One thread of the engine, with the programs it compiled: libjq's states must stay on the thread that made them.
final class ExpressionThread: @unchecked Sendable {
    private struct Run {
        var job: EngineJob?
        var clock: clockid_t = 0
        var startedAt: Duration = .zero
        var isOver = false
        var isLost = false
        /// The state that runs a program now and may be halted.
        var state: OpaquePointer?
    }
    private struct Compiled {
        weak var set: ExpressionSet?
        var machine: JqMachine
    }

    /// Bytes of one result, and of all that one evaluation yields: a batch of many messages is no single large one.
    static let maxResult = 1_000_000
    static let maxResults = 8_000_000

    private let current = Monitor(Run())
    private var compiled: [ObjectIdentifier: Compiled] = [:]  // touched by this thread only

    /// Takes jobs until the engine is closed or this thread was given up.
    func run(on state: Monitor<EngineState>) {
        var clock: clockid_t = 0
        pthread_getcpuclockid(pthread_self(), &clock)
        self.current.withLock { $0.clock = clock }
        while let job = state.wait({ $0.isClosed ? .some(nil) : $0.waiting.isEmpty ? nil : .some($0.waiting.removeFirst()) }) {
            self.current.withLock {
                $0.job = job
                $0.startedAt = Self.now($0.clock)
                $0.isOver = false
            }
            let deliver = job.perform(self)
            let isLost = self.current.withLock {
                $0.job = nil
                return $0.isLost
            }
            guard !isLost else {
                state.withLock { state in if let index = state.lost.firstIndex(of: job.owner) { state.lost.remove(at: index) } }
                return
            }
            deliver()
        }
        state.withLock { $0.threads.removeAll { $0 === self } }
    }

    /// Halts the job when it is over its budget. Returns it when it did not heed and the thread is to be given up.
    func check(budget: Duration, patience: Duration) -> EngineJob? {
        self.current.withLock { run in
            guard let job = run.job, !run.isLost else { return nil }
            let spent = Self.now(run.clock) - run.startedAt
            guard spent > budget else { return nil }
            if let state = run.state, !run.isOver { jq_halt(state, jv_invalid(), jv_invalid()) }
            run.isOver = true
            run.isLost = spent > patience
            return run.isLost ? job : nil
        }
    }

    /// The results of an expression, at most `limit`.
    func results(
        of expression: Expression,
        in set: ExpressionSet,
        on input: borrowing JqValue,
        limit: Int
    ) throws(ExpressionFailure) -> [JSON] {
        let machine = try self.machine(for: set, expression)
        machine.start(expression, on: input)
        let mayRun = self.current.withLock { run in
            run.state = run.isOver ? nil : machine.state
            return !run.isOver
        }
        guard mayRun else { throw .budgetExceeded(expression) }
        defer { self.current.withLock { $0.state = nil } }
        var results: [JSON] = []
        var left = Self.maxResults
        while let value = try machine.next(expression) {
            guard results.count < limit else { throw .tooMany(expression) }
            let most = min(Self.maxResult, left)
            var budget = most
            do { results.append(try value.json(budget: &budget)) } catch { throw .tooLarge(expression) }
            left -= most - budget
        }
        return results
    }

    private func machine(for set: ExpressionSet, _ expression: Expression) throws(ExpressionFailure) -> JqMachine {
        let key = ObjectIdentifier(set)
        if let compiled = self.compiled[key], compiled.set != nil { return compiled.machine }
        self.compiled = self.compiled.filter { $0.value.set != nil }
        do {
            let machine = try JqMachine(set.program)
            self.compiled[key] = Compiled(set: set, machine: machine)
            return machine
        } catch {
            throw .raised(expression, message: "does not compile")
        }
    }

    private static func now(_ clock: clockid_t) -> Duration {
        var time = timespec()
        clock_gettime(clock, &time)
        return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
    }
}
