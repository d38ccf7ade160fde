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
    /// What a command ends with when this is its worst problem.
    package var exitCode: Int32 = 1
}

extension Finding {
    /// What could not be looked at is a problem too, and tells a script why as each command does.
    init(_ name: String, _ detail: String = "", of error: any Error) {
        self.init(name: name, level: .problem, detail: "\(detail)\(error)", exitCode: ProcessFailure(error)?.code ?? 1)
    }
}
