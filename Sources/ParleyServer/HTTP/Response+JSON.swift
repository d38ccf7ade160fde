package import HTTPTypes
package import HummingbirdCore
import NIOCore
package import Parley

extension Response {
    package static func json(_ status: HTTPResponse.Status = .ok, _ value: JSON, headers: HTTPFields = [:]) -> Response {
        .bytes(status, Array(value.text.utf8), type: "application/json", headers: headers)
    }

    package static func text(_ status: HTTPResponse.Status = .ok, _ text: String, type: String = "text/plain; charset=utf-8") -> Response {
        .bytes(status, Array(text.utf8), type: type)
    }

    package static func bytes(
        _ status: HTTPResponse.Status = .ok,
        _ bytes: [UInt8],
        type: String,
        headers: HTTPFields = [:]
    ) -> Response {
        var headers = headers
        headers[.contentType] = type
        return Response(status: status, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
    }

    package static let noContent = Response(status: .noContent)

    package static func problem(_ problem: Problem, instance: String?, requestID: String) -> Response {
        .bytes(
            HTTPResponse.Status(code: problem.status),
            Array(problem.json(instance: instance, requestID: requestID).text.utf8),
            type: "application/problem+json",
            headers: problem.headers
        )
    }
}
