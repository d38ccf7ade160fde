import Channels
import Foundation
import HTTPTypes
import HummingbirdCore
import Parley
import Postgres

extension API {
    /// Bytes of one uploaded file.
    static let uploadLimit = 16 * 1024 * 1024

    func mountAttachments(on routes: inout Routes) {
        routes.on(.get, "/v1/attachments/:id", self.readAttachment)
        self.change(.post, "/v1/attachments", taking: ["filename"], uploadingUpTo: Self.uploadLimit, on: &routes, self.createAttachment)
        routes.on(.get, "/files/:workspace/:id/:ticket/:filename", self.readByLink)
    }

    private func readAttachment(_ request: IncomingRequest) async throws -> Response {
        let call = try await self.admit(request, .read, answers: nil)
        let id: AttachmentID = try call.id("id")
        guard let (record, bytes) = try await AttachmentStore.file(id, in: call.workspace, from: self.pool) else { throw Problem.notFound }
        return .file(bytes, type: record.contentType, filename: record.filename, maxAge: 86_400)
    }

    private func createAttachment(_ call: APICall, _ transaction: Transaction) async throws -> APIAnswer {
        let file = try AttachmentFile(uploaded: call.request)
        _ = try await transaction.pipeline(AttachmentFile.insertion(of: [(call.workspace, file)]))
        let json = file.json(url: self.publicURL)
        return APIAnswer(
            .created,
            json,
            location: "/v1/attachments/\(file.id)",
            audit: [call.audit(.attachmentCreate, "attachment:\(file.id)", after: json.auditable)]
        )
    }

    /// For whoever has the link: a provider that fetches, a visitor's browser.
    private func readByLink(_ request: IncomingRequest) async throws -> Response {
        let (given, filename) = (request.parameters, request.parameters["filename"] ?? "")
        let target = self.links.target(
            workspace: given["workspace"] ?? "",
            attachment: given["id"] ?? "",
            ticket: given["ticket"] ?? "",
            filename: filename,
            at: request.at
        )
        guard let target, let (record, bytes) = try await AttachmentStore.file(target.attachment, in: target.workspace, from: self.pool)
        else { throw Problem.notFound }
        let left = max(0, min(86_400, Int(target.expiry.timeIntervalSince(request.at))))
        return .file(bytes, type: record.contentType, filename: filename, maxAge: left)
    }

    /// The body with what we know of the files it names.
    ///
    /// - Throws: 422 when it names one that there is not.
    func withFiles(_ body: Body, of workspace: WorkspaceID, on queries: any Queries) async throws -> Body {
        let found = try await AttachmentStore.records(body.media.compactMap(\.attachment), in: workspace, on: queries)
        let records = Dictionary(found.map { ($0.id, $0) }) { first, _ in first }
        var body = body
        for (index, media) in body.media.enumerated() {
            guard let id = media.attachment else { continue }
            guard let record = records[id] else {
                throw Problem.invalid("/body/media/\(index)/attachmentId", "unknown_attachment", "There is no such attachment.")
            }
            body.media[index] = record.media(named: media.filename)
        }
        return body
    }
}

extension AttachmentStore.Record {
    func media(named filename: String?) -> Media {
        Media(
            url: "/v1/attachments/\(self.id)",
            contentType: self.contentType,
            filename: filename ?? self.filename,
            size: self.size,
            attachment: self.id,
            sha256: Hex.encode(self.sha256)
        )
    }
}

extension AttachmentFile {
    /// What a request brings as its whole body; `?filename=` names it.
    init(uploaded request: IncomingRequest) throws(Problem) {
        guard !request.body.isEmpty else { throw .invalid("", "empty_file", "The file is empty.") }
        let declared = request.headers[.contentType].map { $0.prefix { $0 != ";" }.trimmingCharacters(in: .whitespaces).lowercased() }
        let filename = request.queryItems.first { $0.name == "filename" }?.value
        self.init(received: request.body, declaredType: declared.flatMap { $0.utf8.count <= 127 ? $0 : nil }, filename: filename)
    }

    func json(url prefix: String) -> JSON {
        [
            "id": .string(self.id.description), "contentType": .string(self.contentType),
            "declaredType": self.mismatch.map(JSON.string) ?? .null,
            "filename": self.filename.map(JSON.string) ?? .null, "size": .integer(self.bytes.count),
            "sha256": .string(Hex.encode(self.sha256)), "url": .string("\(prefix)/v1/attachments/\(self.id)"),
        ]
    }
}
