/// What was waited for did not come.
package struct TimeOut: Error {}

/// Waits until `condition` holds, looking again every few milliseconds: for what nothing tells us of, such as a row or another session's lock.
///
/// - Throws: `TimeOut`, and what `condition` throws.
package func eventually(within limit: Duration = .seconds(60), _ condition: () async throws -> Bool) async throws {
    let end = ContinuousClock.now + limit
    while try await !condition() {
        guard ContinuousClock.now < end else { throw TimeOut() }
        try await Task.sleep(for: .milliseconds(5))
    }
}
