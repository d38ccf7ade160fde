import Channels
import Foundation

/// A request that a provider would make to a channel's hook, signed as that provider signs.
struct SignedHook: Hashable, Sendable {
    var url: String
    var headers: [String: String]
    var body: [UInt8]
}

extension SignedHook {
    /// Source: Twilio, "Security: validating requests": HMAC-SHA1 over the URL and each field's name and value, sorted by name.
    static func twilio(url: String, form: FormFields, authToken: String) -> SignedHook {
        let sorted = form.fields.sorted { ($0.name, $0.value) < ($1.name, $1.value) }
        let signed = url + sorted.map { $0.name + $0.value }.joined()
        let signature = Crypto.hmac(.sha1, key: Array(authToken.utf8), Array(signed.utf8))
        return SignedHook(
            url: url,
            headers: [
                "content-type": "application/x-www-form-urlencoded; charset=utf-8", "x-twilio-signature": Base64.encode(signature),
                "i-twilio-idempotency-token": UUID().uuidString.lowercased(),
            ],
            body: form.encoded
        )
    }

    /// Source: Slack, "Verifying requests from Slack": HMAC-SHA256 over version, timestamp and raw body.
    static func slack(url: String, body: [UInt8], signingSecret: String, at date: Date) -> SignedHook {
        let timestamp = String(Int(date.timeIntervalSince1970))
        let signature = Crypto.hmac(.sha256, key: Array(signingSecret.utf8), Array("v0:\(timestamp):".utf8) + body)
        return SignedHook(
            url: url,
            headers: [
                "content-type": "application/json", "x-slack-request-timestamp": timestamp,
                "x-slack-signature": "v0=\(Hex.encode(signature))",
            ],
            body: body
        )
    }
}
