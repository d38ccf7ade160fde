import Channels
import Foundation
import HTTPTypes
import HummingbirdCore
import Parley
import Postgres

extension Webchat {
    /// Makes a visitor, or knows one again, or learns who one is.
    func startSession(_ request: IncomingRequest, on channel: ChannelRecord) async throws -> Response {
        try self.limiters.session(request.peer)
        var fields = try Fields(body: request)
        let token = fields.line("token", upTo: 4_096)
        let name = fields.line("name", upTo: 100)
        let identity = fields.object("identity") { Self.identity(&$0) }
        try fields.finish()

        var known: Visitor?
        if let token {
            // With a proof of identity beside it, an old token is only a hint at what was written before.
            do { known = try Visitor(token: token, keys: channel.tokenKeys, at: request.at) } catch {
                if identity == nil { throw error == .expired ? Self.expiredToken : Self.badToken }
            }
        }
        let visitor: Visitor
        if let identity {
            visitor = try await self.signIn(identity, after: known, in: channel, at: request.at)
            self.count("sign_in")
        } else if var again = known {
            again.name = name ?? again.name
            visitor = again
        } else {
            visitor = try .anonymous(named: name)
            self.count("session")
        }
        return .json(.ok, self.shown(visitor, in: channel, at: request.at))
    }

    /// Who the page says is signed in, with the site's proof.
    struct Identity: Sendable {
        var userID: String
        var hash: String
        var name: String?
    }

    private static func identity(_ fields: inout Fields) -> Identity {
        Identity(
            userID: fields.requiredLine("userId", upTo: 200),
            hash: fields.requiredLine("hash", upTo: 128),
            name: fields.line("name", upTo: 100)
        )
    }

    private func signIn(_ identity: Identity, after known: Visitor?, in channel: ChannelRecord, at date: Date) async throws -> Visitor {
        let secret = channel.settings["identity_secret"]?.string ?? ""
        guard Visitor.isProven(userID: identity.userID, hash: identity.hash, secret: secret) else {
            throw Problem(401, "bad_identity", "The identity is not proven", detail: "The hash is not the HMAC of the user's id.")
        }
        // Another user's browser: nothing of theirs is taken over.
        let isOthers = known?.userID.map { Exact($0) != Exact(identity.userID) } ?? false
        var visitor = try isOthers ? Visitor.anonymous(named: nil) : known ?? .anonymous(named: nil)
        let anonymous = known?.isSignedIn == false ? known?.address : nil
        visitor.userID = identity.userID
        visitor.name = identity.name
        let joining = VisitorJoining(
            channel: channel.id,
            workspace: channel.workspace,
            userID: identity.userID,
            anonymous: anonymous,
            at: date
        )
        let isOurs = try await self.pool.transaction(in: .workspace(channel.workspace.uuid)) { try await joining.run(on: $0) }
        // Joined to somebody else before: this browser begins anew.
        if !isOurs { visitor.device = try Visitor.anonymous(named: nil).device }
        return visitor
    }

    private func shown(_ visitor: Visitor, in channel: ChannelRecord, at date: Date) -> JSON {
        let expiry = date.addingTimeInterval(visitor.lifetime)
        var shown: [String: JSON] = ["id": .string(visitor.address.value), "signedIn": .bool(visitor.isSignedIn)]
        shown["name"] = visitor.name.map(JSON.string)
        return [
            "token": .string(visitor.token(keys: channel.tokenKeys, until: expiry)), "expiresAt": .string(Moment.text(expiry)),
            "visitor": .object(shown), "channel": ["id": .string(channel.id.description), "name": .string(channel.name)],
            "limits": [
                "textLength": .integer(WebchatAdapter.textLimit), "files": .integer(self.adapter.capabilities.mediaCount),
                "fileBytes": .integer(API.uploadLimit),
            ],
            "features": ["files": true, "typing": true],
        ]
    }
}
