import HummingbirdCore
import NIOCore
import Parley

/// A body that is coming in. It takes of the memory that all bodies share only what has really arrived: to announce much costs nobody
/// anything.
final class BodyIntake {
    private let budget: MemoryBudget
    private var reserved = 0

    init(budget: MemoryBudget) { self.budget = budget }

    /// - Throws: `Problem` when all bodies together are too large; what reading throws.
    func collect(_ body: RequestBody, upTo limit: Int) async throws -> [UInt8] {
        var bytes: [UInt8] = []
        for try await piece in body {
            // The guard bounded the body already; this is the net under it.
            guard bytes.count + piece.readableBytes <= limit else { throw Problem.bodyTooLarge }
            guard self.budget.take(piece.readableBytes) else {
                throw Problem.unavailable("busy", retryAfter: 5)
            }
            self.reserved += piece.readableBytes
            bytes.append(contentsOf: piece.readableBytesView)
        }
        return bytes
    }

    func release() {
        self.budget.give(self.reserved)
        self.reserved = 0
    }
}
