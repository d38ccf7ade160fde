/// One reply of the server: a code, mostly with an enhanced status, and text for a person.
///
/// Source: RFC 5321 section 4.2, RFC 3463.
package struct SMTPReply: Hashable, Sendable {
    /// 200...599
    package var code: Int
    /// `5.1.1`; nil where there is none: greeting, EHLO, 334, 354.
    package var status: String?
    /// One or more; ASCII, without line ends.
    package var lines: [String]

    package init(_ code: Int, _ status: String? = nil, _ lines: [String]) {
        self.code = code
        self.status = status
        self.lines = lines
    }

    package init(_ code: Int, _ status: String? = nil, _ text: String) { self.init(code, status, [text]) }

    /// It will not be different when the client tries again.
    package var isRefusal: Bool { self.code >= 500 }

    package var text: String {
        self.lines.enumerated().map { index, line in
            "\(self.code)\(index < self.lines.count - 1 ? "-" : " ")\(self.status.map { "\($0) " } ?? "")\(line)\r\n"
        }.joined()
    }
}

// MARK: - What receivers answer

extension SMTPReply {
    package static let unknownMailbox = SMTPReply(550, "5.1.1", "No such mailbox here")
    package static let relayDenied = SMTPReply(550, "5.7.1", "Relay denied")
    package static let mailboxDisabled = SMTPReply(450, "4.2.1", "The mailbox is disabled, try again later")
    package static let tooManyHops = SMTPReply(554, "5.4.6", "Too many hops: this mail goes round in a loop")
    package static let badContent = SMTPReply(554, "5.6.0", "The message cannot be taken as it is made")
    package static let unavailable = SMTPReply(451, "4.3.0", "Not possible at the moment, try again later")
    package static let badCredentials = SMTPReply(535, "5.7.8", "Authentication credentials invalid")
}

// MARK: - What the session says itself

extension SMTPReply {
    static let ok = SMTPReply(250, "2.0.0", "OK")
    static let bye = SMTPReply(221, "2.0.0", "Bye")
    static let startData = SMTPReply(354, nil, "End with <CR LF> . <CR LF>")
    static let noSuchCommand = SMTPReply(500, "5.5.2", "Command not recognized")
    static let lineTooLong = SMTPReply(500, "5.5.2", "Line too long")
    static let badLineEnd = SMTPReply(550, "5.5.2", "Lines must end with CR LF, and neither may stand alone")
    static let notImplemented = SMTPReply(502, "5.5.1", "Command not implemented")
    static let wrongHello = SMTPReply(500, "5.5.1", "This server speaks the other of SMTP and LMTP")
    static let helloFirst = SMTPReply(503, "5.5.1", "Say hello first")
    static let mailFirst = SMTPReply(503, "5.5.1", "Need MAIL first")
    static let recipientFirst = SMTPReply(503, "5.5.1", "Need RCPT first")
    static let nestedMail = SMTPReply(503, "5.5.1", "MAIL was given already")
    static let chunksBegun = SMTPReply(503, "5.5.1", "Go on with BDAT, or RSET")
    static let tooManyRecipients = SMTPReply(452, "4.5.3", "Too many recipients: send the rest in another mail")
    static let tooLarge = SMTPReply(552, "5.3.4", "Message too large")
    static let noRoom = SMTPReply(452, "4.3.1", "Too much mail at the moment, try again later")
    static let loginFirst = SMTPReply(530, "5.7.0", "Authentication required")
    static let encryptFirst = SMTPReply(538, "5.7.11", "Encryption required: use STARTTLS first")
    static let authenticated = SMTPReply(235, "2.7.0", "Authenticated")
    static let tooManyErrors = SMTPReply(421, "4.7.0", "Too many errors, closing")
    static let notHTTP = SMTPReply(421, "4.7.0", "This is no HTTP server, closing")
    static let injection = SMTPReply(421, "4.7.0", "Commands came with STARTTLS, closing")
    static let timedOut = SMTPReply(421, "4.4.2", "Waited too long, closing")
    static let stopping = SMTPReply(421, "4.3.2", "Going down, come back later")
    static let tooManySessions = SMTPReply(421, "4.3.2", "Too many connections, come back later")
    static let tooManyFromPeer = SMTPReply(421, "4.7.0", "Too many connections from your address")
    static func badSyntax(_ usage: String) -> SMTPReply { SMTPReply(501, "5.5.4", "Syntax: \(usage)") }
}
