import CLibpq
import Foundation

/// Where a server is and how a connection to it behaves.
package struct ConnectionSettings: Hashable, Sendable {
    /// A libpq URL or keyword string. Holds a password: never logged.
    package var url: String
    /// The role the session takes on, so that row level security holds although the login owns the tables.
    package var role: String?
    package var applicationName: String
    /// Server settings for the session.
    package var options: [String: String]

    package init(url: String, role: String? = nil, applicationName: String, options: [String: String] = [:]) {
        self.url = url
        self.role = role
        self.applicationName = applicationName
        self.options = options
    }

    /// Settings for every session that writes: durable, and without its locks soon after its client stands still or is cut off, since
    /// the whole fleet may wait for them.
    package static let prompt = [
        "jit": "off", "synchronous_commit": "on", "idle_in_transaction_session_timeout": "10s",
        "tcp_keepalives_idle": "10", "tcp_keepalives_interval": "5", "tcp_keepalives_count": "3",
    ]

    /// Besides, settings for short statements over work tables: a plan made while a table was empty must stay an index range scan, bitmap
    /// scans never clear dead index entries, and the cost of a disabled node would switch the JIT on.
    package static let hot = Self.prompt.merging(
        ["enable_seqscan": "off", "enable_bitmapscan": "off", "plan_cache_mode": "force_generic_plan"]
    ) { _, hot in hot }

    /// What `PQconnectdbParams` takes: later names win over those inside the URL.
    var parameters: [(name: String, value: String)] {
        var session = self.options
        session["role"] = self.role
        session["client_min_messages"] = "warning"
        // In `options` a blank ends a setting unless a backslash stands before it (PostgreSQL manual, libpq, "options").
        let settings = session.sorted { $0.key < $1.key }.map { name, value in
            "-c \(name)=\(value.replacing("\\", with: "\\\\").replacing(" ", with: "\\ "))"
        }
        let options = ([self.urlOptions].compactMap(\.self) + settings).joined(separator: " ")
        return [
            ("dbname", self.url), ("application_name", self.applicationName), ("options", options), ("client_encoding", "UTF8"),
            ("connect_timeout", "10"), ("keepalives_idle", "10"), ("keepalives_interval", "5"), ("keepalives_count", "3"),
            ("tcp_user_timeout", "20000"),
        ]
    }

    /// The server settings that the URL itself asks for; ours are added to them, not put in their place.
    private var urlOptions: String? { Self.parts(of: self.url)?["options"] }

    /// Whether every part of a URL is what it was meant to be, as far as can be told without a server.
    ///
    /// Asked before connecting: libpq's complaints quote what it stumbles over, which is the password when a `/`, `@` or `%` in it
    /// was not percent-encoded.
    package static func isReadable(_ url: String) -> Bool {
        guard let parts = Self.parts(of: url) else { return false }
        let ports = (parts["port"] ?? "").split(separator: ",")
        return ports.allSatisfy { UInt16($0) != nil } && !["host", "dbname"].contains { parts[$0]?.contains("@") == true }
    }

    /// What a URL gives, by libpq's keywords; nil when libpq cannot read it.
    private static func parts(of url: String) -> [String: String]? {
        guard let parsed = PQconninfoParse(url, nil) else { return nil }
        defer { PQconninfoFree(parsed) }
        var parts: [String: String] = [:]
        var option = parsed
        while let keyword = option.pointee.keyword {
            parts[String(cString: keyword)] = option.pointee.val.map { String(cString: $0) }
            option += 1
        }
        return parts
    }
}
