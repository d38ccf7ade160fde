import Channels
import Foundation
import Parley
import Postgres
import SMTP
import TestSupport
import Testing

@testable import ParleyServer

@Suite(.database) struct MailIngestTests {
    @Test func `an address leads to its channel, with any plus tag and in any case, and a catch-all takes the rest`() async throws {
        let bench = try await MailBench(workspaces: 2)
        let support = try await bench.add("support@ours.test").id.description
        let all = try await bench.add("team@second.test", catchAll: "@second.test", in: 1).id.description
        #expect(await bench.ask("Support@OURS.test") == support)
        #expect(await bench.ask("support+sales@ours.test") == support)
        #expect(await bench.ask(#""support"@ours.test"#) == support)
        #expect(await bench.ask("support@OURS。test") == support)
        #expect(await bench.ask("team@second.test") == all)
        #expect(await bench.ask("whoever+x@second.test") == all)
        #expect(await bench.ask("nobody@ours.test") == "550 5.1.1")
        #expect(await bench.ask("support@elsewhere.test") == "550 5.7.1")
        #expect(await bench.ask("support@sub.ours.test") == "550 5.7.1")
        #expect(await bench.ask("postmaster") == "550 5.1.1")
    }

    @Test func `a reply token is taken when this channel signed it, and else refused as if nobody were there (B77, B97, B98)`() async throws
    {
        let bench = try await MailBench(workspaces: 2)
        let (ours, others) = (try await bench.add("support@ours.test"), try await bench.add("help@other.test", in: 1))
        let old = Date(timeIntervalSinceNow: -86_400 * 500)
        func address(_ channel: ChannelRecord, at date: Date = Date()) -> String {
            "support+\(ReplyTokens(keys: channel.tokenKeys).token(for: .make(), at: date))@ours.test"
        }
        #expect(await bench.ask(address(ours)) == ours.id.description)
        #expect(await bench.ask(address(ours).uppercased()) == ours.id.description)
        #expect(await bench.ask(address(ours, at: old)) == ours.id.description)
        #expect(await bench.ask(address(others)) == "550 5.1.1")
        #expect(await bench.ask("nobody+\(ReplyTokens(keys: ours.tokenKeys).token(for: .make(), at: Date()))@ours.test") == "550 5.1.1")
    }

    @Test func `a disabled channel is asked again later, and one with a new address no longer has the old one`() async throws {
        let bench = try await MailBench()
        let channel = try await bench.add("support@ours.test")
        try await bench.change(channel) { $0.status = .disabled }
        #expect(await bench.ask("support@ours.test") == "450 4.2.1")
        try await bench.change(channel) { $0.settings["address"] = "help@ours.test" }
        #expect(await bench.ask("support@ours.test") == "550 5.1.1")
        #expect(await bench.ask("help@ours.test") == channel.id.description)
    }

