import CLibcurl

extension EgressPolicy {
    /// Whether `url` may be saved as a target: what can be told without asking the network.
    ///
    /// The URL is read by the parser that will dial it, so `http://127.1`, `http://2130706433` and `http://0x7f.1` are what they mean.
    ///
    /// - Throws: `.invalidRequest`, `.schemeNotAllowed`, `.portNotAllowed`, `.userInfoNotAllowed`, `.egressDenied`.
    package func check(url: String) throws(TransferError) {
        guard !url.utf8.contains(0), let handle = curl_url() else { throw TransferError(.invalidRequest, detail: "the URL cannot be read") }
        defer { curl_url_cleanup(handle) }
        let read = curl_url_set(handle, CURLUPART_URL, url, UInt32(CURLU_NON_SUPPORT_SCHEME))
        guard read == CURLUE_OK else { throw TransferError(.invalidRequest, detail: String(cString: curl_url_strerror(read))) }
        func part(_ part: CURLUPart, flags: Int32 = 0) -> String? {
            var text: UnsafeMutablePointer<CChar>?
            guard curl_url_get(handle, part, &text, UInt32(flags)) == CURLUE_OK, let text else { return nil }
            defer { curl_free(text) }
            return String(cString: text)
        }
        guard let scheme = part(CURLUPART_SCHEME)?.lowercased(), scheme == "http" || scheme == "https" else {
            throw TransferError(.schemeNotAllowed, detail: "the scheme is neither http nor https")
        }
        guard part(CURLUPART_USER) == nil, part(CURLUPART_PASSWORD) == nil else {
            throw TransferError(.userInfoNotAllowed, detail: "the URL holds a user name or a password")
        }
        guard let port = part(CURLUPART_PORT, flags: CURLU_DEFAULT_PORT).flatMap({ Int($0) }), Self.isAllowed(port: port) else {
            throw TransferError(.portNotAllowed, detail: "the port is not 80, 443 or one above 1023 that carries HTTP")
        }
        guard let host = part(CURLUPART_HOST)?.lowercased(), !host.isEmpty else {
            throw TransferError(.invalidRequest, detail: "the URL names no host")
        }
        guard self.permits(host: host) else {
            throw TransferError(.egressDenied, detail: "the host is an address that outbound calls may not reach")
        }
    }

    /// A name is judged by its addresses, at connect; only `localhost` always means this machine (RFC 6761 section 6.3).
    private func permits(host: String) -> Bool {
        let bare = host.hasPrefix("[") && host.hasSuffix("]") ? String(host.dropFirst().dropLast()) : host
        let name = bare.hasSuffix(".") ? String(bare.dropLast()) : bare
        if let address = IPAddress(name) { return self.permits(address) }
        guard name == "localhost" || name.hasSuffix(".localhost") else { return true }
        return ["127.0.0.1", "::1"].contains { self.permits(IPAddress($0)!) }
    }

    private static func isAllowed(port: Int) -> Bool {
        port == 80 || port == 443 || (1024...65535).contains(port) && !self.otherProtocols.contains(port)
    }

    /// Ports above 1023 where something else listens that could be talked into harm by an HTTP request.
    ///
    /// Source: WHATWG Fetch, "bad port"; and the usual ports of databases and of the Docker daemon.
    private static let otherProtocols: Set<Int> = [
        1719, 1720, 1723, 2049, 2375, 3306, 3659, 4045, 4190, 5060, 5061, 5432, 6000, 6379, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697,
        10080, 11211, 27017,
    ]
}
