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
            return Finding("adapters", of: error)
        }
    }

    /// Hook URLs and status callbacks begin with it, so each process and command must have the same.
    func publicURL() -> Finding {
        do throws(ConfigurationError) {
            let url = try self.settings.publicURL
            guard let doubt = self.settings.publicURLDoubt else { return Finding(name: "public URL", level: .ok, detail: url) }
            return Finding(name: "public URL", level: .warning, detail: "\(url): \(doubt)")
        } catch {
            return Finding("public URL", of: error)
        }
    }

    /// Whether every channel's settings open with the master key we have (I14).
    func masterKey(_ queries: some Queries) async throws -> Finding {
        let sealer: Sealer
        do throws(ConfigurationError) { sealer = try self.settings.sealer } catch {
            return Finding(name: "master key", level: .problem, detail: error.description)
        }
        let opened = try await OpenedChannels(of: queries, by: sealer)
        return Finding(name: "master key", level: opened.isAll ? .ok : .problem, detail: opened.description)
    }
}
