import Foundation
import Postgres

/// How many channels' settings a master key opens (I14).
struct OpenedChannels: CustomStringConvertible {
    let count: Int
    let shut: Int

    /// - Parameter queries: of a session that sees all workspaces.
    init(of queries: some Queries, by sealer: Sealer) async throws {
        let rows = try await queries.query("SELECT id, settings FROM channels")
        self.count = rows.count
        self.shut = rows.count { row in
            (try? sealer.open(try row.value("settings", as: [UInt8].self), for: try row.value("id", as: UUID.self))) == nil
        }
    }

    var isAll: Bool { self.shut == 0 }
    /// There are some, and none opens.
    var isNone: Bool { self.count > 0 && self.shut == self.count }

    /// To follow "the master key".
    var description: String {
        self.isAll
            ? "opens all \(self.count) channels"
            : "does not open \(self.shut) of \(self.count) channels: add the key they were sealed with to PARLEY_MASTER_KEY"
    }
}
