/// A mailbox to be looked into for mail that came after the cursor: `{"validity": UIDVALIDITY, "uid": the last one taken}`.
package struct MailboxPoll: Hashable, Sendable {
    /// `imaps://host`, `imap://host:143`
    package var url: String
    package var username: String?
    package var password: String?
    /// `INBOX`
    package var mailbox: String
    package init(url: String, username: String?, password: String?, mailbox: String) {
        self.url = url
        self.username = username
        self.password = password
        self.mailbox = mailbox
    }
}
