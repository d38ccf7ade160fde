import Foundation
import Parley
import Postgres

extension AttachmentFile {
    /// Keeps files; the same bytes may be there already, from another message or another try. Nothing for none.
    static func insertion(of files: [(workspace: WorkspaceID, file: AttachmentFile)]) -> [SQL] {
        guard !files.isEmpty else { return [] }
        return [
            """
            INSERT INTO attachments (workspace_id, id, sha256, content_type, declared_type, filename, size, bytes)
            SELECT DISTINCT ON (1, 2) * FROM unnest(\(files.map(\.workspace.uuid)), \(files.map(\.file.id.uuid)), \(files.map(\.file.sha256)),
                \(files.map(\.file.contentType)), \(files.map(\.file.declaredType)), \(files.map(\.file.filename)),
                \(files.map { Int64($0.file.bytes.count) }), \(files.map(\.file.bytes))) AS f (workspace_id, id)
            ORDER BY 1, 2 ON CONFLICT (workspace_id, id) DO NOTHING
            """
        ]
    }
}
