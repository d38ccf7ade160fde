import Foundation
import Testing

@testable import Channels

@Suite struct HTMLTests {
    @Test(arguments: [
        (
            "<p>Hello <b>team</b>,</p><p>the parcel is <i>broken</i>.<br>Please replace it.</p>",
            "Hello team,\n\nthe parcel is broken.\nPlease replace it."
        ),
        ("<div>Price &lt; 5&nbsp;&euro; &amp; &quot;fast&quot; &#8211; caf&eacute; &#x1F600;</div>", "Price < 5 € & \"fast\" – café 😀"),
        ("<p>To do:</p><ul><li>one</li><li>two</li></ul>", "To do:\n\n- one\n- two"), ("<pre>a\n  b</pre>", "a\n  b"),
        (
            "<head><title>No</title><style>p{}</style></head><script>alert(1)</script><!-- hidden --><p onclick=\"x()\">Only this.</p>",
            "Only this."
        ),
        ("<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>", "a b\nc"),
        ("<div style=\"display: none\">preheader</div>Hi", "Hi"), ("", ""), ("plain", "plain"),
        (String(repeating: "<div>", count: 5_000) + "deep", "deep"), ("<meta charset=\"iso-8859-1\">Zürich grüßt", "Zürich grüßt"),
    ])
    func `reads as a person would`(html: String, text: String) {
        #expect(HTMLText.text(of: html).trimmingCharacters(in: .whitespacesAndNewlines) == text)
    }

    /// B102 to B105, and what is known to survive weaker filters.
    @Test(arguments: [
        "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "<svg onload=alert(1)>",
        "<svg><feImage href=\"https://evil.test/x\"/></svg>",
        "<style>@import 'https://evil.test/x.css'</style>", "<p style=\"width:expression(alert(1))\">a</p>",
        "<p style=\"background:url(https://evil.test/x)\">a</p>",
        "<base href=\"https://evil.test/\">",
        "<form action=\"https://evil.test/\"><input name=a><button formaction=\"javascript:alert(1)\">b</button></form>",
        "<meta http-equiv=refresh content=\"0;url=https://evil.test/\">", "<a href=\"java\tscript:alert(1)\">a</a>",
        "<a href=\"&#106;avascript:alert(1)\">a</a>",
        "<a href=\"data:text/html,<script>alert(1)</script>\">a</a>",
        "<math><mtext><table><mglyph><style><!--</style><img title=\"--&gt;&lt;img src=1 onerror=alert(1)&gt;\">",
        "<noscript><p title=\"</noscript><img src=x onerror=alert(1)>\">", "<iframe srcdoc=\"<script>alert(1)</script>\"></iframe>",
        "<object data=\"https://evil.test/x\"></object>",
        "<link rel=stylesheet href=\"https://evil.test/x.css\">", "<img src=\"https://evil.test/pixel.gif\">",
        "<video poster=\"https://evil.test/x\" autoplay></video>",
        "<p title=\"a&quot; onmouseover=&quot;alert(1)\">b</p>", "<img alt=\"`onerror=alert(1)\" src=\"x\">",
        "<table background=\"https://evil.test/x\"><tr><td>a</td></tr></table>",
        "<textarea><img src=x onerror=alert(1)></textarea>", "<a id=location name=cookie href=\"vbscript:x\">a</a>",
        "<p style=\"behavior:url(#x);-moz-binding:url(x)\">a</p>",
        "<svg></p><style><a id=\"</style><img src=1 onerror=alert(1)>\">", "<img srcset=\"https://evil.test/x 2x\">",
        "<isindex action=\"javascript:alert(1)\">", "<x:script>alert(1)</x:script>",
    ])
    func `nothing runs, loads or navigates`(html: String) {
        let once = HTMLSanitizer.sanitized(html)
        let lowered = once.lowercased()
        let live = once.components(separatedBy: "<").dropFirst().map { $0.components(separatedBy: ">")[0].lowercased() }
        for tag in live {
            for word in ["script", "style", "svg", "math", "iframe", "form", "input", "base", "meta", "link", "object", "video"] {
                #expect(!tag.hasPrefix(word) && !tag.hasPrefix("/" + word))
            }
            // Outside quotes no attribute of ours begins with `on`, and none but a link leads anywhere.
            let bare = tag.split(separator: "\"", omittingEmptySubsequences: false).enumerated().filter { $0.offset.isMultiple(of: 2) }.map(
                \.element
            ).joined()
            #expect(!bare.contains(" on"))
            for attribute in [" src=", " srcset", " background", " action", " poster", " id", " name", " class"] {
                #expect(!bare.contains(attribute))
            }
        }
        #expect(!lowered.contains("javascript:") && !lowered.contains("url(") && !lowered.contains("expression"))
        let twice = HTMLSanitizer.sanitized(once)
        #expect(HTMLSanitizer.sanitized(twice) == twice)
    }

    @Test func `what a mail needs stays`() {
        let html =
            #"<p style="color: #333; position: fixed">Hi <a href="https://shop.test/?a=1&amp;b=2" onclick="x()">shop</a> <img src="cid:logo@a" alt="Logo"></p>"#
        let clean = HTMLSanitizer.sanitized(html, files: ["logo@a": "/v1/attachments/1"])
        #expect(
            clean
                == #"<p style="color: #333">Hi <a href="https://shop.test/?a=1&amp;b=2" target="_blank" rel="noopener noreferrer nofollow">shop</a> <img src="/v1/attachments/1" alt="Logo"></p>"#
        )
    }

    @Test(arguments: [
        (
            "<p>Bitte:<p><![if !supportLists]>1. <![endif]>Lampe<!--[if gte mso 9]><xml><o:x>q</o:x></xml><![endif]--> da",
            "Bitte: 1. Lampe da"
        ),
        ("<p>a<!--> b<!-- c > -- d --> e", "a b e"), ("<p>&#147;Ja&#148; &#150; &#128;5", "“Ja” – €5"),
        ("<img src=\"data:image/png;base64,\(String(repeating: "A", count: 1_200_000))\"><p>behind", "behind"),
        ("<a title='x>y' href=z>in</a> out", "in out"),
    ])
    func `what only programs read is none of the text`(html: String, text: String) {
        #expect(HTMLText.text(of: html).split(whereSeparator: \.isWhitespace).joined(separator: " ") == text)
    }

    @Test func `a thousand attributes cost no more than a hundred`() {
        let tag = "<p " + (0..<50_000).map { "a\($0)=1" }.joined(separator: " ") + ">text</p>"
        #expect(HTMLSource.readable(tag.utf8, upTo: 1_000_000).count < 2_000)
        #expect(HTMLText.text(of: tag) == "text\n")
    }

    @Test(arguments: [
        String(repeating: "<b>", count: 300_000), String(repeating: "<p a=b c=d>", count: 90_000),
        "<a " + String(repeating: "x=1 ", count: 200_000) + ">y</a>",
        String(repeating: "&amp;", count: 200_000), String(repeating: "<table><tr><td>", count: 20_000),
        "<p>open <b>bold <a href='x>never closed <div <<<<>>> &unknown; &#0; text",
    ])
    func `hostile markup is read to its end, and stays within what may be read`(html: String) {
        let page = HTMLSanitizer.sanitized(html)
        #expect(String(validating: Array(page.utf8), as: UTF8.self) != nil && !page.lowercased().contains("x="))
        #expect(HTMLText.text(of: html).utf8.count <= html.utf8.count)
    }
}
