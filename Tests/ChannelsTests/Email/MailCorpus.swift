import Foundation
import Parley

@testable import Channels

/// The mails of the corpus, and mails that tests write themselves.
enum MailCorpus {
    static let folder = "\(Place.tests)/Corpus/email"
    static let names: [String] = ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [])
        .filter { $0.hasSuffix(".eml") }.map { String($0.dropLast(4)) }.sorted()

    static func mail(_ name: String) -> [UInt8] { Place.read("\(self.folder)/\(name).eml") }
}

/// A mail as a test writes it, with LF for its line ends.
func mail(_ text: String) -> [UInt8] { Array(text.replacing("\n", with: "\r\n").utf8) }

/// A mail with the usual fields before those given.
func mail(_ fields: String, _ body: String) -> [UInt8] {
    mail("From: Anna <anna@anna.test>\nTo: support@bridge.test\nSubject: Hello\nMessage-ID: <1@anna.test>\n\(fields)\n\n\(body)")
}

extension HookRequest {
    /// As the mail server hands it on.
    static func mail(_ bytes: [UInt8], from sender: String = "anna@anna.test", to recipient: String = "support@bridge.test") -> HookRequest
    {
        HookRequest(
            method: "SMTP",
            url: "smtp:",
            route: nil,
            headers: ["mail-from": sender, "rcpt-to": recipient, "peer": "192.0.2.1", "helo": "mx.anna.test"],
            body: bytes,
            at: Date(timeIntervalSince1970: 1_772_442_000)
        )
    }
}
