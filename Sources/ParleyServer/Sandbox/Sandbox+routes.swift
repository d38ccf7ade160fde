import Curl
import Foundation
import HTTPTypes
import HummingbirdCore
import Parley

extension Sandbox {
    /// Mounts the sandbox under `/sandbox/`: the peers' APIs, what they received, and ways to play the customer. Only for `parley dev`.
    package nonisolated func addRoutes(to routes: inout Routes) {
        routes.on(.get, "/sandbox") { _ in await .page(self.page()) }
        routes.on(.get, "/sandbox/received") { _ in await .page(self.receivedPage()) }
        routes.on(.get, "/sandbox/style.css") { _ in .text(.ok, SandboxPage.style, type: "text/css; charset=utf-8") }
        routes.on(.get, "/sandbox/messages") { _ in .json(.ok, ["data": .array(await self.received.map(\.json))]) }

        routes.on(.post, "/sandbox/twilio/2010-04-01/Accounts/:account/Messages.json") { request in
            let answer = await self.createMessage(
                account: request.parameters["account"] ?? "",
                authorization: request.headers[.authorization],
                form: FormFields(parsing: request.body)
            )
            return try Self.respond(answer)
        }
        for method in [HTTPRequest.Method.get, .post] {
            routes.on(method, "/sandbox/slack/api/:method") { request in
                let answer = await self.callSlack(
                    request.parameters["method"] ?? "",
                    authorization: request.headers[.authorization],
                    arguments: try request.arguments()
                )
                return try Self.respond(answer)
            }
        }

        routes.on(.post, "/sandbox/twilio/inbound") { request in
            let arguments = try request.arguments()
            let (from, text) = (try arguments.required("from"), try arguments.required("text"))
            guard PhoneNumber(rawValue: from) != nil else {
                throw Problem.invalid("/from", "invalid_address", "Write a number such as +15005550123.")
            }
            guard let peer = await self.twilio else { throw Self.unconnected }
            return await self.play(peer.inbound(from: from, text: text), for: request)
        }
        routes.on(.post, "/sandbox/slack/inbound") { request in
            let arguments = try request.arguments()
            let (user, channel, text) = (try arguments.required("user"), try arguments.required("channel"), try arguments.required("text"))
            let thread = arguments["thread_ts"]?.string.flatMap { $0.isEmpty ? nil : $0 }
            guard let peer = await self.slack else { throw Self.unconnected }
            return await self.play(peer.inbound(user: user, channel: channel, text: text, thread: thread, at: Date()), for: request)
        }
        routes.on(.post, "/sandbox/mail/inbound") { request in
            let arguments = try request.arguments()
            let (from, text) = (try arguments.required("from"), try arguments.required("text"))
            guard MailAddress(from) != nil else {
                throw Problem.invalid("/from", "invalid_address", "Write an address such as ann@example.org.")
            }
            guard await self.mailbox != nil else { throw Self.unconnected }
            let reply = await self.writeMail(
                from: from,
                subject: arguments["subject"]?.string ?? "",
                text: text,
                answering: arguments["inReplyTo"]?.string
            )
            if request.isForm { return Response(status: .seeOther, headers: [.location: "/sandbox/"]) }
            guard let reply else { throw Problem(502, "mail_not_taken", "Not taken", detail: "The bridge's mail server gave no answer.") }
            guard reply.code < 300 else { throw Problem(502, "mail_refused", "Refused", detail: "\(reply.code) \(reply.text)") }
            return .json(.ok, ["reply": .string("\(reply.code) \(reply.text)")])
        }
    }

    private nonisolated static func respond(_ answer: PeerAnswer?) throws -> Response {
        guard let answer else { throw self.unconnected }
        return answer.response
    }

    private nonisolated static var unconnected: Problem { .unavailable("sandbox_unconnected", retryAfter: 1) }

    /// A browser goes back to the page; a program is told what the bridge answered.
    private func play(_ hook: SignedHook, for request: IncomingRequest) async -> Response {
        let status = await self.call(hook)
        if request.isForm { return Response(status: .seeOther, headers: [.location: "/sandbox/"]) }
        return .json(status.map { $0 < 300 } == true ? .ok : .badGateway, ["hookStatus": status.map(JSON.integer) ?? .null])
    }

    private func page() -> String { SandboxPage.page(twilio: self.twilio, slack: self.slack, mailbox: self.mailbox?.address) }
    private func receivedPage() -> String { SandboxPage.received(self.received) }
}

extension Response {
    /// HTML that may load nothing but our style sheet and our own frame.
    fileprivate static func page(_ html: String) -> Response {
        var response = Response.text(.ok, html, type: "text/html; charset=utf-8")
        response.headers[.contentSecurityPolicy] =
            "default-src 'none'; style-src 'self'; frame-src 'self'; frame-ancestors 'self'; form-action 'self'; base-uri 'none'"
        return response
    }
}

extension IncomingRequest {
    /// `curl -d` calls everything a form, JSON too.
    fileprivate var isForm: Bool {
        self.headers[.contentType]?.hasPrefix("application/x-www-form-urlencoded") == true && self.body.first != UInt8(ascii: "{")
    }

    /// The members of a JSON body, or the fields of a form, or of the query where there is no body.
    fileprivate func arguments() throws -> JSON {
        if self.body.isEmpty { return .object(Dictionary(self.queryItems.map { ($0.name, .string($0.value)) }) { first, _ in first }) }
        if self.isForm {
            return .object(Dictionary(FormFields(parsing: self.body).fields.map { ($0.name, .string($0.value)) }) { first, _ in first })
        }
        guard let json = try? JSON(parsing: self.body), json.object != nil else {
            throw Problem(400, "malformed_json", "Malformed JSON", detail: "Send a JSON object or a form.")
        }
        return json
    }
}

extension JSON {
    fileprivate func required(_ name: String) throws -> String {
        guard let value = self[name]?.string, !value.isEmpty else { throw Problem.invalid("/\(name)", "required", "\(name) is missing.") }
        return value
    }
}
