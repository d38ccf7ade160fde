import Synchronization

/// The bytes that all connections of a listener together may hold of what they are being sent.
package final class MemoryBudget: Sendable {
    private let left: Atomic<Int>

    package init(bytes: Int) { self.left = Atomic(bytes) }

    /// False when there is not that much left; nothing is taken then.
    package func take(_ bytes: Int) -> Bool {
        guard self.left.wrappingSubtract(bytes, ordering: .relaxed).newValue >= 0 else {
            self.give(bytes)
            return false
        }
        return true
    }

    package func give(_ bytes: Int) { self.left.wrappingAdd(bytes, ordering: .relaxed) }

    package var available: Int { self.left.load(ordering: .relaxed) }
}
