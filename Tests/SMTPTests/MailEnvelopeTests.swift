import SMTP
import Testing

@Test func `an envelope keeps its recipients in order`() {
    #expect(MailEnvelope(sender: "", recipients: ["b@b.test", "a@a.test"]).recipients == ["b@b.test", "a@a.test"])
}
