import Channels
import Foundation
import HTTPTypes
import HummingbirdCore
import Parley
import Postgres

/// The page of `parley dev` for a first try, `/`, and what only that page may ask for.
///
/// The page gets the workspace's key. So all of this answers only under a name of this very machine: a foreign page whose own name was
/// pointed at 127.0.0.1 (DNS rebinding) would be of the same origin to a browser.
struct TryIt: Sendable {
    let demo: DevDescription
    let workspace: WorkspaceID
    let home: Home
    let pool: Pool
    let feed: EventFeed
    let sandbox: Sandbox

    func mount(on routes: inout Routes) {
        let policy = """
            default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' \(self.demo.httpURL); frame-src 'self'; \
            base-uri 'none'; form-action 'none'; frame-ancestors 'self'; require-trusted-types-for 'script'
            """
        let files = StaticFiles(folder: "\(self.home.web)/try", headers: [.contentSecurityPolicy: policy])
        self.on(.get, "/", of: &routes) { try files.answer("index.html", to: $0) }
        self.on(.get, "/sandbox/try/:name", of: &routes) { try files.answer($0.parameters["name"] ?? "", to: $0) }
        self.on(.get, "/sandbox/visitor", of: &routes) { _ in
            .bytes(.ok, Array(self.visitorPage.utf8), type: "text/html; charset=utf-8", headers: [.contentSecurityPolicy: policy])
        }
        self.on(.get, "/sandbox/try.json", of: &routes) { _ in .json(.ok, self.description) }
        self.on(.get, "/sandbox/merges", of: &routes) { _ in .json(.ok, ["data": .array(try await self.merges())]) }
        self.on(.get, "/sandbox/events", of: &routes) { request in try self.events(after: request.headers[.lastEventID]) }
        self.on(.post, "/sandbox/webchat/identity", of: &routes) { request in
            guard let user = (try? JSON(parsing: request.body))?["userId"]?.string else {
                throw Problem.invalid("/userId", "required", "userId is missing.")
            }
            return .json(.ok, ["userId": .string(user), "hash": .string(try self.proof(of: user))])
        }
    }

    private func on(_ method: HTTPRequest.Method, _ path: String, of routes: inout Routes, _ handler: @escaping Routes.Handler) {
        routes.on(method, path) { request in
            guard request.authority.map(Self.isThisMachine) == true else {
                throw Problem(421, "misdirected", "Misdirected request", detail: "Open this page under 127.0.0.1 or localhost.")
            }
            return try await handler(request)
        }
    }

    static func isThisMachine(_ authority: String) -> Bool {
        authority.lowercased().wholeMatch(of: /(127\.0\.0\.1|localhost|\[::1\])(:[0-9]{1,5})?/) != nil
    }

    /// Any page with the widget's one line.
    private var visitorPage: String {
        let channel = self.demo.channels.first { $0.adapter == "webchat" }?.id ?? ""
        return """
            <!doctype html>
            <html lang="en">
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width">
            <title>A shop</title>
            <link rel="stylesheet" href="/sandbox/try/style.css">
            <script type="module" src="/sandbox/try/visitor.js"></script>
            <script src="/webchat/widget.js" data-channel="\(channel)" data-title="Ask the shop" async></script>
            <body class="shop">
            <h1>A shop</h1>
            <p>Any page with the widget’s one line looks like this.</p>
            </html>

            """
    }

    private var description: JSON {
        let channels = self.demo.channels.map { channel -> JSON in
            let address = channel.settings["address"] ?? channel.settings["from"] ?? .null
            return ["id": .string(channel.id), "adapter": .string(channel.adapter), "name": .string(channel.name), "address": address]
        }
        return ["apiKey": .string(self.demo.apiKey), "channels": .array(channels)]
    }

    /// Only says that something changed: what it is now, the page asks the API.
    private func events(after last: String?) throws -> Response {
        try Response.events { stream in
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    for try await event in await self.feed.subscribe(workspace: self.workspace, after: last.flatMap { Int64($0) }) {
                        try await stream.send(event: "change", id: event.id.map { String($0) }, data: ["type": .string(event.type)])
                    }
                }
                group.addTask {
                    for await _ in await self.sandbox.arrivals() {
                        try await stream.send(event: "change", data: ["type": "sandbox.received"])
                    }
                }
                // Whichever ends first ends the stream: the browser comes back.
                try await group.next()
                group.cancelAll()
            }
        }
    }

    /// Those that can still be taken back, newest first.
    private func merges() async throws -> [JSON] {
        let rows = try await self.pool.query(
            in: .workspace(self.workspace.uuid),
            """
            SELECT id, from_contact, into_contact, coalesce(evidence->>'reason', evidence->>'rule') AS reason, created_at FROM contact_merges
            WHERE workspace_id = \(self.workspace.uuid) AND undone_at IS NULL ORDER BY id DESC LIMIT 20
            """
        )
        return try rows.map { row in
            [
                "id": try MessageStore.id(row, "id"), "fromContactId": try MessageStore.id(row, "from_contact"),
                "intoContactId": try MessageStore.id(row, "into_contact"),
                "reason": try row.optional("reason", as: String.self).map(JSON.string) ?? .null,
                "createdAt": try MessageStore.moment(row, "created_at"),
            ]
        }
    }

    /// What the server of a page would compute for its signed-in user.
    private func proof(of user: String) throws(Problem) -> String {
        guard let secret = self.demo.channels.first(where: { $0.adapter == "webchat" })?.settings["identity_secret"]?.string else {
            throw Problem.notFound
        }
        return Hex.encode(Crypto.hmac(.sha256, key: secret.utf8, user.utf8))
    }
}

extension HTTPField.Name {
    fileprivate static let lastEventID = Self("Last-Event-ID")!
}
