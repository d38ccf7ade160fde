import Channels
import Foundation
package import HTTPTypes
package import HummingbirdCore

/// The files of one folder, as a browser may have them: of known types only, and revalidated by their content.
///
/// Read anew for each request: they are few and small, and whoever changes one sees it at the next load.
package struct StaticFiles: Sendable {
    private let folder: String
    private let headers: HTTPFields

    /// - Parameter headers: for every answer, such as who else may load the files.
    package init(folder: String, headers: HTTPFields = [:]) {
        self.folder = folder
        self.headers = headers
    }

    /// - Parameter name: of the file in the folder itself; no path.
    /// - Throws: `Problem.notFound` for a name of another shape, an unknown type, and a file that is not there.
    package func answer(_ name: String, to request: IncomingRequest) throws(Problem) -> Response {
        guard name.wholeMatch(of: /[a-z0-9_-]+(\.[a-z0-9_-]+)+/) != nil,
            let type = Self.types[String(name.split(separator: ".").last ?? "")],
            let data = FileManager.default.contents(atPath: "\(self.folder)/\(name)")
        else { throw Problem.notFound }
        let bytes = [UInt8](data)
        let tag = "\"\(Hex.encode(Array(Crypto.sha256(bytes).prefix(16))))\""
        var headers = self.headers
        headers[.eTag] = tag
        if headers[.cacheControl] == nil { headers[.cacheControl] = "no-cache" }
        if Self.names(tag, in: request.headers[.ifNoneMatch]) { return Response(status: .notModified, headers: headers) }
        return .bytes(.ok, bytes, type: type, headers: headers)
    }

    /// Weakly compared. Source: RFC 9110 section 13.1.2.
    private static func names(_ tag: String, in header: String?) -> Bool {
        (header ?? "").split(separator: ",").contains { entry in
            let entry = entry.trimmingCharacters(in: .whitespaces)
            return entry == "*" || entry == tag || entry == "W/\(tag)"
        }
    }

    private static let types = [
        "html": "text/html; charset=utf-8", "js": "text/javascript; charset=utf-8", "css": "text/css; charset=utf-8",
        "svg": "image/svg+xml",
        "png": "image/png", "woff2": "font/woff2",
    ]
}
