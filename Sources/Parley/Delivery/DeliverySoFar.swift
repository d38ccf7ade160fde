/// What is known of a delivery at the moment one of its parts was tried, or should have been.
package struct DeliverySoFar: Hashable, Sendable {
    /// Since the message was accepted, by the database's clock.
    package var age: Duration
    /// Tries that failed before this one, throttled ones not counted.
    package var failures: Int
    /// Tries of any outcome, this one included.
    package var attempts: Int
    /// Earlier tries whose outcome nobody knows.
    package var unknowns: Int
    /// Parts behind this one that still have to leave.
    package var partsLeft: Int

    package init(age: Duration, failures: Int, attempts: Int, unknowns: Int, partsLeft: Int) {
        self.age = age
        self.failures = failures
        self.attempts = attempts
        self.unknowns = unknowns
        self.partsLeft = partsLeft
    }
}
