package import Postgres

extension ConnectionSettings {
    /// A session of `serve` or `work`: neither owner nor above row level security, whoever logged in.
    package static func app(_ url: String, name: String, options: [String: String] = [:]) -> ConnectionSettings {
        ConnectionSettings(url: url, role: "parley_app", applicationName: "parley \(name)", options: options)
    }
}
