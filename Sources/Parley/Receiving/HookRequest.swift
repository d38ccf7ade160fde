package import Foundation

/// One request a provider made.
package struct HookRequest: Hashable, Sendable, Codable {
    package var method: String
    /// The public URL as the provider knows it, with path and query.
    package var url: String
    /// The part behind the channel in `/hooks/{channel}/{route}`; nil when there is none.
    package var route: String?
    /// Names in lower case; a repeated header's values joined by `, `.
    package var headers: [String: String]
    package var body: [UInt8]
    /// When it arrived.
    package var at: Date
    package init(method: String, url: String, route: String?, headers: [String: String], body: [UInt8], at: Date) {
        self.method = method
        self.url = url
        self.route = route
        self.headers = headers
        self.body = body
        self.at = at
    }
}

extension HookRequest {
    /// A hook's URL is ours and http; only our own mail server and mailbox pick-up name these. So nobody brings mail by POST.
    package var isMail: Bool { self.url == "smtp:" || self.url == "imap:" }

    /// Bytes of a mail's body that we put before it. Of anything else a caller's header says nothing.
    package var traceLength: Int { self.isMail ? max(self.headers["trace-length"].flatMap { Int($0) } ?? 0, 0) : 0 }

    /// The body as its sender made it: of a mail, without the `Received:` header of ours, which is another each time.
    package var content: ArraySlice<UInt8> { self.body.dropFirst(self.traceLength) }
}
