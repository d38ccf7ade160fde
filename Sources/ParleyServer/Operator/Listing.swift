package import Parley

/// Rows for a person at a terminal, or, whole, for a script.
package struct Listing: Sendable {
    /// The members shown to a person, in order.
    package var columns: [String]
    package var rows: [JSON]

    package init(columns: [String], rows: [JSON]) {
        self.columns = columns
        self.rows = rows
    }

    /// Aligned columns under a head line; a sentence when there is nothing.
    package var text: String {
        guard !self.rows.isEmpty else { return "none" }
        let cells = [self.columns] + self.rows.map { row in self.columns.map { Self.cell(row[$0]) } }
        let widths = self.columns.indices.map { column in cells.map { $0[column].count }.max() ?? 0 }
        return cells.map { line in
            let padded = zip(line, widths).map { $0 + String(repeating: " ", count: $1 - $0.count) }.joined(separator: "  ")
            return String(padded.reversed().drop { $0 == " " }.reversed())
        }.joined(separator: "\n")
    }

    package var json: String { JSON.array(self.rows).text }

    /// The one thing there is, a line for each member.
    package var record: String {
        let width = self.columns.map(\.count).max() ?? 0
        return self.columns.map { name in
            "\(name)\(String(repeating: " ", count: width - name.count))  \(Self.cell(self.rows.first?[name]))"
        }.joined(separator: "\n")
    }
    package var recordJSON: String { (self.rows.first ?? .null).text }

    /// One line: a cell must not break its table, whatever an operator named a thing.
    private static func cell(_ value: JSON?) -> String {
        switch value {
        case nil, .null: "-"
        case .string(let text): text.filter { !$0.isNewline }
        case .array(let values): values.map { self.cell($0) }.joined(separator: ",")
        case let value?: value.text
        }
    }
}
