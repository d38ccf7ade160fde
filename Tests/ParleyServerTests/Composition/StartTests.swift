import Foundation
import Parley
import Postgres
import TestSupport
import Testing

@testable import ParleyServer

@Suite(.database) struct StartTests {
    @Test func `a master key that opens no channel keeps serve and work from starting`() async throws {
        try await OperatorFixture.run { try await OperatorFixture.addChannel($0) }
        let other = "b:" + Data(repeating: 7, count: 32).base64EncodedString()
        let wrong = try OperatorFixture.settings(["PARLEY_MASTER_KEY": other])
        for start in [{ try await ServeProcess(settings: wrong).run() }, { try await WorkProcess(settings: wrong).run() }] {
            let failure = try #require(await #expect(throws: ProcessFailure.self) { try await start() })
            #expect(failure.code == 78)
            let sentence = "the master key does not open 1 of 1 channels: add the key they were sealed with to PARLEY_MASTER_KEY"
            #expect(failure.description == sentence)
        }
    }

    /// A `serve` without its mail would look well and lose what other mail servers bring.
    @Test(arguments: [SettingName.smtpListen, .httpListen])
    func `a port that somebody else has keeps serve from starting`(setting: SettingName) async throws {
        let peer = try Peer { _ in }
        defer { peer.close() }
        var settings = try OperatorFixture.settings(["PARLEY_HTTP_LISTEN": "127.0.0.1:0", "PARLEY_SMTP_LISTEN": "127.0.0.1:0"])
        settings.set(setting, "127.0.0.1:\(peer.port)")
        let error = try #require(await #expect(throws: (any Error).self) { try await ServeProcess(settings: settings).run() })
        let failure = try #require(ProcessFailure(error))
        #expect(failure.code == 69)
        #expect(failure.description == "cannot listen on 127.0.0.1:\(peer.port): Address already in use; choose another address or port")
    }

    @Test(arguments: [("192.0.2.1:8080", "Cannot assign requested address"), ("nowhere.invalid:8080", "there is no such host")])
    func `an address that cannot be listened on is told as that`(address: String, reason: String) async throws {
        let settings = try OperatorFixture.settings(["PARLEY_HTTP_LISTEN": address, "PARLEY_SMTP_LISTEN": "127.0.0.1:0"])
        let error = try #require(await #expect(throws: (any Error).self) { try await ServeProcess(settings: settings).run() })
        let failure = try #require(ProcessFailure(error))
        #expect(failure.code == 69)
        #expect(failure.description == "cannot listen on \(address): \(reason); choose another address or port")
    }
}

@Suite struct DevSettingsTests {
    @Test func `what listens everywhere is reached here`() throws {
        #expect(ListenAddress("0.0.0.0:80")?.local.description == "127.0.0.1:80")
        #expect(ListenAddress("[::]:80")?.local.description == "[::1]:80")
        #expect(ListenAddress("10.0.0.1:80")?.local.description == "10.0.0.1:80")
    }

    @Test func `an error of the database is one readable line`() {
        let error = PostgresError(.connectionLost, "connection to server failed: refused\n\tIs the server running?\n")
        #expect("\(error)" == "connection to server failed: refused Is the server running? (PQ100)")
    }
}
