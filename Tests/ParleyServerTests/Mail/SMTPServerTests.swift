import Foundation
import Logging
import NIOCore
import SMTP
import ServiceLifecycle
import Synchronization
import Testing

@testable import ParleyServer

/// Keeps what it is given, and answers when the test lets it.
private final class Keeper: MailReceiver {
    private let state = Mutex<(mails: [String], waiting: CheckedContinuation<Void, Never>?)>(([], nil))
    let holds: Bool
    let (arrivals, arrived) = AsyncStream.makeStream(of: Void.self)

    init(holds: Bool = false) { self.holds = holds }

    var mails: [String] { self.state.withLock { $0.mails } }

    func accept(recipient: String, from sender: String, client: SMTPPeer) async -> RecipientVerdict { .accepted(mailbox: "m") }
    func authenticate(user: String, password: String) async -> AuthenticationVerdict { .refused(.badCredentials) }
    func deliver(_ envelope: MailEnvelope, _ message: [UInt8]) async -> DeliveryVerdict {
        if self.holds {
            await withCheckedContinuation { continuation in
                self.state.withLock { $0.waiting = continuation }
                self.arrived.yield()
            }
        }
        self.state.withLock { $0.mails.append(String(decoding: message, as: UTF8.self)) }
        return .accepted(id: "kept")
    }

    func letGo() { self.state.withLock { $0.waiting.take() }?.resume() }
}

