package import Foundation

/// Whose rows a transaction may see and write (row level security, sql/0006).
package enum WorkspaceScope: Hashable, Sendable {
    case workspace(UUID)
    /// For workers, whose batches span workspaces, and for look-ups before the workspace is known.
    case all

    var setting: String {
        switch self {
        case .workspace(let id): id.uuidString.lowercased()
        case .all: "*"
        }
    }
    var statement: SQL { "SELECT set_config('parley.workspace', \(self.setting), true)" }
}
