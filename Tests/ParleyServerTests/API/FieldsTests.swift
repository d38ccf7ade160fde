import Curl
import Foundation
import HTTPTypes
import Parley
import Testing

@testable import ParleyServer

private func media(_ url: String) -> String { #"{"type": "text", "text": {"text": "x"}, "media": [{"url": "\#(url)"}]}"# }
private func button(_ url: String) -> String { #"{"type": "text", "text": {"text": "x"}, "buttons": [{"title": "a", "url": "\#(url)"}]}"# }

@Suite struct FieldsTests {
    private func request(_ body: [UInt8], type: String? = nil) -> IncomingRequest {
        var headers = HTTPFields()
        headers[.contentType] = type
        return IncomingRequest(id: "1", method: .post, path: "/", headers: headers, body: body, at: Date())
    }

    private static let refusals: [(String, String, Int, String)] = [
        ("no JSON", "hello", 400, "malformed_json"),
        ("trailing bytes", "{} {}", 400, "malformed_json"),
        ("a name twice", #"{"name": 1, "name": 2}"#, 400, "malformed_json"),
        ("a lone surrogate", #"{"name": "\ud800"}"#, 400, "malformed_json"),
        ("10,000 deep", String(repeating: "[", count: 10_000), 400, "too_deep"),
        ("a number beyond a double", #"{"name": 1e400}"#, 422, "invalid_number"),
        ("a NUL", #"{"name": "a\u0000"}"#, 422, "control_character"),
        ("CR LF in a name", #"{"name": "a\r\nBcc: x"}"#, 422, "control_character"),
        ("an unknown member", #"{"name": "a", "workspace_id": "x"}"#, 422, "unknown_field"),
        ("a prototype", #"{"name": "a", "__proto__": {}}"#, 422, "unknown_field"),
        ("no name", "{}", 422, "required"),
        ("a list", "[]", 422, "wrong_type"),
        ("blanks for a name", #"{"name": "  "}"#, 422, "required"),
        ("a name too long", #"{"name": "\#(String(repeating: "a", count: 256))"}"#, 422, "too_long"),
    ]

    @Test(arguments: Self.refusals)
    func `refuses a body that is not what it should be`(what: String, body: String, status: Int, code: String) throws {
        let problem = try #require(throws: Problem.self) {
            var fields = try Fields(body: self.request(Array(body.utf8)))
            _ = fields.requiredLine("name")
            try fields.finish()
        }
        #expect((problem.status, problem.code) == (status, code), "\(what)")
    }

    @Test func `refuses bytes that are no text`() throws {
        let body = Array(#"{"name": ""#.utf8) + [0xff] + Array(#""}"#.utf8)
        let problem = try #require(throws: Problem.self) { _ = try Fields(body: self.request(body)) }
        #expect((problem.status, problem.code) == (400, "malformed_json"))
    }

    @Test func `points to a member whatever its name (RFC 6901)`() throws {
        let problem = try #require(throws: Problem.self) {
            var fields = try Fields(body: self.request(Array(#"{"a/b~c": 1}"#.utf8)))
            try fields.finish()
        }
        #expect(problem.errors.map(\.pointer) == ["/a~1b~0c"])
    }

    @Test func `tells where JSON breaks`() throws {
        let problem = try #require(throws: Problem.self) { _ = try Fields(body: self.request(Array(#"{"a": tru}"#.utf8))) }
        #expect(problem.detail.contains("byte 6"))
    }

    @Test func `tells everything that is wrong at once`() throws {
        let problem = try #require(throws: Problem.self) {
            var fields = try Fields(body: self.request(Array(#"{"name": 1, "other": 2}"#.utf8)))
            _ = fields.requiredLine("name")
            _ = fields.requiredLine("to")
            try fields.finish()
        }
        #expect(problem.errors.map { "\($0.pointer) \($0.code)" } == ["/name wrong_type", "/to required", "/other unknown_field"])
    }

    @Test(arguments: ["2027-02-30T00:00:00Z", "99999-01-01T00:00:00Z", "soon"])
    func `refuses a moment that there is not`(text: String) throws {
        let problem = try #require(throws: Problem.self) {
            var fields = try Fields(body: self.request(Array(#"{"expiresAt": "\#(text)"}"#.utf8)))
            _ = fields.date("expiresAt")
            try fields.finish()
        }
        #expect(problem.errors.map { "\($0.pointer) \($0.code)" } == ["/expiresAt invalid_time"])
    }

    @Test(arguments: [
        ("text/plain", 415), ("application/x-www-form-urlencoded", 415), ("application/json; charset=utf-8", 200), (nil, 200),
    ])
    func `takes JSON only`(type: String?, status: Int) {
        do throws(Problem) {
            _ = try Fields(body: self.request(Array("{}".utf8), type: type))
            #expect(status == 200)
        } catch {
            #expect(error.status == status)
        }
    }

    @Test(arguments: [
        (#"{"type": "text", "text": {"text": "hello"}}"#, ""),
        (#"{"type": "text", "text": {"text": "‮ bidi"}}"#, ""),
        (#"{"type": "text", "text": {"text": "   \n"}}"#, "/body/text/text empty_text"),
        (#"{"type": "text"}"#, "/body/text/text empty_text"),
        (#"{"type": "text", "text": {"text": "\u200b\u2060\ufeff"}}"#, "/body/text/text empty_text"),
        (#"{"type": "hologram", "text": {"text": "x"}}"#, "/body/type invalid_choice"),
        (#"{"type": "text", "text": {"text": "x", "size": 1}}"#, "/body/text/size unknown_field"),
        (#"{"type": "text", "text": {"text": "a\u0000"}}"#, "/body/text/text control_character"),
        (#"{"type": "text", "text": {"text": "x"}, "media": [{"url": "file:///etc/passwd"}]}"#, "/body/media/0/url scheme_not_allowed"),
        (media("javascript:alert(1)"), "/body/media/0/url scheme_not_allowed"),
        (media("JavaScript://x/%0Aalert(1)"), "/body/media/0/url scheme_not_allowed"),
        (media("data:text/html,hello"), "/body/media/0/url scheme_not_allowed"),
        (media("gopher://example.com/"), "/body/media/0/url scheme_not_allowed"),
        (media("HTTPS://files.example/a.png"), ""),
        (media("http://2130706433/"), "/body/media/0/url egress_denied"), (media("http://10.0.0.1/"), "/body/media/0/url egress_denied"),
        (media("http://169.254.169.254/"), "/body/media/0/url egress_denied"),
        (media("http://[64:ff9b::a00:1]/"), "/body/media/0/url egress_denied"),
        (media("https://u:p@example.com/"), "/body/media/0/url userinfo_not_allowed"),
        (media("http://example.com:25/"), "/body/media/0/url port_not_allowed"), (media("http://"), "/body/media/0/url invalid_request"),
        (button("javascript:alert(1)"), "/body/buttons/0/url scheme_not_allowed"),
        (button("data:text/html,hello"), "/body/buttons/0/url scheme_not_allowed"),
        (button("file:///etc/passwd"), "/body/buttons/0/url scheme_not_allowed"), (button("tel:+15005550006"), ""),
        (#"{"type": "text", "text": {"text": "x"}, "buttons": [{"value": "1"}]}"#, "/body/buttons/0/title required"),
        (#""hello""#, "/body wrong_type"),
    ])
    func `reads a message's body strictly`(body: String, error: String) throws {
        var fields = try Fields(body: self.request(Array(#"{"body": \#(body)}"#.utf8)))
        _ = fields.messageBody("body", for: nil, egress: EgressPolicy())
        do throws(Problem) {
            try fields.finish()
            #expect(error.isEmpty)
        } catch let problem {
            #expect(problem.errors.map { "\($0.pointer) \($0.code)" } == [error])
        }
    }
}
