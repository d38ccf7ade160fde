import Foundation
import Logging
import ParleyServer
import Testing

@Suite struct SettingsTests {
    @Test func `a flag wins over the environment, the environment over the file, the file over the default`() throws {
        let folder = try TemporaryFolder()
        let file = try folder.file(
            "parley.env",
            "# ours\nPARLEY_HTTP_LISTEN = '0.0.0.0:1'\nPARLEY_LOG_LEVEL=debug\nPARLEY_POOL_SIZE=7\n"
        )
        let settings = try Settings(
            flags: [.httpListen: "0.0.0.0:3"],
            environment: ["PARLEY_HTTP_LISTEN": "0.0.0.0:2", "PARLEY_LOG_LEVEL": "error", "PARLEY_POOL_SIZE": ""],
            file: file
        )
        #expect(try settings.httpListen == ListenAddress(host: "0.0.0.0", port: 3))
        #expect(try settings.logLevel == .error)
        #expect(try settings.poolSize == 7)
        #expect(try settings.smtpListen.description == "127.0.0.1:2525")
    }

    @Test(
        arguments: [
            (flag: nil, environment: ["PARLEY_MASTER_KEY": "environment"], file: "PARLEY_MASTER_KEY=file", wins: "environment"),
            (flag: "key", environment: ["PARLEY_MASTER_KEY": "environment"], file: "", wins: "in a file"),
            (flag: nil, environment: ["PARLEY_MASTER_KEY_FILE": "key"], file: "PARLEY_MASTER_KEY=file", wins: "in a file"),
            (flag: nil, environment: ["PARLEY_MASTER_KEY_FILE": "key", "PARLEY_MASTER_KEY": "environment"], file: "", wins: "environment"),
            (flag: nil, environment: [:], file: "PARLEY_MASTER_KEY=file", wins: "file"),
        ] as [(flag: String?, environment: [String: String], file: String, wins: String)]
    )
    func `the master key and its file are one setting: the better place wins, whichever of them stands there`(
        flag: String?,
        environment: [String: String],
        file: String,
        wins: String
    ) throws {
        let folder = try TemporaryFolder()
        let key = try folder.file("key", "in a file\n")
        let settings = try Settings(
            flags: flag == nil ? [:] : [.masterKeyFile: key],
            environment: environment.mapValues { $0 == "key" ? key : $0 },
            file: try folder.file("parley.env", file)
        )
        #expect(try settings.masterKeyText == wins)
    }

    @Test(arguments: [
        ("PARLEY_HTTP_LISTN=1", "f.env:1:1: there is no setting PARLEY_HTTP_LISTN, did you mean 'PARLEY_HTTP_LISTEN'?"),
        ("\n\r\n hello", "f.env:3:2: expected NAME=value, as in PARLEY_HTTP_LISTEN=127.0.0.1:8080"),
        ("PARLEY_HOME=/a\nPARLEY_HOME=/b", "f.env:2:1: PARLEY_HOME is given a second time"),
        ("COLOUR=red", "f.env:1:1: there is no setting COLOUR"),
    ])
    func `a mistake in a settings file is told with its line`(text: String, message: String) {
        #expect(throws: ConfigurationError(message)) { try SettingsFile(path: "f.env", text: text) }
    }

