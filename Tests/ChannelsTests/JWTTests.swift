import Foundation
import Parley
import Testing

@testable import Channels

@Suite struct JWTTests {
    private static let now = 1_772_442_000.0

    private func token(_ claims: String, algorithm: String = "HS256", hash: Crypto.Hash = .sha256, key: String = "k") -> String {
        let signed = "\(Base64.encodeURL(Array(#"{"alg":"\#(algorithm)"}"#.utf8))).\(Base64.encodeURL(Array(claims.utf8)))"
        return "\(signed).\(Base64.encodeURL(Crypto.hmac(hash, key: key.utf8, signed.utf8)))"
    }

    @Test(arguments: [("HS256", Crypto.Hash.sha256), ("HS384", .sha384), ("HS512", .sha512)])
    func `verifies a shared secret`(algorithm: String, hash: Crypto.Hash) throws {
        let token = try #require(JWT(self.token("{}", algorithm: algorithm, hash: hash)))
        #expect(token.isSigned(with: Array("k".utf8)))
        #expect(!token.isSigned(with: Array("K".utf8)))
    }

    @Test func `verifies Ed25519`() throws {
        let key = try #require(Hex.decode("b6064c084b6a155bdc2443f418d196f2c98b0c2445949bb6c357fd38c57ee415"))
        let text =
            "eyJhbGciOiAiRWREU0EifQ.eyJzdWIiOiAibWUiLCAiZXhwIjogMTc3MjQ0MjEwMH0.mAdKJBT9DnpQba0IQi8fGE21sZLwtkC_riVUWJafvpivZYLsPVi7IuMSPZ0vz3g15hDNkps2Hds71okuaoKSCw"
        let token = try #require(JWT(text))
        #expect(token.isSigned(with: key) && token.claims["sub"] == "me")
        #expect(try !#require(JWT(text.replacing("mAdK", with: "mAdL"))).isSigned(with: key))
    }

    @Test func `verifies RSA`() throws {
        let token = try #require(JWT(Self.rsaToken))
        #expect(token.isSigned(with: Array(VerificationTests.rsaKey.utf8)))
        #expect(!token.isSigned(with: Array(VerificationTests.shortKey.utf8)))
    }

    @Test(arguments: ["", "a.b", "a.b.c.d", "e30.e30.", "eyJhbGciOiJub25lIn0.e30.", "eyJhbGciOiJIUzI1NiIsImNyaXQiOlsieCJdfQ.e30.AA"])
    func `takes no token that is unsigned, unreadable or wants more than we know`(text: String) { #expect(JWT(text) == nil) }

    @Test(arguments: [
        ("{}", true), (#"{"exp": 1772442000}"#, true), (#"{"exp": 1772441939}"#, false), (#"{"nbf": 1772442060}"#, true),
        (#"{"nbf": 1772442061}"#, false), (#"{"iat": 1772442061}"#, false), (#"{"exp": "soon"}"#, false), (#"{"exp": null}"#, false),
    ]) func `counts its time, a minute either way`(claims: String, isCurrent: Bool) throws {
        #expect(try #require(JWT(self.token(claims))).isCurrent(at: Self.now, tolerance: 60, maxAge: nil) == isCurrent)
    }

    @Test(arguments: [(#"{"iat": 1772441400}"#, true), (#"{"iat": 1772441339}"#, false), ("{}", false)])
    func `grows stale where an age is set`(claims: String, isCurrent: Bool) throws {
        #expect(try #require(JWT(self.token(claims))).isCurrent(at: Self.now, tolerance: 60, maxAge: 600) == isCurrent)
    }

    private static let rsaToken = [
        "eyJhbGciOiAiUlMyNTYifQ", "eyJzdWIiOiAibWUiLCAiZXhwIjogMTc3MjQ0MjEwMH0",
        "i___fCqn6x4mFXsDeA_H7syVPKpuVC9ICDzdOmguWjYf1ugVA4QTxU8eA08HT48qIFcjctGCEXIA__IgX_cR9si-01FuWiiFbAUQeLbKDKPUnJ-kmBnbmw0z5CTLVWAgRD_"
            + "PpTx1i7agcRkB_Y3HvBxpa6oywrGRyar3ISXhEiqD_Nl9PSSFsawwm5gp8hHkFOUmKsTuZLRUvShfMevwqsl5WHXb3pPbHB_EuJWH1DcVOHKPg0HPMLO52Fo-ieUye-"
            + "VfYIBRHmP_zmg2gCejNxpa9lGW3qZvQolbOT3jqcOY1NPb4hiTjMbfM2aiaxAku78RiTRoEUtTy3Zpzv0zww",
    ].joined(separator: ".")
}
