import Foundation
import Parley
import Testing

@Suite struct HookRequestTests {
    @Test(arguments: [("https://bridge.test/hooks/1", "3", "abcdef"), ("smtp:", "3", "def"), ("smtp:", "-3", "abcdef"), ("smtp:", "9", "")])
    func `a header tells what of the body is ours only of a mail`(url: String, length: String, content: String) {
        let headers = ["trace-length": length]
        let request = HookRequest(method: "POST", url: url, route: nil, headers: headers, body: Array("abcdef".utf8), at: Date())
        #expect(String(decoding: request.content, as: UTF8.self) == content)
    }
}
