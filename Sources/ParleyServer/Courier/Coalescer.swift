/// Joins calls that wait at the same moment into one: while a batch is under way the next one gathers.
actor Coalescer<Input: Sendable, Output: Sendable> {
    private let limit: Int
    private let work: @Sendable ([Input]) async throws -> [Output]
    private var waiting: [(input: Input, continuation: CheckedContinuation<Output, any Error>)] = []
    private var isRunning = false

    /// - Parameters:
    ///   - limit: the most inputs of one batch.
    ///   - work: answers a batch, one output for each input, in order.
    init(limit: Int, work: @escaping @Sendable ([Input]) async throws -> [Output]) {
        self.limit = limit
        self.work = work
    }

    func callAsFunction(_ input: Input) async throws -> Output {
        try await withCheckedThrowingContinuation { continuation in
            self.waiting.append((input, continuation))
            guard !self.isRunning else { return }
            self.isRunning = true
            Task { await self.drain() }
        }
    }

    private func drain() async {
        while !self.waiting.isEmpty {
            let batch = self.waiting.prefix(self.limit)
            self.waiting.removeFirst(batch.count)
            do {
                let outputs = try await self.work(batch.map(\.input))
                precondition(outputs.count == batch.count, "one output for each input")
                for (call, output) in zip(batch, outputs) { call.continuation.resume(returning: output) }
            } catch {
                for call in batch { call.continuation.resume(throwing: error) }
            }
        }
        self.isRunning = false
    }
}
