import Synchronization

/// The bytes of mail that all sessions of a server together may hold.
package final class MemoryBudget: Sendable {
    private let left: Atomic<Int>

    package init(bytes: Int) { self.left = Atomic(bytes) }

    /// False when there is not that much left; nothing is taken then.
    func take(_ bytes: Int) -> Bool {
        guard self.left.wrappingSubtract(bytes, ordering: .relaxed).newValue >= 0 else {
            self.give(bytes)
            return false
        }
        return true
    }

    func give(_ bytes: Int) { self.left.wrappingAdd(bytes, ordering: .relaxed) }

    package var available: Int { self.left.load(ordering: .relaxed) }
}