    @Test(arguments: [
        ("PARLEY_HTTP_LISTEN", "127.0.0.1", "must be an address and a port, as in 127.0.0.1:8080 or [::]:8080"),
        ("PARLEY_HTTP_LISTEN", "::1:80", "must be an address and a port, as in 127.0.0.1:8080 or [::]:8080"),
        ("PARLEY_HTTP_LISTEN", "a:70000", "must be an address and a port, as in 127.0.0.1:8080 or [::]:8080"),
        ("PARLEY_PUBLIC_URL", "bridge.example", "must be an http or https URL, as in https://bridge.example"),
        ("PARLEY_LOG_LEVEL", "loud", "must be one of trace, debug, info, notice, warning, error, critical"),
        ("PARLEY_POOL_SIZE", "0", "must be a number from 2 to 500"),
        ("PARLEY_HOME", "/nowhere", "must be a folder that holds channels/ and sql/"),
    ])
    func `a bad value is told with its name and origin`(name: String, value: String, rest: String) throws {
        let settings = try Settings(environment: [name: value])
        #expect(throws: ConfigurationError("\(name)=\(value) (environment) \(rest)")) {
            _ = try (settings.httpListen, settings.publicURL, settings.logLevel, settings.poolSize, settings.home)
        }
    }

    @Test func `all mistakes in the values of a settings file are told with their places, and what is not there is none`() throws {
        let folder = try TemporaryFolder()
        let file = try folder.file(
            "parley.env",
            "PARLEY_HTTP_LISTEN=here\n# fine\n  PARLEY_POOL_SIZE = 'many'\nPARLEY_SMTP_AUTH=off\nPARLEY_MASTER_KEY=short\n"
        )
        let mistakes = try Settings(environment: [:], file: file).mistakes
        #expect(mistakes.count == 3)
        #expect(mistakes.contains { $0.hasPrefix("PARLEY_HTTP_LISTEN=here (\(file):1:20) must be an address") })
        #expect(mistakes.contains { $0.hasPrefix("PARLEY_POOL_SIZE=many (\(file):3:22) must be a number") })
        #expect(mistakes.contains { $0.hasPrefix("PARLEY_MASTER_KEY: ") && !$0.contains("short") })
        #expect(try Settings(environment: [:], file: folder.file("empty.env", "")).mistakes.isEmpty)
    }

    /// What libpq would take for a host, a port or a parameter, and quote.
    @Test(arguments: ["hunter/2", "7/hunter2", "hunter@2", "hunter%2", "hunter2@db:port"])
    func `a database password that is not percent-encoded is told as such, and not repeated`(password: String) throws {
        let settings = try Settings(environment: ["PARLEY_DATABASE_URL": "postgresql://me:\(password)@db/parley"])
        let error = #expect(throws: ConfigurationError.self) { try settings.databaseURL }
        #expect(error?.description.contains("must be a URL as libpq reads it") == true)
        #expect(error?.description.contains("hunter") == false)
    }

    @Test(arguments: [
        "postgresql:///parley?host=/run/pg&user=me%40db", "postgres://me:hunter%2F2@a:1,b,[::1]:3/parley?sslmode=require", "postgresql://",
    ])
    func `a database URL that libpq reads is taken as it is`(url: String) throws {
        #expect(try Settings(environment: ["PARLEY_DATABASE_URL": url]).databaseURL == url)
    }

    @Test func `an error never repeats a database URL, which may hold a password`() throws {
        let settings = try Settings(environment: ["PARLEY_DATABASE_URL": "mysql://me:hunter2@db"])
        #expect(throws: ConfigurationError("PARLEY_DATABASE_URL (environment) must be a URL that begins with postgresql://")) {
            try settings.databaseURL
        }
    }

    @Test func `the public URL is where we listen unless somebody says better`() throws {
        let (silent, told) = (
            try Settings(environment: ["PARLEY_HTTP_LISTEN": "[::1]:81"]),
            try Settings(environment: ["PARLEY_PUBLIC_URL": "https://b.example/x/"])
        )
        #expect(try silent.publicURL == "http://[::1]:81")
        #expect(try told.publicURL == "https://b.example/x")
        #expect(silent.publicURLDoubt?.hasPrefix("PARLEY_PUBLIC_URL is not set") == true)
        #expect(told.publicURLDoubt == nil)
    }

    @Test(arguments: ["bin/parley", "clone/.build/debug/parley"])
    func `home is found from the executable`(executable: String) throws {
        let folder = try TemporaryFolder()
        let home = executable.hasPrefix("clone") ? "clone" : "share/parley"
        for name in ["channels", "sql"] {
            try FileManager.default.createDirectory(atPath: "\(folder.path)/\(home)/\(name)", withIntermediateDirectories: true)
        }
        let settings = try Settings(environment: [:], workingFolder: "/", executable: "\(folder.path)/\(executable)")
        #expect(try settings.home.sql == "\(folder.path)/\(home)/sql")
    }
}

/// A folder that goes when the test does.
final class TemporaryFolder {
    let path: String
    init() throws {
        self.path = FileManager.default.temporaryDirectory.appendingPathComponent("parley-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: self.path, withIntermediateDirectories: true)
    }
    func file(_ name: String, _ text: String) throws -> String {
        let path = "\(self.path)/\(name)"
        try text.write(toFile: path, atomically: true, encoding: .utf8)
        return path
    }
    deinit { try? FileManager.default.removeItem(atPath: self.path) }
}
