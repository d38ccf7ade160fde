internal import Foundation

/// A value behind a lock, with a bell for threads that wait until it changes. Tasks only ever take the lock for a few instructions.
final class Monitor<Value>: @unchecked Sendable {
    enum Bell { case silent, one, all }

    private let condition = NSCondition()
    private var value: Value

    init(_ value: sending Value) { self.value = value }

    func withLock<Result>(ringing bell: Bell = .silent, _ body: (inout Value) -> Result) -> Result {
        self.condition.lock()
        defer {
            switch bell {
            case .silent: break
            case .one: self.condition.signal()
            case .all: self.condition.broadcast()
            }
            self.condition.unlock()
        }
        return body(&self.value)
    }

    /// Waits until `body` gives a result.
    func wait<Result>(_ body: (inout Value) -> Result?) -> Result {
        self.condition.lock()
        defer { self.condition.unlock() }
        while true {
            if let result = body(&self.value) { return result }
            self.condition.wait()
        }
    }
}
