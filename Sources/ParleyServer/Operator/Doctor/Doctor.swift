import Postgres

/// Looks at everything an installation needs, and says what is not well and what to do about it. Changes nothing.
package struct Doctor: Sendable {
    let settings: Settings

    package init(settings: Settings) { self.settings = settings }

    /// Every check, in the order a person would make them; without a database, what can be said without one.
    package func examine() async -> [Finding] {
        var findings = [self.adapters(), self.publicURL()]
        await self.withDatabase(&findings) { owner, app in
            let checks: [(String, () async throws -> Finding)] = [
                ("server", { try await self.server(owner) }), ("migrations", { try await self.migrations(owner) }),
                ("role", { try await self.role(app) }), ("clock", { try await self.clock(owner) }),
                ("master key", { try await self.masterKey(app) }), ("workers", { try await self.workers(owner) }),
                ("backlog", { try await self.backlog(owner) }), ("dead letters", { try await self.deadLetters(owner) }),
                ("polling", { try await self.polling(owner) }),
                ("transactions", { try await self.oldTransactions(owner) }), ("vacuum", { try await self.deadRows(owner) }),
                ("disk", { try await self.disk(owner) }),
            ]
            var findings: [Finding] = []
            for (name, check) in checks { findings.append(await Self.finding(name, check)) }
            return findings
        }
        return findings
    }

    /// The promises, checked on the data as they are.
    package func invariants() async -> [Finding] {
        var findings: [Finding] = []
        await self.withDatabase(&findings) { owner, _ in
            var findings: [Finding] = []
            for invariant in Invariant.all {
                findings.append(
                    await Self.finding(invariant.number) {
                        let count: Int = try await owner.query(invariant.violations)[0].value("violations")
                        guard count > 0 else { return Finding(name: invariant.number, level: .ok, detail: invariant.promise) }
                        return Finding(name: invariant.number, level: .problem, detail: "\(count) times broken: \(invariant.promise)")
                    }
                )
            }
            return findings
        }
        return findings
    }

    /// A check that fails is a finding too.
    private static func finding(_ name: String, _ check: () async throws -> Finding) async -> Finding {
        do { return try await check() } catch { return Finding(name, "could not be checked: ", of: error) }
    }

    /// One connection as the owner, who sees the server's statistics, and one as `serve` and `work` have it.
    private func withDatabase(_ findings: inout [Finding], _ body: (Connection, Connection) async -> [Finding]) async {
        do {
            let url = try self.settings.databaseURL
            let everything = ["parley.workspace": "*"]
            let owner = try await Connection.open(ConnectionSettings(url: url, applicationName: "parley doctor", options: everything))
            let app = try await Connection.open(
                .app(url, name: "doctor", options: everything)
            )
            findings += await body(owner, app)
            await owner.close()
            await app.close()
        } catch { findings.append(Finding("database", of: error)) }
    }

    private func migrations(_ queries: some Queries) async throws -> Finding {
        let pending = try await Migrator(directory: self.settings.home.sql).pending(on: queries)
        guard !pending.isEmpty else { return Finding(name: "migrations", level: .ok, detail: "all are applied") }
        return Finding(name: "migrations", level: .problem, detail: "\(pending.count) are not applied: run `parley migrate`")
    }
}
