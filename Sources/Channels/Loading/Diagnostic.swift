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

/// Everything that keeps a folder of adapters from being loaded, in the order of the files.
package struct AdapterLoadError: Error, Hashable, Sendable, CustomStringConvertible {
    package var diagnostics: [Diagnostic]
    package var description: String { self.diagnostics.map(\.description).joined(separator: "\n") }
}

extension String {
    /// The one of `candidates` that was probably meant: one edit away, or two for longer words.
    func closest(of candidates: some Sequence<String>) -> String? {
        let best = candidates.map { (name: $0, distance: self.distance(to: $0)) }.min { ($0.distance, $0.name) < ($1.distance, $1.name) }
        guard let best, best.distance <= Swift.max(1, Swift.min(2, self.count / 3)) else { return nil }
        return best.name
    }

    /// Letters to insert, delete, replace or swap with their neighbour.
    private func distance(to other: String) -> Int {
        let (left, right) = (Array(self.utf8), Array(other.utf8))
        var rows = [Array(0...right.count)]
        for i in 0..<left.count {
            var row = [i + 1]
            for j in 0..<right.count {
                var cost = Swift.min(rows[i][j + 1] + 1, row[j] + 1, rows[i][j] + (left[i] == right[j] ? 0 : 1))
                if i > 0, j > 0, left[i] == right[j - 1], left[i - 1] == right[j] { cost = Swift.min(cost, rows[i - 1][j - 1] + 1) }
                row.append(cost)
            }
            rows.append(row)
        }
        return rows[left.count][right.count]
    }
}
