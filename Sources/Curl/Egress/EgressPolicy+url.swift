extension EgressPolicy {
    /// Whether `url` may be saved as a target: what can be told without asking the network.
    ///
    /// The URL is read by the parser that will dial it, so `http://127.1`, `http://2130706433` and `http://0x7f.1` are what they mean.
    ///
    /// - Throws: `.invalidRequest`, `.schemeNotAllowed`, `.portNotAllowed`, `.userInfoNotAllowed`, `.egressDenied`.
    package func check(url: String) throws(TransferError) {
        let url = try ParsedURL(url)
        guard url.scheme == "http" || url.scheme == "https" else {
            throw TransferError(.schemeNotAllowed, detail: "the scheme is neither http nor https")
        }
        guard !url.hasUserInfo else {
            throw TransferError(.userInfoNotAllowed, detail: "the URL holds a user name or a password")
        }
        guard let port = url.port, Self.isAllowed(port: port) else {
            throw TransferError(.portNotAllowed, detail: "the port is not 80, 443 or one above 1023 that carries HTTP")
        }
        try self.check(host: url.host)
    }

    /// Whether a URL of a channel's settings may be saved: of HTTP, or of a mail server.
    package func check(target url: String) throws(TransferError) {
        switch try ParsedURL(url).scheme {
        case "smtp", "smtps": try self.check(MailServer(url: url, service: .smtp))
        case "imap", "imaps": try self.check(MailServer(url: url, service: .imap))
        default: try self.check(url: url)
        }
    }

    /// Whether mail may be handed over or fetched there: the same, for the ports of mail.
    package func check(_ server: MailServer) throws(TransferError) {
        guard Self.mailPorts.contains(server.port) || Self.isAllowed(port: server.port) else {
            throw TransferError(.portNotAllowed, detail: "the port is not 25, 143, 465, 587, 993 or one above 1023 that carries mail")
        }
        try self.check(host: server.host)
    }

    private func check(host: String) throws(TransferError) {
        guard !host.isEmpty else { throw TransferError(.invalidRequest, detail: "the URL names no host") }
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

    private static let mailPorts: Set<Int> = [25, 143, 465, 587, 993]

    private static func isAllowed(port: Int) -> Bool {
        port == 80 || port == 443 || (1024...65535).contains(port) && !self.otherProtocols.contains(port)
    }

    /// Ports above 1023 where something else listens that could be talked into harm by our words.
    ///
    /// Source: WHATWG Fetch, "bad port"; and the usual ports of databases and of the Docker daemon.
    private static let otherProtocols: Set<Int> = [
        1719, 1720, 1723, 2049, 2375, 3306, 3659, 4045, 4190, 5060, 5061, 5432, 6000, 6379, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697,
        10080, 11211, 27017,
    ]
}
