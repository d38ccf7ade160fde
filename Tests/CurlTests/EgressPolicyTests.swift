import Curl
import Testing

@Suite struct EgressPolicyTests {
    @Test(arguments: [
        "0.0.0.0", "10.0.0.1", "100.64.0.1", "100.100.100.200", "127.0.0.1", "127.255.255.254", "168.63.129.16", "169.254.169.254",
        "172.16.0.1",
        "172.31.255.255", "192.0.0.192", "192.0.2.1", "192.168.0.1", "198.18.0.1", "198.51.100.1", "203.0.113.1", "224.0.0.1",
        "239.255.255.255",
        "240.0.0.1", "255.255.255.255", "::", "::1", "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:7f00:1", "::ffff:0:127.0.0.1",
        "64:ff9b::a00:1",
        "64:ff9b::169.254.169.254", "64:ff9b:1::1", "100::1", "2001::1", "2001:0:4136:e378:8000:63bf:3fff:fdd2", "2001:db8::1",
        "2002:a00:1::",
        "2002:7f00:1::1", "3fff::1", "4000::1", "5f00::1", "fc00::1", "fd00:ec2::254", "fe80::1", "fec0::1", "ff02::1",
    ])
    func `an address that is not of the public internet is denied`(text: String) throws {
        #expect(try !EgressPolicy().permits(#require(IPAddress(text))))
    }

    @Test(arguments: [
        "1.1.1.1", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "128.0.0.1", "168.63.129.17", "172.15.255.255",
        "172.32.0.0",
        "192.0.1.1", "192.169.0.1", "198.20.0.1", "223.255.255.255", "::ffff:1.1.1.1", "64:ff9b::101:101", "2002:101:101::1", "2600::1",
        "2606:4700:4700::1111", "2a00:1450::1", "3ffe::1",
    ])
    func `an address of the public internet is permitted`(text: String) throws {
        #expect(try EgressPolicy().permits(#require(IPAddress(text))))
    }

    @Test func `an allowed block is permitted in every spelling, and nothing beside it`() throws {
        let policy = try EgressPolicy(allowing: "10.1.0.0/16, ::1\n192.168.7.9/32")
        for text in ["10.1.2.3", "::ffff:10.1.2.3", "64:ff9b::a01:203", "::1", "192.168.7.9"] {
            #expect(try policy.permits(#require(IPAddress(text))), "\(text)")
        }
        for text in ["10.2.0.1", "10.0.255.255", "::2", "192.168.7.8", "127.0.0.1"] {
            #expect(try !policy.permits(#require(IPAddress(text))), "\(text)")
        }
        #expect(try EgressPolicy(allowing: "") == EgressPolicy())
    }

    @Test(arguments: [
        "10.0.0.1/8", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/", "10.0.0", "::1/129", "fe80::1%eth0", "localhost", "/8", "0x7f.1",
    ])
    func `what is no block is named`(text: String) {
        #expect(throws: EgressPolicy.BadBlock(text: text)) { try EgressPolicy(allowing: "127.0.0.1 \(text)") }
    }

    @Test(
        arguments: [
            ("http://127.1/", .egressDenied), ("http://2130706433/", .egressDenied), ("http://0x7f000001/", .egressDenied),
            ("http://0177.0.0.1/", .egressDenied), ("http://127.0.0.1./", .egressDenied), ("http://[::ffff:7f00:1]/", .egressDenied),
            ("http://[::1]/", .egressDenied), ("http://169.254.169.254/latest", .egressDenied), ("http://[64:ff9b::a00:1]/", .egressDenied),
            ("https://localhost/", .egressDenied), ("https://LOCALHOST./", .egressDenied), ("https://a.localhost/", .egressDenied),
            ("http://[fe80::1%25eth0]/", .egressDenied), ("http://0/", .egressDenied),
            ("http://user:pass@example.com/", .userInfoNotAllowed), ("http://user@example.com/", .userInfoNotAllowed),
            ("http://@example.com/", .userInfoNotAllowed),
            ("file:///etc/passwd", .schemeNotAllowed), ("gopher://example.com/", .schemeNotAllowed),
            ("ftp://example.com/", .schemeNotAllowed),
            ("unix:///run/x", .schemeNotAllowed), ("javascript://alert", .schemeNotAllowed),
            ("javascript:alert(1)", .schemeNotAllowed), ("JavaScript:alert(1)", .schemeNotAllowed),
            ("data:text/html,<b>", .schemeNotAllowed),
            ("mailto:a@b.test", .schemeNotAllowed), ("example.com:8080/", .invalidRequest), ("http:example.com", .invalidRequest),
            ("http://example.com:25/", .portNotAllowed), ("http://example.com:22/", .portNotAllowed),
            ("https://example.com:6379/", .portNotAllowed),
            ("http://example.com:0/", .portNotAllowed), ("http://example.com:1023/", .portNotAllowed),
            ("http://example.com:65536/", .invalidRequest), ("http://", .invalidRequest), ("/relative", .invalidRequest),
            ("", .invalidRequest),
            ("http://exa mple.com/", .invalidRequest), ("http://example.com/\r\nx", .invalidRequest),
            ("http://example.com\u{0}.test/", .invalidRequest),
        ] as [(String, TransferError.Reason)]
    )
    func `a URL that would be refused is refused when it is saved`(url: String, reason: TransferError.Reason) {
        let error = #expect(throws: TransferError.self) { try EgressPolicy().check(url: url) }
        #expect(error?.reason == reason)
    }

    @Test(arguments: [
        "https://example.com/hook?a=b#c", "http://example.com", "HTTPS://EXAMPLE.COM/", "https://example.com:8443/", "http://8.8.8.8:8080/",
        "https://[2606:4700:4700::1111]/", "https://bücher.example/", "https://example.com/a@b:25/",
    ])
    func `a URL of the public internet may be saved`(url: String) throws {
        try EgressPolicy().check(url: url)
    }

    @Test(arguments: ["http://127.0.0.1:8080/", "http://127.1:8080/", "http://localhost:8080/", "http://[::ffff:7f00:1]:8080/"])
    func `a private URL may be saved where the operator allowed it`(url: String) throws {
        try EgressPolicy(allowing: "127.0.0.0/8").check(url: url)
    }
}
