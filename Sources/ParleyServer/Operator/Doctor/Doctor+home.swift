import Channels
import Foundation
import Parley
import Postgres

/// What is asked of this host's files and keys.
extension Doctor {
    func adapters() -> Finding {
        do throws(ConfigurationError) {
            let names = try self.settings.adapters.all.map(\.name.rawValue)
            return Finding(
                name: "adapters",
                level: names.isEmpty ? .warning : .ok,
                detail: "\(names.joined(separator: ", ")) in \(try self.settings.home.channels)"
            )
        } catch {
            return Finding(name: "adapters", level: .problem, detail: error.description)
        }
    }

    /// Whether every channel's settings open with the master key we have (I14).
    func masterKey(_ queries: some Queries) async throws -> Finding {
        let sealer: Sealer
        do throws(ConfigurationError) { sealer = try self.settings.sealer } catch {
            return Finding(name: "master key", level: .problem, detail: error.description)
        }
        let rows = try await queries.query("SELECT id, settings FROM channels")
        let shut = rows.filter { row in
            (try? sealer.open(try row.value("settings", as: [UInt8].self), for: try row.value("id", as: UUID.self))) == nil
        }
        guard !shut.isEmpty else { return Finding(name: "master key", level: .ok, detail: "opens all \(rows.count) channels") }
        let detail = "does not open \(shut.count) of \(rows.count) channels: add the key they were sealed with to PARLEY_MASTER_KEY"
        return Finding(name: "master key", level: .problem, detail: detail)
    }
}
