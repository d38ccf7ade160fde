/// A setting of a process, by the name it has in the environment and in the settings file.
package enum SettingName: String, CaseIterable, Sendable {
    case databaseURL = "PARLEY_DATABASE_URL"
    case httpListen = "PARLEY_HTTP_LISTEN"
    case workListen = "PARLEY_WORK_LISTEN"
    case smtpListen = "PARLEY_SMTP_LISTEN"
    case smtpProtocol = "PARLEY_SMTP_PROTOCOL"
    case smtpHostname = "PARLEY_SMTP_HOSTNAME"
    case smtpCertificate = "PARLEY_SMTP_CERTIFICATE"
    case smtpKey = "PARLEY_SMTP_KEY"
    case smtpMaxBytes = "PARLEY_SMTP_MAX_BYTES"
    case smtpAuth = "PARLEY_SMTP_AUTH"
    case publicURL = "PARLEY_PUBLIC_URL"
    case masterKey = "PARLEY_MASTER_KEY"
    case masterKeyFile = "PARLEY_MASTER_KEY_FILE"
    case home = "PARLEY_HOME"
    case egressAllow = "PARLEY_EGRESS_ALLOW"
    case logLevel = "PARLEY_LOG_LEVEL"
    case poolSize = "PARLEY_POOL_SIZE"
    case graceSeconds = "PARLEY_GRACE_SECONDS"

    /// What stands for a setting nobody gave; nil when there is none.
    package var defaultValue: String? {
        switch self {
        case .httpListen: "127.0.0.1:8080"
        case .smtpListen: "127.0.0.1:2525"
        case .smtpProtocol: "smtp"
        case .smtpMaxBytes: "26214400"
        case .smtpAuth: "off"
        case .egressAllow: ""
        case .logLevel: "info"
        case .poolSize: "10"
        case .graceSeconds: "30"
        case .databaseURL, .workListen, .publicURL, .smtpHostname, .smtpCertificate, .smtpKey, .masterKey, .masterKeyFile, .home: nil
        }
    }

    /// Whether an error message must not repeat the value.
    var isSecret: Bool { self == .databaseURL || self == .masterKey }
}

/// What is wrong with the settings, in one sentence for the person who wrote them. Exit code 78.
package struct ConfigurationError: Error, Hashable, Sendable, CustomStringConvertible {
    package let description: String
    package init(_ description: String) { self.description = description }
}
