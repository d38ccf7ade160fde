import Synchronization

/// A number that several tasks raise.
final class Counter: Sendable {
    private let count = Atomic(0)
    var value: Int { self.count.load(ordering: .sequentiallyConsistent) }
    @discardableResult func increment() -> Int { self.count.add(1, ordering: .sequentiallyConsistent).newValue }
}
