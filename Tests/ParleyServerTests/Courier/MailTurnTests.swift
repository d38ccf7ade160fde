import Foundation
import Parley
import ParleyServer
import Postgres
import Queue
import TestSupport
import Testing

@Suite struct MailTurnTests {
    @Test(.database, .timeLimit(.minutes(5)))
    func `a mail that waits for a connection until its lane is lost was never begun`() async throws {
        let (mails, arrived) = AsyncStream.makeStream(of: Void.self)
        let release = DispatchSemaphore(value: 0)
        let server = try Peer.mailServer {
            arrived.yield()
            release.wait()
        }
        defer { server.close() }
        let bench = try await CourierBench(server, speakingMail: true)
        for n in 0..<6 { try await bench.post("hello", to: "+4477009001\(20 + n)") }
        let work = Task { try await bench.step() }
        var waiting = mails.makeAsyncIterator()
        for _ in 0..<4 { await waiting.next() }

        try await bench.takeLanes(as: UUID())
        for _ in 0..<6 { release.signal() }
        await #expect(throws: (any Error).self) { try await work.value }
        let begun = try await bench.pool.query(in: .all, "SELECT count(*) AS n FROM attempts")
        #expect(try begun[0].value("n", as: Int.self) == 4)
    }

    @Test(.database, .timeLimit(.minutes(5)))
    func `each mail has its turn in the end`() async throws {
        let server = try Peer.mailServer {}
        defer { server.close() }
        let bench = try await CourierBench(server, speakingMail: true)
        for n in 0..<20 { try await bench.post("hello", to: "+4477009001\(20 + n)") }
        #expect(try await bench.step() == [Verdict](repeating: .done, count: 20))
        #expect(server.connections <= 4)
        try await bench.expectInvariants()
    }
}

extension Peer {
    /// Takes every mail, after `end` has run.
    fileprivate static func mailServer(_ end: @escaping @Sendable () -> Void) throws -> Peer {
        try Peer { line in
            line.write("220 peer\r\n")
            while let command = line.readLine() {
                switch command.prefix(4) {
                case "DATA":
                    line.write("354 go on\r\n")
                    while let text = line.readLine(), text != "." {}
                    end()
                    line.write("250 taken\r\n")
                case "QUIT":
                    line.write("221 bye\r\n")
                    return
                default: line.write("250 ok\r\n")
                }
            }
        }
    }
}
