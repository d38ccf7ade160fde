import Foundation
import Parley
import Testing

@testable import Channels

@Suite struct BodyTests {
    @Test(arguments: [
        ("a=1&b=2", ["a=1", "b=2"]), ("a=%2B+%26", ["a=+ &"]), ("a", ["a="]), ("a=b=c", ["a=b=c"]), ("", []), ("&&a=1&", ["a=1"]),
        ("a=%zz%4", ["a=%zz%4"]), ("a=%ff", ["a=\u{FFFD}"]), ("%61=%F0%9F%98%80", ["a=😀"]),
    ]) func `reads a form`(text: String, fields: [String]) {
        #expect(FormBody.parse(text.utf8)?.map { "\($0.name)=\($0.value)" } == fields)
    }

    @Test func `writes a form that reads back alike`() {
        let fields = [("a b", "1+1=2 & 100% 😀"), ("~!*'()", "\r\n\u{0}")]
        #expect(FormBody.parse(FormBody.write(fields).utf8)?.map { "\($0.name)=\($0.value)" } == fields.map { "\($0.0)=\($0.1)" })
    }

    @Test func `refuses a form of too many fields`() {
        #expect(FormBody.parse(String(repeating: "a=1&", count: FormBody.maxFields + 5).utf8) == nil)
    }

    private static let multipart = """
        preamble\r
        --xyz\r
        Content-Disposition: form-data; name="text"\r
        \r
        hello\r
        there\r
        --xyz\r
        content-type: image/png\r
        Content-Disposition: form-data; name="file"; filename="a;b.png"\r
        \r
        12345\r
        --xyz--\r

        """

    @Test func `reads a form of parts`() throws {
        let body = try #require(MultipartBody(Array(Self.multipart.utf8), contentType: "multipart/form-data; boundary=\"xyz\""))
        #expect(body.fields.map { "\($0.name)=\($0.value)" } == ["text=hello\r\nthere"])
        #expect(body.files == [["field": "file", "name": "a;b.png", "type": "image/png", "size": 5]])
    }

    @Test(arguments: ["multipart/form-data", "multipart/form-data; boundary=other", "multipart/form-data; boundary="])
    func `refuses a form of parts without its boundary`(type: String) {
        #expect(MultipartBody(Array(Self.multipart.utf8), contentType: type) == nil)
    }

    @Test func `refuses a form of parts that is cut`() {
        let bytes = Array(Self.multipart.utf8)
        for count in 0..<bytes.count - 4 {
            #expect(MultipartBody(Array(bytes.prefix(count)), contentType: "multipart/form-data; boundary=xyz") == nil)
        }
    }

    @Test func `reads XML`() throws {
        let text = #"<?xml version="1.0"?><!-- c --><a x="1 &lt; 2"><b>t&amp;&#x1F600;<![CDATA[<raw>]]></b><c/></a> "#
        let child: (String, String) -> JSON = { ["name": .string($0), "attributes": [:], "text": .string($1), "children": []] }
        #expect(
            try XMLBody.parse(Array(text.utf8)) == [
                "name": "a", "attributes": ["x": "1 < 2"], "text": "", "children": [child("b", "t&😀<raw>"), child("c", "")],
            ]
        )
    }

    @Test(arguments: [
        "", "a", "<a>", "<a></b>", "<a/><b/>", "<a b></a>", "<a b=1/>", "<a x='1' x='2'/>", "<a>&nbsp;</a>", "<a>&#0;</a>",
        "<!DOCTYPE a [<!ENTITY b SYSTEM \"file:///etc/passwd\">]><a>&b;</a>", "<a>&", "<a", "<", "<a><!--", "<a><![CDATA[", "\u{FEFF}",
        String(repeating: "<a>", count: 5000) + String(repeating: "</a>", count: 5000),
        "<a>&b;</a>", "<?xml version=\"1.0\" encoding=\"UTF-16\"?><a>\u{FFFF}</a>", "<a>\u{0}</a>",
    ]) func `refuses what is no XML, or reaches out`(text: String) throws { #expect(try XMLBody.parse(Array(text.utf8)) == nil) }

    @Test func `an XML document of more elements than may be is not read to its end`() {
        let many = "<a>" + String(repeating: "<b/>", count: JSON.valueLimit / 4) + "</a>"
        let error = #expect(throws: JSONError.self) { try XMLBody.parse(Array(many.utf8)) }
        #expect(error?.code == .tooMany)
    }
}
