/// Where mail is handed over (`smtp`, `smtps`) or fetched (`imap`, `imaps`), and how the line to it is protected.
///
/// `smtp://mail.example:587` must offer STARTTLS, and `smtps://mail.example` speaks TLS from the first byte. `?tls=optional` takes
/// STARTTLS only where it is offered, `?tls=never` does without. A server on this very machine is spoken to in the clear unless its URL
/// says otherwise. With a password, `optional` is `required`: a stripped offer must not get at it. A handshake that fails ends the
/// transfer; nothing is ever sent in the clear instead.
package struct MailServer: Hashable, Sendable {
    package enum Security: String, Hashable, Sendable, CaseIterable { case never, optional, required }
    package enum Service: Hashable, Sendable { case smtp, imap }

    package let service: Service
    /// Lower case, an IPv6 address in brackets.
    package let host: String
    package let port: Int
    /// TLS from the first byte.
    package let isImplicit: Bool
    package let security: Security

    /// - Throws: `.invalidRequest`, `.schemeNotAllowed`, `.portNotAllowed`, `.userInfoNotAllowed`.
    package init(url text: String, service: Service) throws(TransferError) {
        let url = try ParsedURL(text)
        let (plain, secret) = service == .smtp ? ("smtp", "smtps") : ("imap", "imaps")
        guard url.scheme == plain || url.scheme == secret else {
            throw TransferError(.schemeNotAllowed, detail: "the scheme is neither \(plain) nor \(secret)")
        }
        guard !url.hasUserInfo else { throw TransferError(.userInfoNotAllowed, detail: "the URL holds a user name or a password") }
        guard !url.host.isEmpty, url.path.isEmpty || url.path == "/" else {
            throw TransferError(.invalidRequest, detail: "the URL must name a host, and no path")
        }
        guard let port = url.port, 1...65535 ~= port else { throw TransferError(.portNotAllowed, detail: "the URL names no port") }
        self.service = service
        self.host = url.host
        self.port = port
        self.isImplicit = url.scheme == secret
        switch url.query {
        case nil: self.security = self.isImplicit || !Self.isHere(url.host) ? .required : .never
        case let query?:
            guard query.hasPrefix("tls="), let security = Security(rawValue: String(query.dropFirst(4))) else {
                throw TransferError(.invalidRequest, detail: "after ? stands tls=required, tls=optional or tls=never")
            }
            guard !self.isImplicit || security == .required else {
                throw TransferError(.invalidRequest, detail: "\(secret) is always TLS")
            }
            self.security = security
        }
    }

    /// The URL libcurl dials, without what only we understand.
    var dialled: String {
        let scheme = (self.service == .smtp ? "smtp" : "imap") + (self.isImplicit ? "s" : "")
        return "\(scheme)://\(self.host):\(self.port)/"
    }

    private static func isHere(_ host: String) -> Bool {
        if host == "localhost" || host == "[::1]" { return true }
        return IPAddress(host).map { $0.isIPv4 && $0.bytes[0] == 127 } ?? false
    }
}
