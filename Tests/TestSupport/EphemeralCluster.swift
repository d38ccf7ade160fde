import Foundation
package import Postgres
import Synchronization

/// A private server whose folder goes when this process ends, however it ends.
package enum EphemeralCluster {
    private static let count = Atomic(0)

    package static func start() async throws -> EmbeddedCluster {
        let number = self.count.add(1, ordering: .relaxed).newValue
        let directory = NSTemporaryDirectory() + "/parley-test-\(getpid())-\(number)"
        try self.cleanUpAfterUs(directory)
        return try await EmbeddedCluster.start(directory: directory, logger: TestDatabase.logger)
    }

    /// Starts a shell that waits for the end of a pipe which only we hold open: the kernel closes it even when we crash. In a session
    /// of its own, as a Ctrl-C for the tests must not end it. The server is no child of that shell, which can only look whether it is gone.
    private static func cleanUpAfterUs(_ directory: String) throws {
        let script = """
            cat > /dev/null
            if read -r server < "$1/postmaster.pid"; then
                kill -s QUIT "$server"
                while kill -0 "$server"; do sleep 0.1; done
            fi
            rm -rf "$1" "$1.new"
            """
        let line = Pipe()
        let ours = line.fileHandleForWriting.fileDescriptor
        guard fcntl(ours, F_SETFD, FD_CLOEXEC) == 0 else { throw POSIXError(.EBADF) }
        let shell = Process()
        shell.executableURL = URL(fileURLWithPath: "/usr/bin/setsid")
        shell.arguments = ["/bin/sh", "-c", script, "sh", directory]
        shell.standardInput = line
        shell.standardOutput = FileHandle.nullDevice
        shell.standardError = FileHandle.nullDevice
        try shell.run()
        self.lines.withLock { $0.append(line) }
    }

    /// Held until the process ends.
    private static let lines = Mutex<[Pipe]>([])
}
