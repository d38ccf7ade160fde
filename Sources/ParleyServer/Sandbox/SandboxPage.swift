import Foundation

/// The sandbox as a person sees it: forms to write as a customer, and what the providers received. No script.
enum SandboxPage {
    static func page(twilio: TwilioPeer?, slack: SlackPeer?, mailbox: String?) -> String {
        """
        <!doctype html>
        <html lang="en">
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width">
        <title>Parley sandbox</title>
        <link rel="stylesheet" href="/sandbox/style.css">
        <h1>Sandbox</h1>
        <p>These stand in for Twilio, Slack and the customers’ mailboxes. Write as a customer here, answer through Parley’s API, and see the answer below.</p>
        <div class="forms">
        <form method="post" action="/sandbox/twilio/inbound">
        <h2>Send a text message</h2>
        <p>to \(self.escaped(twilio?.number ?? "no channel yet"))</p>
        <label>From <input name="from" value="+15005550123" required></label>
        <label>Text <textarea name="text" required>Is my parcel on its way?</textarea></label>
        <button>Send</button>
        </form>
        <form method="post" action="/sandbox/slack/inbound">
        <h2>Post in Slack</h2>
        <p>\(slack == nil ? "no channel yet" : "in the team \(SlackPeer.team); a channel that begins with D is a direct message")</p>
        <label>User <input name="user" value="U0ANNA001" required></label>
        <label>Channel <input name="channel" value="C0GENERAL1" required></label>
        <label>Thread <input name="thread_ts" placeholder="none"></label>
        <label>Text <textarea name="text" required>Where do I find the invoice?</textarea></label>
        <button>Post</button>
        </form>
        <form method="post" action="/sandbox/mail/inbound">
        <h2>Write a mail</h2>
        <p>to \(self.escaped(mailbox ?? "no channel yet"))</p>
        <label>From <input name="from" type="email" value="ann@example.org" required></label>
        <label>Subject <input name="subject" value="My order"></label>
        <label>Text <textarea name="text" required>The box arrived damaged. What now?</textarea></label>
        <button>Send</button>
        </form>
        </div>
        <h2>What the providers received</h2>
        <iframe src="/sandbox/received" title="Received messages"></iframe>
        <p>The same as JSON: <a href="/sandbox/messages">/sandbox/messages</a></p>
        <h2>Numbers, channels and mailboxes with an outcome of their own</h2>
        <table>\(self.outcomes.map { "<tr><td><code>\($0.0)</code><td>\(self.escaped($0.1))" }.joined(separator: "\n"))</table>
        </html>
        """
    }

    /// The newest first; it loads itself anew, so that the forms beside it need not.
    static func received(_ messages: [ReceivedMessage]) -> String {
        let rows = messages.reversed().map { message in
            let thread = message.thread.map { " in thread \(self.escaped($0))" } ?? ""
            let subject = message.mail.map { "<b>\(self.escaped($0["Subject"] ?? ""))</b><br>" } ?? ""
            let media = message.media.map { "<br>\(self.escaped($0))" }.joined()
            return """
                <tr><td><time>\(message.at.formatted(.iso8601.time(includingFractionalSeconds: false)))</time><td>\(self.escaped(message.adapter))\
                <td>\(self.escaped(message.to))\(thread)<td class="text">\(subject)\(self.escaped(message.text))\(media)
                """
        }
        let table = "<table><tr><th>Time<th>Provider<th>To<th>Text\n\(rows.joined(separator: "\n"))</table>"
        return """
            <!doctype html>
            <html lang="en">
            <meta charset="utf-8">
            <meta http-equiv="refresh" content="2">
            <title>Received</title>
            <link rel="stylesheet" href="/sandbox/style.css">
            \(rows.isEmpty ? "<p>Nothing yet.</p>" : table)
            </html>
            """
    }

    private static let outcomes = [
        ("+15005550001", "no valid number (21211)"), ("+15005550002", "cannot be routed (21612)"),
        ("+15005550003", "no permission for the region (21408)"), ("+15005550004", "the recipient wrote STOP (21610)"),
        ("+15005550009", "not a mobile number (21614)"), ("+15005550429", "429 with Retry-After 1, then taken"),
        ("+15005550500", "500, then taken"), ("+15005550200", "taken, but the answer is a web page"),
        ("+15005550300", "taken, then undelivered (30003)"), ("C0MISSING1", "channel_not_found"), ("C0ARCHIVE1", "is_archived"),
        ("C0LIMITED1", "429 with Retry-After 1, then taken"), ("C0BROKEN01", "taken, but the answer is a web page"),
        ("bounce@…", "550: no such mailbox"), ("full@…", "552: the mailbox is full"), ("later@…", "450, then taken"),
    ]

    static let style = """
        body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #1c2430; }
        .forms { display: flex; flex-wrap: wrap; gap: 1rem; }
        form { flex: 1 18rem; border: 1px solid #c8d0da; border-radius: 8px; padding: 1rem; }
        form h2 { margin: 0; }
        label { display: block; margin: .5rem 0; }
        input, textarea { box-sizing: border-box; width: 100%; font: inherit; padding: .4rem; border: 1px solid #9aa6b4; border-radius: 4px; }
        button { font: inherit; padding: .4rem 1rem; border: 0; border-radius: 4px; background: #1f5fbf; color: #fff; }
        iframe { width: 100%; height: 18rem; border: 1px solid #c8d0da; border-radius: 8px; }
        table { border-collapse: collapse; width: 100%; }
        th, td { text-align: left; vertical-align: top; padding: .3rem .6rem; border-bottom: 1px solid #e2e7ed; }
        .text { white-space: pre-wrap; overflow-wrap: anywhere; }
        """

    private static func escaped(_ text: String) -> String {
        text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;").replacing("\"", with: "&quot;")
    }
}
