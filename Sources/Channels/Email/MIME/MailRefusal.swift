/// Why a mail is not read at all: it would cost more than a mail may.
package struct MailRefusal: Error, Hashable, Sendable {
    /// Fixed codes, as `Reception.refused` gives them. SMTP answers `hop_count` with 554 5.4.6, all others with 554 5.6.0 (B88–B91).
    package enum Code: String, Hashable, Sendable, CaseIterable {
        case tooManyParts = "too_many_parts"
        case tooManyHeaders = "too_many_headers"
        case headerTooLong = "header_too_long"
        case tooDeep = "too_deep"
        case hopCount = "hop_count"
        case tooLarge = "mail_too_large"
        case noSender = "no_sender"
    }
    package var code: Code
    package init(_ code: Code) { self.code = code }

    /// For a person: constant sentences, nothing of the mail.
    package var detail: String {
        switch self.code {
        case .tooManyParts: "more than \(MailBudget.standard.parts) parts"
        case .tooManyHeaders: "more than \(MailBudget.standard.headers) header fields"
        case .headerTooLong: "a header field of more than \(MailBudget.standard.headerBytes) bytes"
        case .tooDeep: "parts within parts, more than \(MailBudget.standard.depth) deep"
        case .hopCount: "more than \(MailBudget.standard.hops) Received fields: the mail goes in circles"
        case .tooLarge: "more than \(MailBudget.standard.bytes) bytes"
        case .noSender: "nobody it is from: neither the envelope nor the mail has an address"
        }
    }
}
