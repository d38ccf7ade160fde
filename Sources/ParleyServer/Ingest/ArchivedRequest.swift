import Foundation
package import Parley

/// A provider's request as `inbound_requests.request` keeps it: JSON, the body in base64, so that it can be read by eye and replayed.
package enum ArchivedRequest {
    package static func bytes(of request: HookRequest) -> [UInt8] {
        var members: [String: JSON] = [
            "method": .string(request.method), "url": .string(request.url),
            "headers": .object(request.headers.mapValues(JSON.string)),
            "at": .integer(Int64((request.at.timeIntervalSince1970 * 1000).rounded())),
        ]
        if let route = request.route { members["route"] = .string(route) }
        // A mail's body may be tens of megabytes: it is written straight to where it ends up, and never is a string.
        var bytes = Array(JSON.object(members).text.utf8.dropLast())
        let body = Data(request.body).base64EncodedData()
        bytes.reserveCapacity(bytes.count + body.count + 16)
        bytes += Array(",\"body\":\"".utf8)
        bytes += body
        bytes += Array("\"}".utf8)
        return bytes
    }

    /// Nil when the bytes are no such request.
    package static func request(from bytes: [UInt8]) -> HookRequest? {
        guard let json = try? JSON(parsing: bytes), let method = json["method"]?.string, let url = json["url"]?.string,
            let headers = json["headers"]?.object, let body = json["body"]?.string.flatMap({ Data(base64Encoded: $0) }),
            let at = json["at"]?.int
        else { return nil }
        return HookRequest(
            method: method,
            url: url,
            route: json["route"]?.string,
            headers: headers.compactMapValues(\.string),
            body: [UInt8](body),
            at: Date(timeIntervalSince1970: Double(at) / 1000)
        )
    }
}
