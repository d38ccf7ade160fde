/// Ends only when its task is cancelled: what a handler or a producer does that would never end by itself.
///
/// - Throws: `CancellationError`, always.
package func untilCancelled() async throws -> Never {
    let (silence, line) = AsyncStream.makeStream(of: Never.self)
    for await _ in silence {}
    _ = line  // held until here: a stream that nobody can write to has ended
    throw CancellationError()
}
