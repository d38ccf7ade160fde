import Channels
import Foundation
import Parley

/// Answers `POST /2010-04-01/Accounts/{sid}/Messages.json` as Twilio documents it, and signs what it sends to hooks.
///
/// What becomes of a message depends on its `To`, like with Twilio's own test numbers:
///
/// | To | outcome |
/// |---|---|
/// | +15005550001 | 400, 21211: no valid number |
/// | +15005550002 | 400, 21612: cannot be routed |
/// | +15005550003 | 400, 21408: no permission for the region |
/// | +15005550004 | 400, 21610: the recipient wrote STOP |
/// | +15005550009 | 400, 21614: not a mobile number |
/// | +15005550429 | 429 with Retry-After 1 the first time, then taken |
/// | +15005550500 | 500 the first time, then taken |
/// | +15005550200 | taken, but the answer is a web page |
/// | +15005550300 | taken, then `undelivered` with 30003 |
/// | any other | taken, then `sent` and `delivered` |
///
/// Source: Twilio, "Message resource", "Test credentials", "Error and warning dictionary".
struct TwilioPeer: Hashable, Sendable {
    var accountSID: String
    var authToken: String
    /// The account's one number.
    var number: String
    var hookURL: String

    /// - Parameters:
    ///   - authorization: the header, as it came.
    ///   - isFirst: whether this text to this number was not asked for before.
    func create(account: String, authorization: String?, form: FormFields, isFirst: Bool, at date: Date) -> PeerAnswer {
        guard let authorization, Crypto.equal(Array(authorization.utf8), Array(self.credentials.utf8)) else {
            return Self.refusal(401, 20003, "Authenticate")
        }
        guard account == self.accountSID else { return Self.refusal(404, 20404, "The requested resource was not found") }
        if let problem = self.problem(in: form) { return problem }
        let to = form["To"] ?? ""
        switch (to, isFirst) {
        case ("+15005550002", _): return Self.refusal(400, 21612, "The 'To' phone number \(to) is not currently reachable via SMS")
        case ("+15005550003", _): return Self.refusal(400, 21408, "Permission to send an SMS has not been enabled for the region")
        case ("+15005550004", _): return Self.refusal(400, 21610, "Attempt to send to unsubscribed recipient")
        case ("+15005550009", _): return Self.refusal(400, 21614, "'To' number \(to) is not a valid mobile number")
        case ("+15005550429", true): return Self.refusal(429, 20429, "Too Many Requests", retryAfter: 1)
        case ("+15005550500", true): return Self.refusal(500, 20500, "Internal Server Error")
        default: return self.acceptance(of: form, to: to, at: date)
        }
    }

    /// A person writes to the account's number.
    func inbound(from: String, text: String) -> SignedHook {
        let sid = Self.makeSID("SM")
        let form = FormFields([
            ("ToCountry", "US"), ("SmsMessageSid", sid), ("NumMedia", "0"), ("SmsSid", sid), ("SmsStatus", "received"), ("Body", text),
            ("FromCountry", "US"), ("To", self.number), ("NumSegments", String(Segmentation(of: text).segments)), ("MessageSid", sid),
            ("AccountSid", self.accountSID), ("From", from), ("ApiVersion", "2010-04-01"),
        ])
        return .twilio(url: self.hookURL, form: form, authToken: self.authToken)
    }

    private var credentials: String { "Basic \(Base64.encode(Array("\(self.accountSID):\(self.authToken)".utf8)))" }

    private func problem(in form: FormFields) -> PeerAnswer? {
        guard let to = form["To"], !to.isEmpty else { return Self.refusal(400, 21604, "A 'To' phone number is required.") }
        guard PhoneNumber(rawValue: to) != nil, to != "+15005550001" else {
            return Self.refusal(400, 21211, "Invalid 'To' Phone Number: \(to)")
        }
        guard let from = form["From"] ?? form["MessagingServiceSid"] else {
            return Self.refusal(400, 21603, "A 'From' phone number is required.")
        }
        guard from == self.number || form["MessagingServiceSid"] != nil else {
            return Self.refusal(400, 21606, "The 'From' phone number \(from) is not a valid, SMS-capable inbound phone number")
        }
        let body = form["Body"] ?? ""
        guard !body.isEmpty || form["MediaUrl"] != nil else { return Self.refusal(400, 21602, "Message body is required.") }
        guard body.utf16.count <= 1_600 else {
            return Self.refusal(400, 21617, "The concatenated message body exceeds the 1600 character limit")
        }
        return nil
    }