@Suite struct SMTPServerTests {
    /// Runs `body` against a listening server; `stop` is the order to stop.
    private func withMailServer(
        _ receiver: Keeper,
        limits: SMTPLimits = SMTPLimits(),
        certificate: CertificateFiles? = nil,
        observe: @escaping @Sendable (SMTPEvent) -> Void = { _ in },
        _ body: @escaping @Sendable (_ port: Int, _ stop: @escaping @Sendable () async -> Void) async throws -> Void
    ) async throws {
        let (ports, ready) = AsyncStream.makeStream(of: Int.self)
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let server = SMTPServer(
            host: "127.0.0.1",
            port: 0,
            settings: SMTPSettings(hostname: "mx.parley.test", limits: limits),
            receiver: receiver,
            certificate: certificate,
            grace: .seconds(10),
            logger: logger,
            observe: observe,
            onListening: { ready.yield($0) }
        )
        let group = ServiceGroup(services: [server], logger: logger)
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            var iterator = ports.makeAsyncIterator()
            let port = try #require(await iterator.next())
            try await body(port) { await group.triggerGracefulShutdown() }
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
        }
    }

    private static let opening = "EHLO c\r\nMAIL FROM:<a@b.test>\r\nRCPT TO:<c@d.test>\r\nDATA\r\n"
    private static let mail = "Subject: x\r\n\r\nhello\r\n.\r\n"

    @Test func `takes a mail, also from who sends all at once and then only listens`() async throws {
        let keeper = Keeper()
        try await self.withMailServer(keeper) { port, _ in
            let client = try RawConnection(port: port)
            client.send(Self.opening + Self.mail + "QUIT\r\n")
            client.finishSending()
            let answer = await client.readToEnd()
            #expect(answer.isClosed && answer.text.hasPrefix("220 mx.parley.test ESMTP"))
            #expect(answer.text.contains("250 2.0.0 Taken as kept\r\n221 2.0.0"))
            #expect(keeper.mails.first?.hasPrefix("Received: from c ([127.0.0.1])") == true)
            client.close()
        }
    }

    @Test func `a mail that is cut off is forgotten (F17)`() async throws {
        let keeper = Keeper()
        try await self.withMailServer(keeper) { port, _ in
            let client = try RawConnection(port: port)
            client.send(Self.opening + "Subject: x\r\n\r\nhalf a mess")
            client.finishSending()
            let answer = await client.readToEnd()
            #expect(answer.text.hasSuffix("354 End with <CR LF> . <CR LF>\r\n"))
            client.close()
        }
        #expect(keeper.mails.isEmpty)
    }

    @Test func `the order to stop lets the mail in hand be answered and sends the idle away (I20)`() async throws {
        let keeper = Keeper(holds: true)
        try await self.withMailServer(keeper) { port, stop in
            let idle = try RawConnection(port: port)
            let busy = try RawConnection(port: port)
            _ = await idle.read(until: { $0.hasSuffix("\r\n") })
            busy.send(Self.opening + Self.mail)
            var arrivals = keeper.arrivals.makeAsyncIterator()
            _ = await arrivals.next()
            await stop()
            let sentAway = await idle.readToEnd()
            #expect(sentAway.text.hasPrefix("421 4.3.2") && sentAway.isClosed)
            keeper.letGo()
            let answered = await busy.readToEnd()
            #expect(answered.text.contains("250 2.0.0 Taken") && answered.text.contains("421 4.3.2") && answered.isClosed)
            #expect(keeper.mails.count == 1)
        }
    }

    @Test func `who says nothing, or a byte now and then, is not waited for (F14)`() async throws {
        var limits = SMTPLimits()
        (limits.idle, limits.line, limits.data) = (.milliseconds(300), .milliseconds(300), .milliseconds(300))
        try await self.withMailServer(Keeper(), limits: limits) { port, _ in
            for opening in ["", "EHL", Self.opening + "Subj"] {
                let client = try RawConnection(port: port)
                client.send(opening)
                let answer = await client.readToEnd()
                #expect(answer.isClosed && answer.text.contains("421 4.4.2"), "\(opening)")
                client.close()
            }
        }
    }

    @Test func `there are never more sessions than allowed, in all and from one address`() async throws {
        for (all, peer, code) in [(2, 10, "421 4.3.2"), (10, 2, "421 4.7.0")] {
            var limits = SMTPLimits()
            (limits.sessions, limits.sessionsOfPeer) = (all, peer)
            try await self.withMailServer(Keeper(), limits: limits) { [limits] port, _ in
                _ = limits
                var held: [RawConnection] = []
                for _ in 0..<2 {
                    held.append(try RawConnection(port: port))
                    #expect(await held.last?.read(until: { $0.hasSuffix("\r\n") }).text.hasPrefix("220") == true)
                }
                #expect(await (try RawConnection(port: port)).readToEnd().text.hasPrefix(code))
                held[0].send("QUIT\r\n")
                _ = await held[0].readToEnd()
                held[0].close()
                held[1].close()
            }
        }
    }

    @Test(.timeLimit(.minutes(1))) func `a client that never reads our replies is not waited for`() async throws {
        var limits = SMTPLimits()
        limits.write = .milliseconds(500)
        // Nothing but the deadline for writing ends this session.
        (limits.idle, limits.line) = (.seconds(3_600), .seconds(3_600))
        let (events, event) = AsyncStream.makeStream(of: SMTPEvent.self)
        try await self.withMailServer(Keeper(), limits: limits, observe: { event.yield($0) }) { port, _ in
            let client = try RawConnection(port: port)
            // Until every buffer on the way is full, and then no more before the server hangs up.
            async let sending: Void = withCheckedContinuation { continuation in
                Thread.detachNewThread {
                    client.send(Array(String(repeating: "HELP\r\n", count: 3_000_000).utf8))
                    continuation.resume()
                }
            }
            #expect(await events.first { $0 == .ended } == .ended)
            client.finishSending()
            await sending
            client.close()
        }
    }

    @Test func `a certificate is read again when its files change, and the old one stays while they are bad`() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let (certificate, key) = (folder.appending(path: "a.crt"), folder.appending(path: "a.key"))
        func write(_ made: SelfMadeCertificate) throws {
            try Data(made.key.utf8).write(to: key)
            try Data(made.certificate.utf8).write(to: certificate)
        }
        try write(SelfMadeCertificate(host: "one.test"))
        let files = try CertificateFiles(certificate: certificate.path, key: key.path, logger: Logger(label: "test"))
        let first = files.context
        #expect(files.context === first)
        try Data("garbage".utf8).write(to: certificate)
        #expect(files.context === first)
        try write(SelfMadeCertificate(host: "127.0.0.1"))
        #expect(files.context !== first)
        try Data("garbage".utf8).write(to: key)
        #expect(throws: (any Error).self) {
            try CertificateFiles(certificate: certificate.path, key: key.path, logger: Logger(label: "test"))
        }
    }
}
