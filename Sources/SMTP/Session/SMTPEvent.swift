/// What happens in a server, for whoever counts it.
package enum SMTPEvent: Hashable, Sendable {
    case began
    case ended
    /// Sent away in the greeting: there were too many.
    case turnedAway
    case encrypted
    case replied(code: Int)
}
