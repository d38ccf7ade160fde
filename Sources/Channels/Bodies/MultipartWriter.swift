internal import Parley

/// Writes a `multipart/form-data` body, in the order given.
///
/// Source: RFC 7578; WHATWG HTML, "multipart/form-data encoding algorithm" (names and file names).
enum MultipartWriter {
    enum Part {
        case text(name: String, value: String)
        case file(name: String, AttachmentFile)
    }

    static func write(_ parts: [Part]) -> (type: String, body: [UInt8]) {
        let boundary = self.boundary(of: parts)
        var body: [UInt8] = []
        for part in parts {
            body += Array("--\(boundary)\r\nContent-Disposition: form-data; ".utf8)
            switch part {
            case .text(let name, let value): body += Array("name=\"\(self.escaped(name))\"\r\n\r\n\(value)".utf8)
            case .file(let name, let file):
                let filename = self.escaped(file.filename ?? "file")
                let head = "name=\"\(self.escaped(name))\"; filename=\"\(filename)\"\r\nContent-Type: \(file.contentType)\r\n\r\n"
                body += Array(head.utf8) + file.bytes
            }
            body += [0x0d, 0x0a]
        }
        body += Array("--\(boundary)--\r\n".utf8)
        return ("multipart/form-data; boundary=\(boundary)", body)
    }

    /// Made of the digest of all there is, which nothing in it can hold; the same parts are the same bytes.
    private static func boundary(of parts: [Part]) -> String {
        var all: [UInt8] = []
        for part in parts {
            switch part {
            case .text(let name, let value): all += Array("\(name)=\(value)\n".utf8)
            case .file(let name, let file): all += Array("\(name)\n".utf8) + file.sha256
            }
        }
        return "parley-\(Hex.encode(Crypto.sha256(all)).prefix(40))"
    }

    private static func escaped(_ text: String) -> String {
        text.replacing("\"", with: "%22").replacing("\r", with: "%0D").replacing("\n", with: "%0A")
    }
}
