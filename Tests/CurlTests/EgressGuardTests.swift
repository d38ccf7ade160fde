import Curl
import TestSupport
import Testing

/// The guard where it counts: a listener on a denied address must not see a single connection.
@Suite struct EgressGuardTests {
    @Test(arguments: ["127.0.0.1", "127.1", "2130706433", "0x7f.1", "[::ffff:7f00:1]", "localhost", "0"])
    func `a denied address is never connected to`(host: String) async throws {
        let peer = try Peer { $0.drain() }
        let client = try HTTPClient(settings: .init(userAgent: "parley/test", egress: EgressPolicy()))
        let error = await #expect(throws: TransferError.self) { try await client.send(.post("http://\(host):\(peer.port)/")) }
        #expect(error?.reason == .egressDenied && error?.phase == .beforeSend)
        #expect(peer.connections == 0)
    }

    @Test(arguments: ["127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "10.0.0.1", "169.254.169.254", "[64:ff9b::7f00:1]"])
    func `a name that turns out to mean a denied address is never connected to`(address: String) async throws {
        let peer = try Peer { $0.drain() }
        let settings = HTTPClient.Settings(
            userAgent: "parley/test",
            egress: EgressPolicy(),
            names: ["rebind.test:\(peer.port):\(address)"]
        )
        let error = await #expect(throws: TransferError.self) {
            try await HTTPClient(settings: settings).send(.post("http://rebind.test:\(peer.port)/"))
        }
        #expect(error?.reason == .egressDenied && error?.phase == .beforeSend)
        #expect(peer.connections == 0)
    }

    @Test func `of several addresses only the permitted ones are tried`() async throws {
        let peer = try Peer { line in
            line.request()
            line.answer()
        }
        let client = try HTTPClient.local(names: ["mixed.test:\(peer.port):10.0.0.1,127.0.0.1"])
        #expect(try await client.send(.post("http://mixed.test:\(peer.port)/")).status == 200)
    }
}
