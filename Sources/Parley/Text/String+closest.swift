extension String {
    /// The one of `candidates` that was probably meant: one edit away, or two for longer words.
    package func closest(of candidates: some Sequence<String>) -> String? {
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

    /// `, did you mean 'x'?` for a message about a word that is none of `candidates`; empty when nothing is near.
    package func suggestion(of candidates: some Sequence<String>) -> String {
        self.closest(of: candidates).map { ", did you mean '\($0)'?" } ?? ""
    }
}
