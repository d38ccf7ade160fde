import Curl
import Foundation
import Synchronization
import TestSupport

/// A mail server that says yes to everything but what a test wants otherwise.
final class MailPeer: Sendable {
    /// What it does instead of answering 250.
    enum Act: Sendable {
        case reply(String)
        /// Ends the connection; with a reset, where bytes are left unread.
        case cut
        /// Says nothing more.
        case hang
    }
    private let log = Mutex<[String]>([])
    private let made = Mutex<Peer?>(nil)

    /// - Parameters:
    ///   - acts: by command: `CONNECT`, `EHLO`, `AUTH`, `MAIL`, `RCPT`, `DATA`, `BODY` (in its midst), `.` (its end), `QUIT`.
    ///   - extensions: what EHLO offers.
    init(_ acts: [String: Act] = [:], extensions: [String] = []) throws {
        let peer = try Peer { line in
            if !self.perform(acts["CONNECT"] ?? .reply("220 peer"), line) { return }
            while let command = line.readLine() {
                self.log.withLock { $0.append(command) }
                let verb = String(command.prefix(4)).uppercased()
                switch (acts[verb], verb) {
                case (let act?, _): if !self.perform(act, line) { return }
                case (nil, "EHLO"): line.write(((["peer"] + extensions).map { "250-\($0)\r\n" }).joined() + "250 8BITMIME\r\n")
                case (nil, "DATA"):
                    line.write("354 go on\r\n")
                    if let act = acts["BODY"] {
                        line.skip(64)
                        if !self.perform(act, line) { return }
                    }
                    while let text = line.readLine(), text != "." { self.log.withLock { $0.append(text) } }
                    if !self.perform(acts["."] ?? .reply("250 2.0.0 queued"), line) { return }
                case (nil, "QUIT"):
                    line.write("221 bye\r\n")
                    return
                default: line.write("250 ok\r\n")
                }
            }
        }
        self.made.withLock { $0 = peer }
    }

    deinit { self.peer.close() }

    private func perform(_ act: Act, _ line: Line) -> Bool {
        switch act {
        case .reply(let text): return line.write(text + "\r\n")
        case .cut:
            line.reset()
            return false
        case .hang:
            line.drain()
            return false
        }
    }

    private var peer: Peer { self.made.withLock { $0! } }
    var url: String { "smtp://127.0.0.1:\(self.peer.port)" }
    var connections: Int { self.peer.connections }
    /// Commands, and the lines of messages as they were sent.
    var lines: [String] { self.log.withLock { $0 } }
}

extension MailClient {
    static func local(authorities: String? = nil) throws -> MailClient {
        MailClient(settings: ClientSettings(userAgent: "test", egress: try EgressPolicy(allowing: "127.0.0.0/8"), authorities: authorities))
    }
}

extension MailTransfer {
    static func hello(
        _ url: String,
        from sender: String = "a@b.test",
        to recipient: String = "c@d.test",
        _ message: String = "From: a@b.test\r\nSubject: hello\r\n\r\nhello\r\n"
    ) -> MailTransfer {
        MailTransfer(
            url: url,
            greeting: "b.test",
            sender: sender,
            recipient: recipient,
            message: Array(message.utf8),
            deadline: .seconds(10)
        )
    }
}
