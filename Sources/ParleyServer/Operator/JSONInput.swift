import Foundation
package import Parley

/// JSON that a person gives to a command.
package enum JSONInput {
    /// - Parameter path: `-` for standard input.
    package static func file(_ path: String) throws -> JSON {
        let data = path == "-" ? FileHandle.standardInput.readDataToEndOfFile() : FileManager.default.contents(atPath: path)
        guard let data else { throw ProcessFailure.failed("\(path) cannot be read") }
        return try self.parse(Array(data), name: path == "-" ? "standard input" : path)
    }

    /// - Throws: as wrong usage: the command line itself is at fault.
    package static func text(_ text: String) throws -> JSON {
        do { return try JSON(parsing: Array(text.utf8)) } catch {
            throw ProcessFailure.usage("\(text) is no JSON: \(error.detail) at byte \(error.offset)")
        }
    }

    private static func parse(_ bytes: [UInt8], name: String) throws -> JSON {
        do { return try JSON(parsing: bytes) } catch {
            throw ProcessFailure.failed("\(name) is no JSON: \(error.detail) at byte \(error.offset)")
        }
    }
}
