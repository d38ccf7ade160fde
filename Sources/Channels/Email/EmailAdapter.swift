internal import Foundation
package import Parley

/// Mail: read by GMime behind a pre-scan with budgets, written by GMime, carried by SMTP.
package struct EmailAdapter: Adapter {
    package static let adapterName = AdapterName(rawValue: "email")!
    package static let space = AddressSpace.email

    package init() {}

    package var name: AdapterName { Self.adapterName }
    package var kind: String { Self.space.rawValue }
    package var summary: String { "Mail: in by SMTP or from an IMAP mailbox, out through a mail server" }
    package var capabilities: Capabilities {
        Capabilities(textEncoding: .unicode, textLimit: 1_000_000, mediaCount: 100, mediaBytes: 25_000_000, buttons: .text)
    }
    /// What small mail servers take from one client without slowing it down.
    package var limits: SendLimits { SendLimits(perSecond: 20, perRecipientSeconds: 0) }

    package var settings: SettingsSchema {
        func text(_ summary: String, secret: Bool = false, required: Bool = false, format: String? = nil) -> SettingsSchema.Property {
            .init(kind: .string, isSecret: secret, isRequired: required, format: format, summary: summary)
        }
        func server(_ summary: String, _ scheme: String) -> SettingsSchema.Property {
            .init(kind: .string, isRequired: false, format: "uri", schemes: [scheme, "\(scheme)s"], summary: summary)
        }
        return SettingsSchema(properties: [
            "address": text("The channel's own address: mail to it comes in here, answers come from it", required: true, format: "email"),
            "from_name": text("The name beside it, as recipients see it"),
            "catch_all": .init(
                kind: .boolean,
                isRequired: false,
                summary: "Take mail for every address of the domain that no other channel has"
            ),
            "smtp_url": server("Where mail is handed over: smtp://host:587 (STARTTLS) or smtps://host", "smtp"),
            "smtp_username": text("For that server, when it asks"),
            "smtp_password": text("For that server, when it asks", secret: true),
            "trusted_relay": text(
                "The name (authserv-id) under which your own mail server writes Authentication-Results; no other is believed"
            ),
            "imap_url": server("A mailbox to be picked up instead of receiving by SMTP: imaps://host", "imap"),
            "imap_username": text("For that mailbox; the one for sending when not given"),
            "imap_password": text("For that mailbox; the one for sending when not given", secret: true),
            "imap_mailbox": text("Which folder; INBOX when not given"),
            "dkim_selector": text("Signs what goes out (RFC 6376): the selector of the key in your DNS"),
            "dkim_domain": text("The domain that signs; the address's own when not given"),
            "dkim_key": .init(kind: .string, isSecret: true, isRequired: false, isMultiline: true, summary: "The private key, PEM"),
        ])
    }

    package func mailboxes(_ settings: [String: JSON]) -> [String] {
        guard let own = settings["address"]?.string.flatMap({ MailAddress($0) }) else { return [] }
        return settings["catch_all"] == true ? [own.identity, "@\(own.domain)"] : [own.identity]
    }

    package func address(_ text: String, for channel: ChannelContext) async -> Address? {
        // One address as people paste it. A field's list is read more kindly: it makes an address of what is none between two that are.
        let text = text.trimmingCharacters(in: .whitespaces)
        let bare = text.wholeMatch(of: /[^<>]*<([^<>]+)>/).map { String($0.1) } ?? text
        return MailAddress(bare).map { Address(space: Self.space, value: $0.identity) }
    }
}
