import Foundation

/// One numbered file of SQL, such as `0003_create_delivery_attempts.sql`.
package struct Migration: Hashable, Sendable {
    package var number: Int
    package var name: String
    package var text: String
    /// The text's hash, 16 hexadecimal digits: tells an edited file from the one that ran.
    package var checksum: String

    /// All migrations of a folder, by number.
    ///
    /// - Throws: `.migrationMismatch` when a file cannot be read, or two have one number.
    package static func all(in directory: String) throws(PostgresError) -> [Migration] {
        guard let names = try? FileManager.default.contentsOfDirectory(atPath: directory) else {
            throw PostgresError(.migrationMismatch, "there is no folder of migrations")
        }
        var migrations: [Migration] = []
        for name in names.sorted() where name.hasSuffix(".sql") {
            guard let number = Int(name.prefix { $0.isNumber }),
                let text = try? String(contentsOfFile: "\(directory)/\(name)", encoding: .utf8)
            else { throw PostgresError(.migrationMismatch, "\(name) is not a numbered file of SQL") }
            guard migrations.last?.number != number else {
                throw PostgresError(.migrationMismatch, "\(name) has the number of \(migrations.last!.name)")
            }
            let digits = String(StableHash.of(text), radix: 16)
            let checksum = String(repeating: "0", count: 16 - digits.count) + digits
            migrations.append(Migration(number: number, name: name, text: text, checksum: checksum))
        }
        return migrations
    }

    /// The error with the file and, where the server told, the line.
    func naming(_ error: PostgresError) -> PostgresError {
        let line = error.position.map { position in ":\(self.text.prefix(position - 1).count { $0 == "\n" } + 1)" } ?? ""
        var error = error
        error.message = "\(self.name)\(line): \(error.message)"
        return error
    }
}
