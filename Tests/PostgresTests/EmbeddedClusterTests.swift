import Foundation
import Postgres
import TestSupport
import Testing

/// Servers of their own, because these tests stop them.
@Suite(.serialized, .timeLimit(.minutes(10))) struct EmbeddedClusterTests {
    private func settings(_ cluster: EmbeddedCluster) -> ConnectionSettings {
        ConnectionSettings(url: cluster.url(), applicationName: "test")
    }

    @Test func `what was committed outlives a stop, and a start finds the one that runs`() async throws {
        let cluster = try await EphemeralCluster.start()
        try await cluster.createDatabase("mine")
        try await cluster.createDatabase("mine")
        let settings = ConnectionSettings(url: cluster.url(database: "mine"), applicationName: "test")
        try await Connection.open(settings).script("CREATE TABLE t AS SELECT 1 AS n")
        let server = try await Connection.open(settings)
        let facts = try await server.query(
            """
            SELECT current_setting('fsync') AS fsync, current_setting('listen_addresses') AS listen, getdatabaseencoding()::text AS encoding,
                (SELECT count(*) FROM pg_stat_activity WHERE client_addr IS NOT NULL) AS remote
            """
        )[0]
        #expect(try facts.value("fsync") == "on")
        #expect(try facts.value("listen") == "")
        #expect(try facts.value("encoding") == "UTF8")

        let again = try await EmbeddedCluster.start(directory: cluster.directory, logger: TestDatabase.logger)
        #expect(again.url() == cluster.url())
        #expect(try await server.query("SELECT n FROM t")[0].value("n") == 1)

        try await cluster.stop()
        try await cluster.stop()
        await #expect(throws: PostgresError.self) { try await Connection.open(settings) }
        let restarted = try await EmbeddedCluster.start(directory: cluster.directory, logger: TestDatabase.logger)
        #expect(try await Connection.open(settings).query("SELECT n FROM t")[0].value("n") == 1)
        try await restarted.stop()
    }

    @Test func `a lock file whose number belongs to another program by now does not stop a start`() async throws {
        let cluster = try await EphemeralCluster.start()
        let lock = cluster.directory + "/postmaster.pid"
        let lines = try String(contentsOfFile: lock, encoding: .utf8).split(separator: "\n", omittingEmptySubsequences: false)
        try await cluster.stop(.immediate)
        try ([Substring("\(getpid())")] + lines.dropFirst()).joined(separator: "\n").write(toFile: lock, atomically: true, encoding: .utf8)
        let restarted = try await EmbeddedCluster.start(directory: cluster.directory, logger: TestDatabase.logger)
        #expect(try await Connection.open(self.settings(restarted)).query("SELECT 1 AS one")[0].value("one") == 1)
        try await restarted.stop()
    }

    @Test func `a long path, and one through a folder that only root may pass, are no hindrance`() async throws {
        let name = String(repeating: "deep-", count: 12)
        let outer = NSTemporaryDirectory() + "/closed-\(getpid())"
        let inner = "\(outer)/\(name)/\(name)"
        try FileManager.default.createDirectory(atPath: inner, withIntermediateDirectories: true)
        chmod(outer, 0o700)
        defer { try? FileManager.default.removeItem(atPath: outer) }
        let cluster = try await EmbeddedCluster.start(directory: inner + "/pg", logger: TestDatabase.logger)
        let answer = try? await Connection.open(self.settings(cluster)).query("SELECT 1 AS one")[0].value("one", as: Int.self)
        try await cluster.stop()
        #expect(answer == 1)
    }

    /// Each client counts what it was told is committed; a restart may leave doubt, but may not lose or invent.
    @Test(arguments: [EmbeddedCluster.StopMode.fast, .immediate])
    func `a pool in full use survives a restart, and nothing acknowledged is lost`(mode: EmbeddedCluster.StopMode) async throws {
        let cluster = try await EphemeralCluster.start()
        let pool = Pool(settings: self.settings(cluster), size: 4, logger: TestDatabase.logger)
        try await pool.withConnection { try await $0.script("CREATE TABLE t (client integer, n integer, PRIMARY KEY (client, n))") }
        let count = Counter()
        let (acknowledged, acknowledge) = AsyncStream.makeStream(of: Int.self)
        let end = Counter()
        struct Tally {
            var certain: [Int] = []
            var doubtful: [Int] = []
            var failed: [Int] = []
        }
        let tallies = try await withThrowingTaskGroup(of: (Int, Tally).self) { group in
            for client in 0..<8 {
                group.addTask {
                    var tally = Tally()
                    for n in 0... where end.value == 0 {
                        do {
                            _ = try await pool.pipeline(in: .all, ["INSERT INTO t VALUES (\(Int32(client)), \(Int32(n)))"])
                            tally.certain.append(n)
                            acknowledge.yield(count.increment())
                        } catch let error as PostgresError {
                            #expect(error.isUnavailable, "\(error)")
                            if error.isCommitUnknown { tally.doubtful.append(n) } else { tally.failed.append(n) }
                            await Task.yield()
                        }
                        if end.value > 0 { break }
                    }
                    return (client, tally)
                }
            }
            for await number in acknowledged where number >= 200 { break }
            try await cluster.stop(mode)
            _ = try await EmbeddedCluster.start(directory: cluster.directory, logger: TestDatabase.logger)
            let before = count.value
            for await number in acknowledged where number >= before + 200 { break }
            end.increment()
            return try await group.reduce(into: [Int: Tally]()) { $0[$1.0] = $1.1 }
        }
        for (client, tally) in tallies {
            let kept = Set(try await pool.query("SELECT n FROM t WHERE client = \(Int32(client))").map { try $0.value("n", as: Int.self) })
            #expect(kept.isSuperset(of: tally.certain))
            #expect(kept.isDisjoint(with: tally.failed))
            #expect(kept.subtracting(tally.certain).isSubset(of: tally.doubtful))
        }
        #expect(pool.gauge.inUse == 0)
        await pool.close()
        try await cluster.stop()
    }
}
