import Foundation
import Parley
import Postgres

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
