import Testing

@testable import Channels

@Suite struct CryptoTests {
    /// Source: RFC 1321 A.5, FIPS 180-2, RFC 2202 and 4231 (test case 2).
    @Test(arguments: [
        (Crypto.Hash.md5, "900150983cd24fb0d6963f7d28e17f72", "750c783e6ab0b503eaa86e310a5db738"),
        (.sha1, "a9993e364706816aba3e25717850c26c9cd0d89d", "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"),
        (
            .sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        ),
    ])
    func `digests and authenticates as the standards say`(hash: Crypto.Hash, digest: String, code: String) {
        #expect(Hex.encode(Crypto.digest(hash, "abc".utf8)) == digest)
        #expect(Hex.encode(Crypto.hmac(hash, key: "Jefe".utf8, "what do ya want for nothing?".utf8)) == code)
    }

    @Test(arguments: [(Crypto.Hash.sha384, 48), (.sha512, 64)]) func `knows the longer hashes`(hash: Crypto.Hash, size: Int) {
        #expect(Crypto.digest(hash, []).count == size)
        #expect(Crypto.hmac(hash, key: [], []).count == size)
    }

    @Test func `opens a box only with its key, its context and every bit in place`() throws {
        let key = try Crypto.random(32)
        let box = try Crypto.seal(Array("secret".utf8), key: key, context: Array("row 1".utf8))
        #expect(try Crypto.open(box, key: key, context: Array("row 1".utf8)) == Array("secret".utf8))
        #expect(try Crypto.open(box, key: key, context: Array("row 2".utf8)) == nil)
        #expect(try Crypto.open(box, key: try Crypto.random(32), context: Array("row 1".utf8)) == nil)
        for index in box.indices {
            var changed = box
            changed[index] ^= 1
            #expect(try Crypto.open(changed, key: key, context: Array("row 1".utf8)) == nil)
        }
        for count in 0..<box.count { #expect(try Crypto.open(Array(box.prefix(count)), key: key, context: Array("row 1".utf8)) == nil) }
    }

    @Test func `seals the empty text, and never twice alike`() throws {
        let key = try Crypto.random(32)
        let (one, two) = (try Crypto.seal([], key: key), try Crypto.seal([], key: key))
        #expect(one != two)
        #expect(try Crypto.open(one, key: key) == [])
    }

    @Test func `refuses a key of another size`() {
        #expect(throws: Crypto.Failure.self) { try Crypto.seal([1], key: [1, 2, 3]) }
    }

    /// Source: RFC 8032 section 7.1, test 3.
    @Test func `verifies Ed25519`() throws {
        let key = try #require(Hex.decode("fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025"))
        let signature = try #require(
            Hex.decode(
                "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"
            )
        )
        #expect(Crypto.verifyEd25519(signature, of: [0xaf, 0x82], key: key))
        #expect(!Crypto.verifyEd25519(signature, of: [0xaf, 0x83], key: key))
        #expect(!Crypto.verifyEd25519([], of: [0xaf, 0x82], key: key))
        #expect(!Crypto.verifyEd25519(signature, of: [0xaf, 0x82], key: Array(key.dropLast())))
    }

    @Test func `compares by value, whatever the lengths`() {
        #expect(Crypto.equal([1, 2, 3], [1, 2, 3]))
        #expect(!Crypto.equal([1, 2, 3], [1, 2, 4]))
        #expect(!Crypto.equal([1, 2, 3], [1, 2]))
        #expect(Crypto.equal([UInt8](), []))
    }

    @Test(arguments: [("00ff", [0, 255]), ("00FF", [0, 255]), ("0", nil), ("0g", nil), ("", [])] as [(String, [UInt8]?)])
    func `reads hexadecimal text strictly`(text: String, bytes: [UInt8]?) { #expect(Hex.decode(text) == bytes) }

    @Test(arguments: [("-_8", [251, 255]), ("+/8", nil), ("AA", [0]), ("A*", nil)] as [(String, [UInt8]?)])
    func `reads the URL form of base64 strictly`(text: String, bytes: [UInt8]?) { #expect(Base64.decodeURL(text) == bytes) }
}
