import Foundation

/// PostgreSQL's own programs, and the user they run as.
struct PostgresPrograms: Sendable {
    /// An ordinary user of this machine.
    struct User: Sendable {
        var id: UInt32
        var group: UInt32
    }

    private let folder: String
    /// Nil: as ourselves.
    let user: User?
    /// Set when the server's user may not pass a folder above its data, such as /root: it is then let through, and nothing else.
    var mayPassFolders = false

    /// The programs on PATH, or the newest that Debian installed.
    ///
    /// - Throws: `.connectionLost` when there are none, or we are root and there is nobody else to run them as.
    static func find() throws(PostgresError) -> PostgresPrograms {
        let path = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").map(String.init)
        let versions = ((try? FileManager.default.contentsOfDirectory(atPath: "/usr/lib/postgresql")) ?? [])
            .sorted { (Int($0) ?? 0) > (Int($1) ?? 0) }.map { "/usr/lib/postgresql/\($0)/bin" }
        guard let folder = (path + versions).first(where: { FileManager.default.isExecutableFile(atPath: $0 + "/pg_ctl") }) else {
            throw PostgresError(.connectionLost, "PostgreSQL's programs (initdb, pg_ctl) are not installed")
        }
        guard geteuid() == 0 else { return PostgresPrograms(folder: folder, user: nil) }
        guard let entry = getpwnam("postgres") ?? getpwnam("nobody") else {
            throw PostgresError(.connectionLost, "started as root, and there is no ordinary user to run PostgreSQL as")
        }
        return PostgresPrograms(folder: folder, user: User(id: entry.pointee.pw_uid, group: entry.pointee.pw_gid))
    }

    /// Gives what we made to the server's user, so that only it, and root, may enter.
    func claim(_ path: String) {
        chmod(path, 0o700)
        if let user { chown(path, user.id, user.group) }
    }

    /// Runs one of PostgreSQL's programs to its end.
    ///
    /// - Throws: `.connectionLost` with the end of what it printed.
    func run(_ program: String, _ arguments: [String]) async throws(PostgresError) {
        let words = self.identity + ["\(self.folder)/\(program)"] + arguments
        let failure: String? = await withCheckedContinuation { continuation in
            Thread.detachNewThread { continuation.resume(returning: Self.complaint(of: words)) }
        }
        if let failure { throw PostgresError(.connectionLost, "\(program): \(failure)") }
    }

    /// Whether the server's user can enter that folder.
    func canEnter(_ folder: String) async -> Bool {
        let words = self.identity + ["/usr/bin/test", "-x", folder]
        return await withCheckedContinuation { continuation in
            Thread.detachNewThread { continuation.resume(returning: Self.complaint(of: words) == nil) }
        }
    }

    private var identity: [String] {
        guard let user else { return [] }
        let passing = self.mayPassFolders ? ["--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search"] : []
        return ["/usr/bin/setpriv", "--reuid=\(user.id)", "--regid=\(user.group)", "--clear-groups"] + passing + ["--"]
    }

    /// Runs a program in a session of its own, so that a terminal's Ctrl-C is ours to answer, not the server's.
    ///
    /// By `posix_spawn`: Foundation's `Process` would also wait for a descriptor that a server, once started, inherits for good.
    ///
    /// - Returns: nil when it went well; otherwise the end of what it printed.
    private static func complaint(of words: [String]) -> String? {
        let output = NSTemporaryDirectory() + "/parley-\(UUID().uuidString).log"
        defer { unlink(output) }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_CREAT | O_EXCL, 0o600)
        posix_spawn_file_actions_adddup2(&actions, 1, 2)
        for entry in (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")) ?? [] {
            if let descriptor = Int32(entry), descriptor > 2 { posix_spawn_file_actions_addclose(&actions, descriptor) }
        }

        let command = ["/usr/bin/setsid", "--wait", "/bin/sh", "-c", #"cd / && exec "$@""#, "sh"] + words
        var arguments: [UnsafeMutablePointer<CChar>?] = command.map { strdup($0) } + [nil]
        var environment: [UnsafeMutablePointer<CChar>?] = [strdup("PATH=/usr/bin:/bin"), strdup("LC_ALL=C.UTF-8"), nil]
        defer { for text in arguments + environment { free(text) } }
        var process: pid_t = 0
        let error = posix_spawn(&process, "/usr/bin/setsid", &actions, nil, &arguments, &environment)
        guard error == 0 else { return String(cString: strerror(error)) }
        var status: Int32 = 0
        while waitpid(process, &status, 0) < 0, errno == EINTR {}
        guard status != 0 else { return nil }
        return String(((try? String(contentsOfFile: output, encoding: .utf8)) ?? "").suffix(1_000))
    }
}
