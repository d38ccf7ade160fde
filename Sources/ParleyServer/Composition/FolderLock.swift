import Glibc

/// A lock file that one process holds; the kernel lets go of it when the process ends, however it ends.
struct FolderLock: Sendable {
    private let descriptor: Int32

    /// - Throws: when another process holds it.
    init(_ path: String) throws(ConfigurationError) {
        self.descriptor = Glibc.open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard self.descriptor >= 0 else { throw ConfigurationError("\(path) cannot be written") }
        guard flock(self.descriptor, LOCK_EX | LOCK_NB) == 0 else {
            close(self.descriptor)
            throw ConfigurationError("\(path) is held: another `parley dev` runs on this folder")
        }
    }

    func release() { close(self.descriptor) }
}
