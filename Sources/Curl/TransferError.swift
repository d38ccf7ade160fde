/// Why no whole answer came, and whether the peer may have acted on the request all the same.
package struct TransferError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Closed on purpose: with a new case, every `switch` that has to decide about it stops compiling.
    package enum Reason: String, Hashable, Sendable, CaseIterable {
        /// Refused before anything was looked up: the request itself is at fault.
        case invalidRequest = "invalid_request", schemeNotAllowed = "scheme_not_allowed", portNotAllowed = "port_not_allowed"
        case userInfoNotAllowed = "userinfo_not_allowed"
        /// The address behind the name is one we do not reach out to.
        case egressDenied = "egress_denied"
        case resolve, connect, tls
        case timeout
        /// The answer is longer than we read.
        case tooLarge = "too_large"
        /// What came back is not what the protocol says.
        case badAnswer = "bad_answer"
        /// The connection ended before the answer did.
        case interrupted
        /// Understood, and answered with no: a log-in, a mailbox, a command.
        case refused
        case cancelled
        /// libcurl could not be set up as asked, or ran out of something.
        case failed
    }
    package enum Phase: String, Hashable, Sendable {
        /// The request never left as a whole: sending it again cannot make a second one.
        case beforeSend = "before_send"
        /// The last byte of the request may have left: the peer may have acted on it.
        case afterSend = "after_send"
    }

    package var reason: Reason
    package var phase: Phase
    /// For the operator's log: libcurl's own words, never a header, a body or a path.
    package var detail: String

    package init(_ reason: Reason, phase: Phase = .beforeSend, detail: String) {
        self.reason = reason
        self.phase = phase
        self.detail = detail
    }

    package var description: String { "\(self.detail) (\(self.reason.rawValue))" }

    /// Whether the peer may have acted on the request although no answer was understood.
    package var isAmbiguous: Bool { self.phase == .afterSend }
}
