import Foundation
import Parley

/// The folder where one `parley dev` keeps everything: its cluster, its master key, its first API key.
package struct DevFolder: Sendable {
    package let path: String
    /// The cluster's folder.
    package var cluster: String { "\(self.path)/postgresql" }
    package var masterKeyFile: String { "\(self.path)/master.key" }
    /// The first workspace's API key, made once. Whoever may read the folder's `0600` files owns that workspace anyway.
    var apiKeyFile: String { "\(self.path)/api.key" }
    /// What the demo channels' secrets are made of.
    var sandboxSecretFile: String { "\(self.path)/sandbox.secret" }
    /// Made once for STARTTLS; nobody vouches for it.
    private var certificateFiles: (certificate: String, key: String) { ("\(self.path)/smtp.crt", "\(self.path)/smtp.key") }
    /// There only while `parley dev` is ready.
    package var descriptionFile: String { "\(self.path)/dev.json" }

    package init(path: String) { self.path = URL(fileURLWithPath: path).standardizedFileURL.path }

    /// Makes the folder, and keeps every other `parley dev` out of it until the lock is released or the process is gone.
    func open() throws(ConfigurationError) -> FolderLock {
        do {
            try FileManager.default.createDirectory(atPath: self.path, withIntermediateDirectories: true)
        } catch { throw ConfigurationError("\(self.path) cannot be made") }
        return try FolderLock("\(self.path)/lock")
    }

    /// - Throws: when no `parley dev` is ready on this folder.
    package func read() throws(ConfigurationError) -> DevDescription {
        guard let data = FileManager.default.contents(atPath: self.descriptionFile) else {
            throw ConfigurationError("\(self.descriptionFile) is not there: is `parley dev --data \(self.path)` running?")
        }
        guard let json = try? JSON(parsing: Array(data)), let description = DevDescription(json) else {
            throw ConfigurationError("\(self.descriptionFile) cannot be understood: start `parley dev` anew")
        }
        return description
    }

    func write(_ description: DevDescription) throws(ConfigurationError) {
        try Self.write("\(description.json.text)\n", to: self.descriptionFile)
    }

    /// The certificate of this folder and its key, made the first time.
    func certificate(for host: String) throws -> (certificate: String, key: String) {
        let files = self.certificateFiles
        if ![files.certificate, files.key].allSatisfy(FileManager.default.fileExists) {
            let made = try SelfMadeCertificate(host: host)
            try Self.write(made.certificate, to: files.certificate)
            try Self.write(made.key, to: files.key)
        }
        return files
    }

    /// What a file holds; made by `make` and written when there is no such file yet.
    func secret(in path: String, make: () throws -> String) throws -> String {
        if let data = FileManager.default.contents(atPath: path) {
            return String(decoding: data, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
        }
        let secret = try make()
        try Self.write("\(secret)\n", to: path)
        return secret
    }

    /// Whole or not at all, and from its first byte on readable by nobody else.
    private static func write(_ text: String, to path: String) throws(ConfigurationError) {
        let draft = "\(path).\(UUID().uuidString)"
        guard FileManager.default.createFile(atPath: draft, contents: Data(text.utf8), attributes: [.posixPermissions: 0o600]),
            rename(draft, path) == 0
        else {
            try? FileManager.default.removeItem(atPath: draft)
            throw ConfigurationError("\(path) cannot be written")
        }
    }
}
