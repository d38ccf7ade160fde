internal import CGMime

/// GMime, started once for the process by whoever needs it first.
enum MailLibrary {
    static func start() { _ = Self.isStarted }

    private static let isStarted: Bool = {
        g_mime_init()
        return true
    }()
}
