import Foundation
import Postgres

/// What can be asked of the database alone. Each check is one query and one judgement.
extension Doctor {
    func server(_ queries: some Queries) async throws -> Finding {
        let row = try await queries.query(
            """
            SELECT current_setting('server_version') AS version, current_setting('server_version_num')::int8 AS number,
                current_setting('fsync') AS fsync, current_setting('synchronous_commit') AS commit, current_setting('full_page_writes') AS pages
            """
        )[0]
        let version: String = try row.value("version")
        guard try row.value("number", as: Int.self) >= 140_000 else {
            return Finding(name: "server", level: .problem, detail: "PostgreSQL \(version) is too old: 14 or newer is needed")
        }
        for name in ["fsync", "commit", "pages"] where try row.value(name, as: String.self) == "off" {
            let detail = "fsync, synchronous_commit and full_page_writes must be on: a crash would lose messages that were acknowledged"
            return Finding(name: "server", level: .problem, detail: detail)
        }
        return Finding(name: "server", level: .ok, detail: "PostgreSQL \(version)")
    }

    /// What `serve` and `work` connect as must not be able to look past row level security (I9).
    func role(_ queries: some Queries) async throws -> Finding {
        let row = try await queries.query(
            "SELECT rolname::text AS name, rolsuper OR rolbypassrls AS strong FROM pg_roles WHERE rolname = current_user"
        )[0]
        let name: String = try row.value("name")
        guard try row.value("strong", as: Bool.self) else { return Finding(name: "role", level: .ok, detail: name) }
        return Finding(name: "role", level: .problem, detail: "\(name) passes row level security by: it must be an ordinary role")
    }

    func clock(_ queries: some Queries) async throws -> Finding {
        let before = Date()
        let theirs: Date = try await queries.query("SELECT clock_timestamp() AS now")[0].value("now")
        let ours = before.addingTimeInterval(Date().timeIntervalSince(before) / 2)
        let apart = abs(theirs.timeIntervalSince(ours))
        let detail = "\(apart.formatted(.number.precision(.fractionLength(3)))) s apart from the database's"
        // Leases and schedules go by the database's clock alone; signatures with a time are judged by ours, within 5 minutes.
        return Finding(name: "clock", level: apart < 2 ? .ok : .warning, detail: apart < 2 ? detail : detail + ": set this host's by NTP")
    }

    func workers(_ queries: some Queries) async throws -> Finding {
        let row = try await queries.query(
            """
            SELECT (SELECT count(DISTINCT name) FROM workers WHERE heartbeat_at > now() - interval '30 seconds') AS workers,
                count(*) FILTER (WHERE owner IS NULL OR expires_at < now()) AS idle FROM lanes WHERE queue IN ('inbox', 'outbox')
            """
        )[0]
        let (workers, idle) = (try row.value("workers", as: Int.self), try row.value("idle", as: Int.self))
        guard workers > 0 else { return Finding(name: "workers", level: .warning, detail: "none is running: start `parley work`") }
        guard idle == 0 else {
            return Finding(name: "workers", level: .warning, detail: "\(idle) lanes have no owner; within 35 s of a crash that is normal")
        }
        return Finding(name: "workers", level: .ok, detail: "\(workers) running, every lane has an owner")
    }

    func backlog(_ queries: some Queries) async throws -> Finding {
        let rows = try await queries.query(
            """
            SELECT queue, count(*) AS count, count(*) FILTER (WHERE held) AS held,
                coalesce(extract(epoch FROM now() - min(run_at) FILTER (WHERE NOT held)), 0)::float8 AS age FROM jobs GROUP BY queue ORDER BY queue
            """
        )
        var parts: [String] = []
        var level = Finding.Level.ok
        for row in rows {
            let (held, age) = (try row.value("held", as: Int.self), try row.value("age", as: Double.self))
            if age > 60 || held > 0 { level = .warning }
            parts.append(
                "\(try row.value("queue", as: String.self)): \(try row.value("count", as: Int.self)) waiting, \(held) held, oldest \(Int(max(0, age))) s"
            )
        }
        let detail = parts.isEmpty ? "nothing waits" : parts.joined(separator: "; ")
        return Finding(name: "backlog", level: level, detail: level == .ok ? detail : detail + " (see `parley queue show`)")
    }

