import HTTPTypes
import HummingbirdCore
import Testing

@testable import ParleyServer

@Suite struct RoutesTests {
    private func routes() -> Routes {
        var routes = Routes()
        for (method, pattern) in [
            (HTTPRequest.Method.get, "/v1/keys"), (.post, "/v1/keys"), (.get, "/v1/keys/:id"), (.get, "/v1/keys/mine"),
            (nil, "/hooks/:channel"),
        ] as [(HTTPRequest.Method?, String)] {
            routes.on(method, pattern) { _ in Response(status: .ok) }
        }
        return routes
    }

    @Test(arguments: [
        ("GET", "/v1/keys", "/v1/keys"), ("HEAD", "/v1/keys", "/v1/keys"), ("GET", "/v1/keys/", "/v1/keys"),
        ("GET", "/v1/keys/7", "/v1/keys/:id id=7"), ("GET", "/v1/keys/a%2Fb", "/v1/keys/:id id=a/b"),
        ("GET", "/v1/keys/mine", "/v1/keys/mine"),
        ("PUT", "/hooks/c", "/hooks/:channel channel=c"), ("DELETE", "/v1/keys", "allowed GET HEAD POST"), ("GET", "/v1", "nothing"),
        ("GET", "/", "nothing"), ("GET", "/v1/keys//", "nothing"), ("GET", "/v1/keys/%FF", "nothing"), ("GET", "/v1/keys/1/2", "nothing"),
    ])
    func `finds the handler of a method and a path`(method: String, path: String, expected: String) throws {
        let found =
            switch self.routes().match(try #require(HTTPRequest.Method(method)), path) {
            case .found(let route, let parameters):
                ([route.pattern] + parameters.map { "\($0)=\($1)" }).joined(separator: " ")
            case .wrongMethod(let allowed): (["allowed"] + allowed).joined(separator: " ")
            case .nothing: "nothing"
            }
        #expect(found == expected)
    }
}
