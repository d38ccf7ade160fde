package enum MailboxQuestion: Hashable, Sendable {
    /// Opens the mailbox so that nothing we do changes a flag (`EXAMINE`); the answer holds its UIDVALIDITY, its UIDNEXT and how many there are.
    case state
    /// The UID and the size of the messages of these numbers, from 1 on; one line each. libcurl 7.88 fails over about a hundred lines.
    case sizes(ClosedRange<Int>)
    /// The bytes of one message. Asked before `state` on a connection, it would count as seen by that.
    case message(uid: UInt32, validity: UInt32)
}
