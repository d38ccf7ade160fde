import Synchronization

/// How many more may run side by side.
final class Places: Sendable {
    private let count: Mutex<Int>
    init(_ count: Int) { self.count = Mutex(count) }
    var free: Int { self.count.withLock { $0 } }
    func take() { self.count.withLock { $0 -= 1 } }
    func giveBack() { self.count.withLock { $0 += 1 } }
}
