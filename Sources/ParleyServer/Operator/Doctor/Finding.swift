/// One thing the doctor looked at, and what it found.
package struct Finding: Hashable, Sendable {
    package enum Level: String, Hashable, Sendable {
        case ok
        /// Works, and will not for long, or not as it should.
        case warning
        /// Does not work, or a promise is broken.
        case problem
    }
    package var name: String
    package var level: Level
    /// What was seen, and, when it is not well, what to do.
    package var detail: String
}
