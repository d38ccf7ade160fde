import Channels
import Foundation
import Parley
import SMTP

/// The mailboxes of the customers of `parley dev`: takes over SMTP what the demo channel sends, and writes mails as they would.
///
/// | recipient | outcome |
/// |---|---|
/// | bounce@… | 550 5.1.1: no such mailbox |
/// | full@… | 552 5.2.2: the mailbox is full |
/// | later@… | 450 4.2.0 the first time, then taken |
/// | any other | taken |
///
/// Source: RFC 5321 section 4.2.3, RFC 3463.
struct MailPeer: MailReceiver {
    let sandbox: Sandbox

    func accept(recipient: String, from sender: String, client: SMTPPeer) async -> RecipientVerdict {
        switch recipient.prefix(while: { $0 != "@" }).lowercased() {
        case "bounce": return .refused(SMTPReply(550, "5.1.1", "There is no such mailbox in the sandbox"))
        case "full": return .refused(SMTPReply(552, "5.2.2", "The mailbox is full"))
        case "later":
            let isFirst = await self.sandbox.putsOff(recipient.lowercased())
            return isFirst ? .refused(SMTPReply(450, "4.2.0", "Greylisted, try again later")) : .accepted(mailbox: recipient)
        default: return .accepted(mailbox: recipient)
        }
    }

    func deliver(_ envelope: MailEnvelope, _ message: [UInt8]) async -> DeliveryVerdict {
        let mail = SandboxMail(Array(message.dropFirst(envelope.traceLength)))
        let id = mail["Message-ID"] ?? UUID().uuidString
        for recipient in envelope.recipients {
            await self.sandbox.take(
                ReceivedMessage(
                    adapter: "email",
                    channel: envelope.sender,
                    to: recipient.address,
                    text: mail.text,
                    thread: mail["In-Reply-To"],
                    media: mail.files,
                    id: id,
                    at: Date(),
                    mail: mail
                )
            )
        }
        return .accepted(id: id)
    }

    func authenticate(user: String, password: String) async -> AuthenticationVerdict { .refused(.badCredentials) }

    /// A mail as a customer's program would write it: an answer goes where the mail asked for it, and names what it answers.
    static func mail(
        from: String,
        to: String,
        subject: String,
        text: String,
        answering: ReceivedMessage?,
        at date: Date
    ) -> (recipient: String, message: [UInt8])? {
        guard let sender = MailAddress(from) else { return nil }
        let asked = answering?.mail.flatMap { $0["Reply-To"] ?? $0["From"] }.flatMap(SandboxMail.address)
        let recipient = asked ?? to
        let known = answering?.mail?["References"]?.split(whereSeparator: \.isWhitespace).map(String.init) ?? []
        var (plain, html) = (text, "<p>\(Self.escaped(text))</p>")
        if let answering {
            let attribution = "On \(answering.at.formatted(.iso8601.year().month().day())), \(answering.channel) wrote:"
            plain += "\n\n\(attribution)\n\(Self.quoted(answering.text))"
            html += "<p>\(Self.escaped(attribution))</p><blockquote type=\"cite\">\(Self.escaped(answering.text))</blockquote>"
        }
        let draft = MailDraft(
            from: .init(address: from),
            to: .init(address: recipient),
            subject: subject,
            date: date,
            messageID: "<\(UUID().uuidString.lowercased())@\(sender.domain)>",
            inReplyTo: answering?.id,
            references: answering.map { known + [$0.id] } ?? [],
            text: plain,
            html: html
        )
        do { return (recipient: recipient, message: try MailComposer.bytes(of: draft)) } catch { return nil }
    }

    private static func quoted(_ text: String) -> String {
        text.split(separator: "\n", omittingEmptySubsequences: false).map { "> \($0)" }.joined(separator: "\n")
    }

    private static func escaped(_ text: String) -> String {
        text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing("\n", with: "<br>\n")
    }
}
