/// What one loop carries, whichever protocol it speaks.
enum Transfer: Sendable {
    case http(HTTPTransfer)
    case mail(MailTransfer, to: MailServer)
    case mailbox(MailboxTransfer, at: MailServer)

    /// What is sent after the head or the commands; empty where nothing is.
    var body: [UInt8] {
        switch self {
        case .http(let http): http.body
        case .mail(let mail, _): mail.message
        case .mailbox: []
        }
    }

    var answerLimit: Int {
        switch self {
        case .http(let http): http.answerLimit
        case .mail: 0
        case .mailbox(let mailbox, _): mailbox.mailbox.answerLimit
        }
    }

    /// For all of it, and for the connection alone.
    var deadlines: (whole: Duration, connect: Duration) {
        switch self {
        case .http(let http): (http.deadline, http.connectDeadline)
        case .mail(let mail, _): (mail.deadline, mail.connectDeadline)
        case .mailbox(let mailbox, _): (mailbox.deadline, mailbox.mailbox.connectDeadline)
        }
    }
}
