import Foundation

/// How many files and sockets this process may hold open.
package enum FileLimit {
    /// Asks for as many as the system allows: shells and service managers hand out far fewer than a listener with streams needs.
    package static func raise() {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0, limit.rlim_cur < limit.rlim_max else { return }
        limit.rlim_cur = limit.rlim_max
        _ = setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }

    /// What is left of it for connections of clients, at most `wanted`.
    static func connections(_ wanted: Int) -> Int {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return wanted }
        return min(wanted, max(64, Int(clamping: limit.rlim_cur) - Self.ours))
    }

    /// The database, providers, mail, logs.
    private static let ours = 512
}
