import CLibcurl

/// A URL as the parser reads it that will dial it.
struct ParsedURL: Hashable, Sendable {
    /// Lower case.
    let scheme: String
    /// Lower case, an IPv6 address in brackets; empty when there is none.
    let host: String
    /// The scheme's own when the URL names none; nil when that is not known.
    let port: Int?
    let path: String
    let query: String?
    let hasUserInfo: Bool

    /// - Throws: `.invalidRequest`, `.schemeNotAllowed`.
    init(_ url: String) throws(TransferError) {
        guard !url.utf8.contains(0), let handle = curl_url() else { throw TransferError(.invalidRequest, detail: "the URL cannot be read") }
        defer { curl_url_cleanup(handle) }
        let read = curl_url_set(handle, CURLUPART_URL, url, UInt32(CURLU_NON_SUPPORT_SCHEME))
        guard read == CURLUE_OK else {
            // `javascript:…`, `data:…`: a scheme that names no host, which libcurl does not read. With a digit it is a host and its port.
            guard url.prefixMatch(of: /(?i)(?!https?:)[a-z][a-z0-9+.\-]*:(?!\/\/|[0-9])/) == nil else {
                throw TransferError(.schemeNotAllowed, detail: "the scheme is none that names a host")
            }
            throw TransferError(.invalidRequest, detail: String(cString: curl_url_strerror(read)))
        }
        func part(_ part: CURLUPart, flags: Int32 = 0) -> String? {
            var text: UnsafeMutablePointer<CChar>?
            guard curl_url_get(handle, part, &text, UInt32(flags)) == CURLUE_OK, let text else { return nil }
            defer { curl_free(text) }
            return String(cString: text)
        }
        self.scheme = part(CURLUPART_SCHEME)?.lowercased() ?? ""
        self.host = part(CURLUPART_HOST)?.lowercased() ?? ""
        self.port = part(CURLUPART_PORT, flags: CURLU_DEFAULT_PORT).flatMap { Int($0) }
        self.path = part(CURLUPART_PATH) ?? ""
        self.query = part(CURLUPART_QUERY)
        self.hasUserInfo = part(CURLUPART_USER) != nil || part(CURLUPART_PASSWORD) != nil
    }
}