    func deadLetters(_ queries: some Queries) async throws -> Finding {
        let count: Int = try await queries.query("SELECT count(*) AS count FROM dead_letters")[0].value("count")
        guard count > 0 else { return Finding(name: "dead letters", level: .ok, detail: "none") }
        return Finding(name: "dead letters", level: .warning, detail: "\(count): look at them with `parley queue show --workspace NAME`")
    }

    /// Channels whose providers are asked for what is new (three failures in a row are no accident).
    func polling(_ queries: some Queries) async throws -> Finding {
        let row = try await queries.query(
            """
            SELECT count(*) FILTER (WHERE due_at < 'infinity') AS count, count(*) FILTER (WHERE failures >= 3) AS failing,
                coalesce(string_agg(DISTINCT error, ', ') FILTER (WHERE failures >= 3), '') AS errors FROM pollers
            """
        )[0]
        let (count, failing) = (try row.value("count", as: Int.self), try row.value("failing", as: Int.self))
        guard failing > 0 else { return Finding(name: "polling", level: .ok, detail: "\(count) channels are asked") }
        let errors: String = try row.value("errors")
        let detail = "\(failing) of \(count) channels get nothing (\(errors)): see `polling` of GET /v1/channels"
        return Finding(name: "polling", level: .warning, detail: detail)
    }

    /// An open transaction keeps vacuum from cleaning up after the queue (F27).
    func oldTransactions(_ queries: some Queries) async throws -> Finding {
        let rows = try await queries.query(
            """
            SELECT pid, coalesce(application_name, '') AS name, extract(epoch FROM now() - xact_start)::float8 AS age FROM pg_stat_activity
                WHERE xact_start < now() - interval '1 minute' AND backend_type = 'client backend' ORDER BY xact_start LIMIT 3
            """
        )
        guard !rows.isEmpty else { return Finding(name: "transactions", level: .ok, detail: "none is older than a minute") }
        let list = try rows.map { row in
            "pid \(try row.value("pid", as: Int32.self)) (\(try row.value("name", as: String.self))) for \(Int(try row.value("age", as: Double.self))) s"
        }
        let detail = "open for long: \(list.joined(separator: ", ")); they slow every queue down: end them with pg_terminate_backend"
        return Finding(name: "transactions", level: .warning, detail: detail)
    }

    func deadRows(_ queries: some Queries) async throws -> Finding {
        let row = try await queries.query(
            """
            SELECT coalesce(n_dead_tup, 0) AS dead, coalesce((SELECT option_value FROM pg_options_to_table(c.reloptions)
                WHERE option_name = 'autovacuum_enabled'), current_setting('autovacuum')) AS vacuum
                FROM pg_class c LEFT JOIN pg_stat_user_tables s ON s.relid = c.oid WHERE c.oid = 'jobs'::regclass
            """
        )[0]
        let dead: Int = try row.value("dead")
        if ["off", "false"].contains(try row.value("vacuum", as: String.self)) {
            return Finding(name: "vacuum", level: .warning, detail: "autovacuum is off: the queue's table will grow without end")
        }
        return dead < 1_000_000
            ? Finding(name: "vacuum", level: .ok, detail: "\(dead) dead rows in the queue")
            : Finding(name: "vacuum", level: .warning, detail: "\(dead) dead rows in the queue: vacuum does not keep up (VACUUM jobs)")
    }

    /// Free space where the server keeps its data, when that is this machine.
    func disk(_ queries: some Queries) async throws -> Finding {
        let folder = try? await queries.query("SELECT current_setting('data_directory') AS folder")[0].value("folder", as: String.self)
        let size: Int = try await queries.query("SELECT pg_database_size(current_database()) AS size")[0].value("size")
        let used = "the database takes \(size.formatted(.byteCount(style: .file)))"
        let isLocal = try await queries.query("SELECT inet_server_addr() IS NULL AS local")[0].value("local", as: Bool.self)
        guard isLocal, let folder, let free = Self.freeBytes(folder) else { return Finding(name: "disk", level: .ok, detail: used) }
        let detail = "\(used), \(free.formatted(.byteCount(style: .file))) are free"
        return Finding(name: "disk", level: free > 1_000_000_000 ? .ok : .warning, detail: detail)
    }

    private static func freeBytes(_ folder: String) -> Int? {
        var status = statvfs()
        guard statvfs(folder, &status) == 0 else { return nil }
        return Int(status.f_bavail) * Int(status.f_frsize)
    }
}
