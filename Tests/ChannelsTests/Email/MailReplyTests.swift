import Channels
import Parley
import Testing

@Suite struct MailReplyTests {
    private func outcome(_ code: Int, _ text: String) throws -> SendOutcome {
        try MailReplyMeaning.outcome(of: ProviderAnswer(status: code, headers: ["message-id": "<1@x>"], body: Array(text.utf8)))
    }

    @Test(arguments: [(250, "2.0.0 Ok: queued as 4F3"), (250, "ok"), (251, "will forward")])
    func `a mail that was taken is known by its Message-ID`(code: Int, text: String) throws {
        #expect(try self.outcome(code, text) == .accepted(externalID: "<1@x>"))
    }

    @Test(
        arguments: [
            (421, "4.3.2 shutting down", nil), (450, "4.2.0 greylisted", 300), (451, "4.7.1 later", nil), (452, "4.2.2 full", 900),
            (454, "4.7.0 no", nil),
        ] as [(Int, String, Double?)]
    )
    func `a 4xx is tried again`(code: Int, text: String, after: Double?) throws {
        #expect(try self.outcome(code, text) == .retry(reason: .failing, after: after))
    }

    @Test(arguments: [
        (550, "5.1.1 no such user", RefusalReason.invalidRecipient, "550 5.1.1"), (550, "No such user here", .invalidRecipient, "550"),
        (550, "5.1.10 null MX", .invalidRecipient, "550 5.1.10"), (553, "5.1.3 bad syntax", .invalidRecipient, "553 5.1.3"),
        (550, "5.2.1 disabled", .invalidRecipient, "550 5.2.1"), (552, "5.2.2 over quota", .rejected, "552 5.2.2"),
        (550, "5.7.1 relaying denied", .policy, "550 5.7.1"), (554, "5.7.26 DMARC", .policy, "554 5.7.26"), (554, "no", .policy, "554"),
        (550, "5.1.8 bad sender", .policy, "550 5.1.8"), (552, "5.3.4 too big", .content, "552 5.3.4"), (552, "too big", .content, "552"),
        (554, "5.6.0 bad content", .content, "554 5.6.0"), (535, "5.7.8 no", .credentials, "535 5.7.8"),
        (530, "5.7.0 log in first", .credentials, "530 5.7.0"),
        (550, "5.7.9 weak", .credentials, "550 5.7.9"), (503, "5.5.1 bad sequence", .rejected, "503 5.5.1"),
        (550, "4.1.1 odd", .invalidRecipient, "550"),
        (550, "5.1.1234 odd", .invalidRecipient, "550"),
    ])
    func `a 5xx is over, and says why`(code: Int, text: String, reason: RefusalReason, shown: String) throws {
        #expect(try self.outcome(code, text) == .refused(reason: reason, code: shown, detail: ""))
    }

    @Test(arguments: [0, 100, 354, 600]) func `what ends nothing is no answer`(code: Int) {
        #expect(throws: AdapterError.self) { try self.outcome(code, "") }
    }
}
