import Foundation
import HTTPTypes
import Parley

/// One request to the API whose key is known and may do this.
struct APICall: Sendable {
    var request: IncomingRequest
    var query: Query
    var key: APIKey

    var workspace: WorkspaceID { self.key.workspace }
    var actor: String { "key:\(self.key.id)" }

    /// The id in the path; a text that is none names nothing here (B9).
    func id<Entity>(_ name: String, as type: Identifier<Entity>.Type = Identifier<Entity>.self) throws(Problem) -> Identifier<Entity> {
        guard let id = self.request.parameters[name].flatMap({ Identifier<Entity>($0) }) else { throw .notFound }
        return id
    }

    func uuid(_ name: String) throws(Problem) -> UUID { try self.id(name, as: Identifier<Never>.self).uuid }

    func audit(_ action: AuditAction, _ target: String, before: JSON? = nil, after: JSON? = nil) -> AuditEntry {
        AuditEntry(actor: self.actor, requestID: self.request.id, action: action, target: target, before: before, after: after)
    }
}

/// What a change answers, and what is to be remembered of it.
struct APIAnswer: Sendable {
    var status: HTTPResponse.Status
    var body: JSON?
    var location: String?
    var audit: [AuditEntry]

    init(_ status: HTTPResponse.Status = .ok, _ body: JSON?, location: String? = nil, audit: [AuditEntry] = []) {
        self.status = status
        self.body = body
        self.location = location
        self.audit = audit
    }
}
