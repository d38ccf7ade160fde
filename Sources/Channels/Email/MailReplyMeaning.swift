internal import Foundation
package import Parley

/// What a mail server's last word means for a delivery.
///
/// Source: RFC 5321 section 4.2.3 (reply codes), RFC 3463 (enhanced codes), RFC 4954 section 6 (authentication).
package enum MailReplyMeaning {
    /// The header under which the courier says which mail an answer is about.
    package static let messageIDHeader = "message-id"

    /// - Throws: `.badResult` for a code that no mail server ends with.
    package static func outcome(of answer: ProviderAnswer) throws(AdapterError) -> SendOutcome {
        let enhanced = self.enhancedCode(in: String(decoding: answer.body.prefix(200), as: UTF8.self), of: answer.status)
        let code = enhanced.map { "\(answer.status) \($0.text)" } ?? "\(answer.status)"
        switch answer.status {
        case 200..<300: return .accepted(externalID: answer.headers[self.messageIDHeader])
        // 454: authentication fails for the moment (RFC 4954 section 6).
        case 400..<500: return .retry(reason: .failing, after: self.patience(answer.status))
        case 500..<600: return .refused(reason: self.refusal(answer.status, enhanced), code: code, detail: "")
        default: throw AdapterError(.badResult, "a reply code that ends nothing")
        }
    }

    /// Seconds: a greylisting server wants some minutes, a full mailbox longer; for the rest the courier's own schedule is right.
    private static func patience(_ code: Int) -> Double? {
        switch code {
        case 450: 300
        case 452: 900
        default: nil
        }
    }

    private struct EnhancedCode {
        var subject: Int
        var detail: Int
        var text: String
    }

    private static func enhancedCode(in text: String, of code: Int) -> EnhancedCode? {
        guard let match = text.prefixMatch(of: /([245])\.(\d{1,3})\.(\d{1,3})(?!\d)/), match.1 == "\(code / 100)",
            let subject = Int(match.2), let detail = Int(match.3)
        else { return nil }
        return EnhancedCode(subject: subject, detail: detail, text: String(match.0))
    }

    private static func refusal(_ code: Int, _ enhanced: EnhancedCode?) -> RefusalReason {
        switch (code, enhanced?.subject, enhanced?.detail) {
        case (530, _, _), (534, _, _), (535, _, _), (538, _, _), (_, 7?, 8?), (_, 7?, 9?): .credentials
        // Bad sender addresses are ours to mend.
        case (_, 1?, 7?), (_, 1?, 8?): .policy
        case (_, 1?, _), (_, 2?, 0?), (_, 2?, 1?): .invalidRecipient
        case (_, 2?, 3?), (_, 3?, 4?), (_, 6?, _): .content
        case (_, 7?, _): .policy
        case (_, 2?, _), (_, 3?, _), (_, 4?, _), (_, 5?, _): .rejected
        case (550, _, _), (551, _, _), (553, _, _): .invalidRecipient
        case (552, _, _): .content
        case (521, _, _), (541, _, _), (554, _, _): .policy
        default: .rejected
        }
    }
}
