import Foundation
package import Logging

/// A private PostgreSQL in a folder, reached by a Unix socket alone: for `parley dev` and for tests.
///
/// Started as root, the server itself runs as an ordinary user, as PostgreSQL insists.
package struct EmbeddedCluster: Sendable {
    /// The folder of the data.
    package let directory: String
    private let socketDirectory: String
    private let programs: PostgresPrograms

    /// The superuser that `initdb` makes.
    private static let owner = "parley"

    /// Creates the cluster when the folder has none, and starts it. One that still runs there, because the process that started it was
    /// killed, is used as it is.
    ///
    /// - Throws: `.connectionLost` with what PostgreSQL's programs said.
    package static func start(directory: String, logger: Logger) async throws(PostgresError) -> EmbeddedCluster {
        let directory = URL(fileURLWithPath: directory).standardizedFileURL.path
        let programs = try await Self.programs(for: directory)
        if !FileManager.default.fileExists(atPath: directory + "/PG_VERSION") {
            logger.notice("creating a private PostgreSQL")
            try await Self.create(directory, programs)
        }
        if let postmaster = Postmaster(of: directory) {
            let cluster = EmbeddedCluster(directory: directory, socketDirectory: postmaster.socketDirectory, programs: programs)
            if await cluster.answers(as: postmaster) {
                logger.notice("using a private PostgreSQL that still runs", metadata: ["pid": "\(postmaster.process)"])
                return cluster
            }
            // Its number may belong to another program by now, which PostgreSQL would take for a server.
            unlink(directory + "/postmaster.pid")
        }
        let socketDirectory = try Self.socketDirectory(for: directory, programs)
        let settings = ["listen_addresses=", "unix_socket_directories=\(socketDirectory)", "fsync=on", "max_connections=400"]
        try await programs.run(
            "pg_ctl",
            ["-D", directory, "-l", directory + "/server.log", "-w", "-t", "60", "start", "-o"]
                + [settings.map { "-c '\($0)'" }.joined(separator: " ")]
        )
        return EmbeddedCluster(directory: directory, socketDirectory: socketDirectory, programs: programs)
    }

    /// A libpq URL for `database`; any program on this machine that runs as the same user or root can use it.
    package func url(database: String = "postgres") -> String {
        let host = self.socketDirectory.addingPercentEncoding(withAllowedCharacters: .alphanumerics)!
        return "postgresql:///\(database)?host=\(host)&port=5432&user=\(Self.owner)"
    }

    /// Creates the database unless it is there.
    package func createDatabase(_ name: String) async throws(PostgresError) {
        let connection = try await Connection.open(ConnectionSettings(url: self.url(), applicationName: "parley"))
        if try await connection.query("SELECT 1 FROM pg_database WHERE datname = \(name)").isEmpty {
            try await connection.script("CREATE DATABASE \"\(name.replacing("\"", with: "\"\""))\"")
        }
        await connection.close()
    }

    /// How a server ends: `fast` breaks sessions off and writes everything down; `immediate` is a crash that recovers at the next start.
    package enum StopMode: String, Sendable { case fast, immediate }

    /// Stops the server and waits until it is gone. No error when it is gone already.
    package func stop(_ mode: StopMode = .fast) async throws(PostgresError) {
        guard let postmaster = Postmaster(of: self.directory), postmaster.isAlive else { return }
        try await self.programs.run("pg_ctl", ["-D", self.directory, "-w", "-t", "60", "-m", mode.rawValue, "stop"])
        if self.socketDirectory != self.directory { try? FileManager.default.removeItem(atPath: self.socketDirectory) }
    }

    /// Waits while that server recovers, or ends.
    private func answers(as postmaster: Postmaster) async -> Bool {
        while postmaster.isAlive, !Task.isCancelled {
            if (try? await Connection.open(ConnectionSettings(url: self.url(), applicationName: "parley"))) != nil { return true }
            try? await Task.sleep(for: .milliseconds(50))
        }
        return false
    }

    // MARK: - Folders

    private static func programs(for directory: String) async throws(PostgresError) -> PostgresPrograms {
        var programs = try PostgresPrograms.find()
        let parent = URL(fileURLWithPath: directory).deletingLastPathComponent().path
        do { try FileManager.default.createDirectory(atPath: parent, withIntermediateDirectories: true) } catch {
            throw PostgresError(.connectionLost, "the folder for PostgreSQL cannot be made")
        }
        if programs.user != nil, await !programs.canEnter(parent) { programs.mayPassFolders = true }
        return programs
    }

    /// Made beside its place and moved there whole, so that one who is killed meanwhile leaves nothing that looks finished.
    private static func create(_ directory: String, _ programs: PostgresPrograms) async throws(PostgresError) {
        let draft = directory + ".new"
        var failure: PostgresError?
        for locale in ["C.UTF-8", "C"] {
            try? FileManager.default.removeItem(atPath: draft)
            do { try FileManager.default.createDirectory(atPath: draft, withIntermediateDirectories: true) } catch {
                throw PostgresError(.connectionLost, "the folder for PostgreSQL cannot be made")
            }
            programs.claim(draft)
            do throws(PostgresError) {
                let options = ["--encoding=UTF8", "--locale=\(locale)", "--auth=trust", "--username=\(Self.owner)"]
                try await programs.run("initdb", ["-D", draft] + options)
                rmdir(directory)  // an empty one may stand there
                guard rename(draft, directory) == 0 else {
                    throw PostgresError(.connectionLost, "the folder for PostgreSQL is taken by something else")
                }
                return
            } catch { failure = error }
        }
        try? FileManager.default.removeItem(atPath: draft)
        if let failure { throw failure }
    }

    /// The data's own folder, which is private; a short one under /tmp when a socket there would have too long a name (107 bytes, unix(7)).
    private static func socketDirectory(for directory: String, _ programs: PostgresPrograms) throws(PostgresError) -> String {
        guard directory.utf8.count > 90 || directory.contains("'") || directory.contains(",") else { return directory }
        var template = Array("/tmp/parley-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw PostgresError(.connectionLost, "no folder for PostgreSQL's socket can be made") }
        let path = template.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
        programs.claim(path)
        return path
    }
}

/// What a running server says of itself in `postmaster.pid`.
///
/// Source: PostgreSQL source, src/include/utils/pidfile.h.
struct Postmaster {
    let process: pid_t
    let socketDirectory: String
    private let directory: String

    /// Nil when no server was left there.
    init?(of directory: String) {
        guard let text = try? String(contentsOfFile: directory + "/postmaster.pid", encoding: .utf8) else { return nil }
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        guard let process = lines.first.flatMap({ pid_t($0) }) else { return nil }
        self.process = process
        self.socketDirectory = lines.count > 4 ? String(lines[4]) : ""
        self.directory = directory
    }

    /// A process of that number works in that folder, as servers do: numbers are used again.
    var isAlive: Bool {
        let folder = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(self.process)/cwd")
        return folder == URL(fileURLWithPath: self.directory).resolvingSymlinksInPath().path
    }
}
