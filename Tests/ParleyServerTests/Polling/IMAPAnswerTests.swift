import Testing

@testable import ParleyServer

@Suite struct IMAPAnswerTests {
    @Test func `a mailbox's numbers are read whatever stands around them`() {
        let answer = Array("* 3 EXISTS\r\n* OK [UIDVALIDITY 3857529045] UIDs valid\r\n* ok [uidnext 4392] Predicted\r\n".utf8)
        #expect(IMAPAnswer.number("UIDVALIDITY", in: answer) == 3_857_529_045)
        #expect(IMAPAnswer.number("UIDNEXT", in: answer) == 4_392)
        #expect(IMAPAnswer.number("UIDNEXT", in: Array("* OK [UIDNEXT 99999999999] x\r\n".utf8)) == nil)
        #expect(IMAPAnswer.number("UIDNEXT", in: []) == nil)
        #expect(IMAPAnswer.count(in: answer) == 3)
        #expect(IMAPAnswer.count(in: Array("* 0 EXISTS\r\n* 1 RECENT\r\n* 3 exists\r\n".utf8)) == 3)
        #expect(IMAPAnswer.count(in: []) == 0)
    }

    @Test func `mails are listed by UID, and what is no listing is passed over`() {
        let answer = """
            * 2 FETCH (RFC822.SIZE 5120 UID 41)\r
            * 1 FETCH (UID 40 RFC822.SIZE 77)\r
            * 3 FETCH (FLAGS (\\Seen))\r
            * 4 FETCH (UID 99999999999 RFC822.SIZE 1)\r
            * OK Still here (UID 7 RFC822.SIZE 7)\r
            \u{fffd}\r
            """
        let found = IMAPAnswer.sizes(in: Array(answer.utf8))
        #expect(found.map(\.uid) == [40, 41] && found.map(\.size) == [77, 5_120])
    }
}
