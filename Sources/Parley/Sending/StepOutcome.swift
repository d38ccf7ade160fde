/// What became of a request that comes before a message, such as the upload of a file.
package enum StepOutcome: Hashable, Sendable {
    /// What the next request needs to know of it.
    case done(JSON)
    case failed(SendOutcome)
}
