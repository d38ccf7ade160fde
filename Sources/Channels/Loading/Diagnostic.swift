/// Something wrong with an adapter's files, and where.
package struct Diagnostic: Error, Hashable, Sendable, Comparable, CustomStringConvertible {
    /// From the folder of adapters: `twilio/adapter.yaml`.
    package var file: String
    /// From 1.
    package var line: Int
    /// From 1.
    package var column: Int
    package var message: String

    package var description: String { "\(self.file):\(self.line):\(self.column): \(self.message)" }

    package static func < (left: Diagnostic, right: Diagnostic) -> Bool {
        (left.file, left.line, left.column, left.message) < (right.file, right.line, right.column, right.message)
    }
}
