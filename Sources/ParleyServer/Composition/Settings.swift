package import Curl
import Foundation
package import Logging
import Postgres

/// The settings of one process: a flag wins over the environment, the environment over the file, the file over the default.
///
/// Each value is read, and complained about, when a process asks for it: `parley check` needs no database.
package struct Settings: Sendable {
    private struct Found: Sendable {
        var value: String
        var origin: Origin
    }
    private var found: [SettingName: Found] = [:]
    /// The folder the process was started in, and its executable: where `PARLEY_HOME` is looked for.
    private let workingFolder: String
    private let executable: String

    /// - Parameters:
    ///   - flags: what the command line gave.
    ///   - file: a settings file somebody named; nil for `/etc/parley/parley.env`, which may be absent.
    package init(
        flags: [SettingName: String] = [:],
        environment: [String: String] = ProcessInfo.processInfo.environment,
        file: String? = nil,
        workingFolder: String = FileManager.default.currentDirectoryPath,
        executable: String = Settings.currentExecutable
    ) throws(ConfigurationError) {
        self.workingFolder = workingFolder
        self.executable = executable
        if let path = file ?? [SettingsFile.defaultPath].first(where: FileManager.default.fileExists) {
            let file = try SettingsFile(path: path)
            for (name, entry) in file.values { self.found[name] = Found(value: entry.value, origin: .file(entry.place)) }
        }
        for name in SettingName.allCases {
            // An empty variable is one that was not given: compose files write `NAME=${NAME:-}`.
            if let value = environment[name.rawValue], !value.isEmpty { self.found[name] = Found(value: value, origin: .environment) }
            if let value = flags[name] { self.found[name] = Found(value: value, origin: .flag) }
        }
    }

    /// What was given for a setting, or its default; nil when there is neither.
    package func text(_ name: SettingName) -> String? { self.found[name]?.value ?? name.defaultValue }

    /// Replaces a setting, as `parley dev` does with those it decides itself.
    package mutating func set(_ name: SettingName, _ value: String) { self.found[name] = Found(value: value, origin: .dev) }

    package func isGiven(_ name: SettingName) -> Bool { self.found[name] != nil }

    func problem(_ name: SettingName, _ sentence: String) -> ConfigurationError {
        guard let found = self.found[name] else { return ConfigurationError("\(name.rawValue) \(sentence)") }
        let value = name.isSecret ? "" : "=\(found.value)"
        return ConfigurationError("\(name.rawValue)\(value) (\(found.origin)) \(sentence)")
    }

    /// The executable this process runs, through symbolic links.
    package static var currentExecutable: String {
        (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? CommandLine.arguments[0]
    }
}

// MARK: - What processes ask for

extension Settings {
    package var databaseURL: String {
        get throws(ConfigurationError) {
            guard let url = self.text(.databaseURL) else {
                throw self.problem(.databaseURL, "is not set: give the PostgreSQL to use, as in postgresql://parley@db.example/parley")
            }
            guard url.hasPrefix("postgresql://") || url.hasPrefix("postgres://") else {
                throw self.problem(.databaseURL, "must be a URL that begins with postgresql://")
            }
            guard ConnectionSettings.isReadable(url) else {
                throw self.problem(
                    .databaseURL,
                    "must be a URL as libpq reads it, as in postgresql://parley@db.example/parley, with / @ % in the password as %2F %40 %25"
                )
            }
            return url
        }
    }

    package var httpListen: ListenAddress { get throws(ConfigurationError) { try self.address(.httpListen) } }
    /// Where a worker answers for its health; nil: nowhere.
    package var workListen: ListenAddress? {
        get throws(ConfigurationError) { self.text(.workListen) == nil ? nil : try self.address(.workListen) }
    }
    package var smtpListen: ListenAddress { get throws(ConfigurationError) { try self.address(.smtpListen) } }

    private func address(_ name: SettingName) throws(ConfigurationError) -> ListenAddress {
        guard let address = ListenAddress(self.text(name) ?? "") else {
            throw self.problem(name, "must be an address and a port, as in 127.0.0.1:8080 or [::]:8080")
        }
        return address
    }

    /// Where providers reach us, without a slash at the end. By default the address we listen on: enough for a first try.
    package var publicURL: String {
        get throws(ConfigurationError) {
            guard let text = self.text(.publicURL) else { return "http://\(try self.httpListen)" }
            guard let url = URL(string: text), url.scheme == "http" || url.scheme == "https", url.host != nil, url.query == nil else {
                throw self.problem(.publicURL, "must be an http or https URL, as in https://bridge.example")
            }
            return text.hasSuffix("/") ? String(text.dropLast()) : text
        }
    }

    /// What is doubtful about the public URL, for the person who runs this; nil when somebody gave one.
    package var publicURLDoubt: String? {
        self.isGiven(.publicURL)
            ? nil : "PARLEY_PUBLIC_URL is not set, so providers are told the listen address: set it for each process and command"
    }

    /// What outbound calls may reach: the public internet, and the private networks that were allowed.
    package var egress: EgressPolicy {
        get throws(ConfigurationError) {
            do throws(EgressPolicy.BadBlock) { return try EgressPolicy(allowing: self.text(.egressAllow) ?? "") } catch {
                throw self.problem(.egressAllow, "is wrong: \(error)")
            }
        }
    }

    package var logLevel: Logger.Level {
        get throws(ConfigurationError) {
            guard let level = Logger.Level(rawValue: self.text(.logLevel)?.lowercased() ?? "") else {
                throw self.problem(.logLevel, "must be one of \(Logger.Level.allCases.map(\.rawValue).joined(separator: ", "))")
            }
            return level
        }
    }

    /// Connections of one process to the database.
    package var poolSize: Int { get throws(ConfigurationError) { try self.number(.poolSize, 2...500) } }

    /// How long a stopping process may take to finish what it began.
    package var grace: Duration { get throws(ConfigurationError) { .seconds(try self.number(.graceSeconds, 1...3600)) } }

    func number(_ name: SettingName, _ range: ClosedRange<Int>) throws(ConfigurationError) -> Int {
        guard let number = Int(self.text(name) ?? ""), range.contains(number) else {
            throw self.problem(name, "must be a number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    /// Which of the two settings names the master key: the one of higher rank, of equals the key itself.
    var masterKeySetting: SettingName {
        guard let file = self.found[.masterKeyFile] else { return .masterKey }
        guard let key = self.found[.masterKey] else { return .masterKeyFile }
        return key.origin.rank < file.origin.rank ? .masterKeyFile : .masterKey
    }

    /// The text of the master key, or of the file that holds it.
    package var masterKeyText: String {
        get throws(ConfigurationError) {
            if self.masterKeySetting == .masterKey, let text = self.text(.masterKey) { return text }
            guard let path = self.text(.masterKeyFile) else {
                throw self.problem(
                    .masterKey,
                    "is not set, nor PARLEY_MASTER_KEY_FILE: make a key with `openssl rand -base64 32` and keep it safe"
                )
            }
            guard let data = FileManager.default.contents(atPath: path) else { throw self.problem(.masterKeyFile, "cannot be read") }
            return String(decoding: data, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
        }
    }

    /// The folder that holds `channels/` and `sql/`.
    package var home: Home {
        get throws(ConfigurationError) {
            if let path = self.text(.home) {
                guard let home = Home(path) else { throw self.problem(.home, "must be a folder that holds channels/ and sql/") }
                return home
            }
            guard let home = Home.find(workingFolder: self.workingFolder, executable: self.executable) else {
                throw self.problem(.home, "is not set, and there is no channels/ and sql/ in this folder or beside the executable")
            }
            return home
        }
    }
}
