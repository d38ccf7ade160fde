import Foundation
import Parley
import Postgres

extension ChannelRecord.Status {
    /// - Throws: `.badValue` when the column holds what this version does not know.
    init(_ row: Row, _ column: String) throws(PostgresError) {
        guard let status = Self(rawValue: try row.value(column)) else { throw PostgresError(.badValue, "a channel's status is unknown") }
        self = status
    }
}

extension ChannelPolicy {
    /// From the column `policy`.
    ///
    /// - Throws: `.badValue` when this version cannot read it.
    init(_ row: Row) throws(PostgresError) {
        let text = try row.value("policy", as: JSONText.self).text
        do { self = try JSONDecoder().decode(ChannelPolicy.self, from: Data(text.utf8)) } catch {
            throw PostgresError(.badValue, "a channel's policy is unreadable")
        }
    }
}