    @Test func `an address belongs to one channel of all workspaces, and is free again when that is deleted`() async throws {
        let bench = try await MailBench(workspaces: 2)
        let first = try await bench.add("support@ours.test")
        await #expect(throws: MailboxStore.AddressTaken.self) { try await bench.add("support@ours.test", in: 1) }
        let other = try await bench.add("other@ours.test", in: 1)
        await #expect(throws: MailboxStore.AddressTaken.self) {
            try await bench.change(other) { $0.settings["address"] = "support@ours.test" }
        }
        #expect(await bench.ask("other@ours.test") == other.id.description)
        let store = bench.channels
        _ = try await bench.pool.transaction(in: .workspace(first.workspace.uuid)) {
            try await store.delete(first.id, in: first.workspace, on: $0)
        }
        try await bench.add("support@ours.test", in: 1)
    }

    // The second weighs more than one statement takes for both channels.
    @Test(arguments: [5, 9 << 20])
    func `a mail is kept once for each channel it is for, all in one commit, and a mail sent again is the same`(size: Int) async throws {
        let text = String(repeating: "hello", count: size / 5)
        let bench = try await MailBench()
        try await bench.add("one@ours.test")
        try await bench.add("two@ours.test")
        let recipients = ["one@ours.test", "two@ours.test", "one+x@ours.test"]
        #expect(await bench.send("Message-ID: <1@x>\r\n\r\n\(text)", to: recipients) == "250")
        #expect(await bench.send("Message-ID: <1@x>\r\n\r\n\(text)", to: recipients) == "250")
        #expect(try await bench.count("inbound_requests") == 2)
        #expect(try await bench.count("jobs") == 2)
        let kept = try await bench.pool.query(in: .all, "SELECT request FROM inbound_requests").compactMap {
            ArchivedRequest.request(from: try $0.value("request"))
        }
        let request = try #require(kept.first { $0.headers["rcpt-to"] == "one@ours.test,one+x@ours.test" })
        #expect(request.method == "SMTP")
        #expect(request.headers["mail-from"] == "a@sender.test" && request.headers["peer"] == "192.0.2.1" && request.headers["helo"] == "c")
    }

    @Test(arguments: [
        ("hops", "554 5.4.6", "refused"), ("bomb", "554 5.6.0", "refused"), ("broken", "451 4.3.0", "failed"), ("loop", "250", "loop"),
        ("delayed", "250", "report"), ("garbage", "250", "quarantined"),
    ])
    func `what the adapter says is what the client hears, and is counted (B88, B89, B101)`(
        _ word: String,
        _ answer: String,
        _ outcome: String
    ) async throws {
        let bench = try await MailBench()
        try await bench.add("one@ours.test")
        #expect(await bench.send("Subject: x\r\n\r\n\(word)", to: ["one@ours.test"]) == answer)
        #expect(try await bench.count("jobs") == 0)
        let rows = try await bench.pool.query(in: .all, "SELECT outcome FROM inbound_requests")
        let kept = try rows.map { try $0.value("outcome", as: String.self) }
        #expect(kept == (["delayed": ["ignored"], "garbage": ["quarantined"]][word] ?? []))
        #expect(bench.metrics.text.contains(#"parley_ingest_requests_total{adapter="note",outcome="\#(outcome)"} 1"#))
    }

    @Test func `what cannot be read is kept once, although our own header is another each time`() async throws {
        let bench = try await MailBench()
        try await bench.add("one@ours.test")
        for time in 1...3 {
            #expect(await bench.send("Received: \(time)\r\nSubject: x\r\n\r\ngarbage", to: ["one@ours.test"], traceLength: 13) == "250")
        }
        #expect(try await bench.count("inbound_requests") == 1)
    }

    @Test func `without a database recipients and mails are put off`() async throws {
        let bench = try await MailBench()
        let channel = try await bench.add("one@ours.test")
        let recipient = MailRecipient(address: "one@ours.test", mailbox: channel.id.description)
        let envelope = MailEnvelope(sender: "", recipients: [recipient], client: SMTPPeer(address: "192.0.2.1"))
        await bench.pool.close()
        #expect(await bench.ask("one@ours.test") == "451 4.3.0")
        #expect(await bench.ingest.deliver(envelope, Array("x".utf8)) == .refused(.unavailable))
    }

    @Test func `an API key that may write is a password, for its own workspace's channels`() async throws {
        let bench = try await MailBench(workspaces: 2)
        let mine = try await bench.add("one@ours.test").id.description
        try await bench.add("two@ours.test", in: 1)
        let (keys, workspace) = (bench.keys, bench.workspaces[0])
        let (writer, reader) = try await bench.pool.transaction(in: .workspace(workspace.uuid)) { transaction in
            (
                try await keys.create(in: workspace, name: "w", scopes: [.write], on: transaction).secret,
                try await keys.create(in: workspace, name: "r", scopes: [.read], on: transaction).secret
            )
        }
        #expect(await bench.ingest.authenticate(user: "any", password: writer) == .accepted(user: workspace.description))
        #expect(await bench.ingest.authenticate(user: "any", password: reader) == .refused(.badCredentials))
        #expect(await bench.ingest.authenticate(user: "any", password: "") == .refused(.badCredentials))
        #expect(await bench.ask("one@ours.test", user: workspace.description) == mine)
        #expect(await bench.ask("two@ours.test", user: workspace.description) == "550 5.7.1")
    }
}
