import Parley
import Testing

@testable import Channels

@Suite struct AuthenticationResultsTests {
    @Test(
        arguments: [
            (["mx.shop.test; dmarc=pass header.from=anna.test"], .pass), (["mx.shop.test; dmarc=fail header.from=anna.test"], .fail),
            (["MX.shop.test 1; dkim=pass header.d=anna.test"], .pass), (["mx.shop.test; dkim=pass header.d=evil.test"], .none),
            (["mx.shop.test; spf=pass smtp.mailfrom=evil.test"], .none), (["mx.shop.test; spf=fail smtp.mailfrom=anna.test"], .fail),
            (["mx.evil.test; dmarc=pass"], .none), ([], .none),
            // Below the topmost field only a failure counts.
            (["mx.shop.test; spf=none", "mx.shop.test; dmarc=pass"], .none),
            (["mx.evil.test; dmarc=pass", "mx.shop.test; dmarc=pass"], .none),
            (["mx.shop.test; spf=pass smtp.mailfrom=evil.test", "mx.shop.test; dmarc=fail header.from=anna.test"], .fail),
            (["mx.shop.test; dkim=pass header.d=anna.test", "mx.shop.test; spf=fail smtp.mailfrom=anna.test"], .pass),
            (["mx.shop.test; dmarc=pass", "mx.evil.test; dmarc=fail"], .pass),
            // What is no result says nothing, and ends nothing.
            (["mx.shop.test; /=pass; =; dmarc; ; dmarc=pass"], .pass), (["; dmarc=pass"], .none),
        ] as [([String], MailAuthentication)]
    )
    func `a pass is believed at the top only, a failure anywhere`(fields: [String], verdict: MailAuthentication) throws {
        let header = (fields.map { "Authentication-Results: \($0)" } + ["X-Last: 1"]).joined(separator: "\n")
        let mail = try IncomingMail(mail(header, "Hello"))
        #expect(AuthenticationResults.read(mail.headers, relay: "mx.shop.test", domain: "anna.test") == verdict)
    }

    @Test(
        arguments: [
            ("From: Anna <anna@anna.test>", .pass), ("From: anna@anna.test\nFrom: eve@evil.test", .fail),
            ("From: anna@anna.test, eve@evil.test", .fail), ("Sender: anna@anna.test", .fail),
        ] as [(String, MailAuthentication)]
    )
    func `who writes as several, or as nobody, is vouched for by no relay and joins nobody (B92)`(
        from: String,
        verdict: MailAuthentication
    ) async throws {
        let request = HookRequest.mail(mail("Authentication-Results: mx.shop.test; dmarc=pass\n\(from)\nSubject: Hello\n\nHello"))
        let channel = ChannelContext.test(["address": "support@bridge.test", "trusted_relay": "mx.shop.test"])
        let received = try #require(try await EmailAdapter().reception(of: request, for: channel).messages.first)
        #expect(received.mail?.authentication == verdict)
    }
}
