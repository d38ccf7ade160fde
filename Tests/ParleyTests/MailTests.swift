import Testing

@testable import Parley

@Test(arguments: [("us+x@ours.test", "us@ours.test"), ("us@ours.test", "us@ours.test"), ("no mail", "no mail")])
func `a tag leads to the same mailbox`(_ value: String, _ mailbox: String) {
    #expect(Address(space: .email, value: value).withoutTag == Address(space: .email, value: mailbox))
    let elsewhere = Address(space: AddressSpace(rawValue: "webchat"), value: value)
    #expect(elsewhere.withoutTag == elsewhere)
}

@Suite struct MailTests {
    @Test(arguments: [
        ("Re: Offer 88", "offer 88", true, false), ("AW: Offer 88", "offer 88", true, false), ("RE[2]: Offer", "offer", true, false),
        ("Re: [EXT] AW: Offer", "offer", true, false), ("[EXT] Re: Offer", "offer", true, false), ("Fwd: Offer", "offer", false, true),
        ("WG: Re: Offer", "offer", false, true), ("TR: Offer", "offer", false, true), ("回复：Offer", "offer", true, false),
        ("Odp:Offer", "offer", true, false),
        ("Re:", "", true, false), ("Offer: Re: x", "offer: re: x", false, false), ("  Offer\t 88 ", "offer 88", false, false),
        ("", "", false, false),
        ("[EXT]", "[ext]", false, false), ("Offer (fwd)", "offer", false, true), ("R: Offer", "offer", true, false),
        ("Antw: Offer", "offer", true, false), ("ENC: Offer", "offer", false, true), ("İLT: Offer", "offer", false, true),
        ("İlt: Re: Offer", "offer", false, true), ("Doorgestuurd: Offer", "offer", false, true),
    ])
    func `a subject without its prefixes`(subject: String, text: String, isReply: Bool, isForward: Bool) {
        let base = BaseSubject(subject)
        #expect(base.text == text)
        #expect(base.isReply == isReply)
        #expect(base.isForward == isForward)
    }

    @Test func `ten thousand prefixes take no time`() {
        #expect(BaseSubject(String(repeating: "Re: ", count: 10_000)).isReply)
    }

    @Test(arguments: [
        ("Anna.Keller@Example.TEST", "Anna.Keller@example.test"), ("a+b@c.test", "a+b@c.test"), ("\"a b\"@c.test", "\"a b\"@c.test"),
        ("a@[127.0.0.1]", "a@[127.0.0.1]"), ("jürgen@bücher.test", "jürgen@bücher.test"), ("no-at", nil), ("@c.test", nil), ("a@", nil),
        ("a b@c.test", nil), ("a@b@c.test", nil), ("a\r\n@c.test", nil), ("a@c..test", nil), ("a@.test", nil), ("a@c .test", nil),
        ("<a@c.test>", nil),
        ("\(String(repeating: "a", count: 65))@c.test", nil), ("a@\(String(repeating: "c", count: 248)).test", nil),
        ("a..b.@c.test", "a..b.@c.test"), ("a@b_c.test", "a@b_c.test"), ("a@c.test.", nil),
        ("a@[IPv6:2001:db8::1]", "a@[ipv6:2001:db8::1]"),
        ("a@[]", nil), ("a@[1.2.3.4", nil), ("a@c[.test", nil), (#""a\"@b"@c.test"#, #""a\"@b"@c.test"#), (#""a"b"@c.test"#, nil),
        (#""a\"@c.test"#, nil), (#"""@c.test"#, nil), (#""a\\"@c.test"#, #""a\\"@c.test"#), ("a(b)@c.test", nil), ("a@c.test\u{85}", nil),
        (#""support"@c.test"#, "support@c.test"), (#""sup\port+x"@c.test"#, "support+x@c.test"), (#""a\ b\\"@c.test"#, #""a b\\"@c.test"#),
        ("a@C。test", "a@c.test"), ("a@c．test", "a@c.test"), ("a@c｡test", "a@c.test"), ("a@ｃ.test", "a@c.test"),
        ("a@c\u{ad}.test", "a@c.test"), ("a@℀.test", nil), ("a@\u{ad}.test", nil), ("a@\(String(repeating: "㎯", count: 84))", nil),
    ])
    func `an address is read, or is none`(text: String, address: String?) {
        #expect(MailAddress(text)?.description == address)
    }
}