    private func acceptance(of form: FormFields, to: String, at date: Date) -> PeerAnswer {
        let text = form["Body"] ?? ""
        let media = form.all("MediaUrl")
        let sid = Self.makeSID(media.isEmpty ? "SM" : "MM")
        let path = "/2010-04-01/Accounts/\(self.accountSID)/Messages/\(sid)"
        let body: JSON = [
            "sid": .string(sid), "account_sid": .string(self.accountSID), "api_version": "2010-04-01", "body": .string(text),
            "date_created": .string(Self.mailDate(date)), "date_updated": .string(Self.mailDate(date)), "date_sent": nil,
            "direction": "outbound-api", "error_code": nil, "error_message": nil, "from": form["From"].map(JSON.string) ?? nil,
            "messaging_service_sid": form["MessagingServiceSid"].map(JSON.string) ?? nil, "num_media": .string("\(media.count)"),
            "num_segments": .string("\(Segmentation(of: text).segments)"), "price": nil, "price_unit": "USD", "status": "queued",
            "subresource_uris": ["media": .string("\(path)/Media.json")], "to": .string(to), "uri": .string("\(path).json"),
        ]
        let received = ReceivedMessage(
            adapter: "twilio",
            channel: form["From"] ?? self.number,
            to: to,
            text: text,
            media: media,
            id: sid,
            at: date
        )
        let hooks = form["StatusCallback"].map { self.callbacks(to: $0, sid: sid, recipient: to) } ?? []
        var answer = PeerAnswer(status: 201, body, received: received, hooks: hooks)
        if to == "+15005550200" { answer.garbage = "<html><body><h1>502 Bad Gateway</h1></body></html>" }
        return answer
    }

    private func callbacks(to url: String, sid: String, recipient: String) -> [SignedHook] {
        let isDelivered = recipient != "+15005550300"
        return ["queued", "sent", isDelivered ? "delivered" : "undelivered"].map { status in
            var fields = [
                ("SmsSid", sid), ("SmsStatus", status), ("MessageStatus", status), ("To", recipient), ("MessageSid", sid),
                ("AccountSid", self.accountSID), ("From", self.number), ("ApiVersion", "2010-04-01"),
            ]
            if status == "undelivered" { fields.append(("ErrorCode", "30003")) }
            return .twilio(url: url, form: FormFields(fields), authToken: self.authToken)
        }
    }

    private static func refusal(_ status: Int, _ code: Int, _ message: String, retryAfter: Int? = nil) -> PeerAnswer {
        PeerAnswer(
            status: status,
            [
                "code": .integer(code), "message": .string(message), "more_info": .string("https://www.twilio.com/docs/errors/\(code)"),
                "status": .integer(status),
            ],
            retryAfter: retryAfter
        )
    }

    static func makeSID(_ prefix: String) -> String { prefix + UUID().uuidString.lowercased().replacing("-", with: "") }

    /// `Sat, 21 Nov 2026 10:37:44 +0000`
    private static func mailDate(_ date: Date) -> String {
        let style = Date.VerbatimFormatStyle(
            format: """
                \(weekday: .abbreviated), \(day: .twoDigits) \(month: .abbreviated) \(year: .defaultDigits) \
                \(hour: .twoDigits(clock: .twentyFourHour, hourCycle: .zeroBased)):\(minute: .twoDigits):\(second: .twoDigits) +0000
                """,
            locale: Locale(identifier: "en_US_POSIX"),
            timeZone: .gmt,
            calendar: Calendar(identifier: .gregorian)
        )
        return date.formatted(style)
    }
}
