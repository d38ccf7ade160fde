import Foundation
import Postgres
import Testing

struct SQLTests {
    @Test(arguments: ["'; DROP TABLE t; --", "$1", "\\", "ü", ""])
    func `a value never becomes part of the text`(value: String) {
        let sql: SQL = "SELECT \(value)"
        #expect(sql.text == "SELECT $1")
        #expect(sql.values.map(\.typeID) == [25])
        #expect(sql.values.map(\.bytes) == [Array(value.utf8)])
    }

    @Test func `values are counted over fragments, and fragments of fragments`() {
        let inner: SQL = "n < \(2)"
        let middle: SQL = "\(inner) AND t = \("x")"
        let sql: SQL = "SELECT \(1) WHERE \(middle) OR \(true)"
        #expect(sql.text == "SELECT $1 WHERE n < $2 AND t = $3 OR $4")
        #expect(sql.values.map(\.typeID) == [20, 20, 25, 16])
    }

    @Test func `a filter that is given is one more condition, and one that is not is none`() {
        func sql(_ name: String?, _ id: Int?) -> SQL { "WHERE t \(SQL.and(name) { "n = \($0)" }) \(SQL.and(id) { "i < \($0)" })" }
        #expect(sql("x", 7).text == "WHERE t AND n = $1 AND i < $2")
        #expect(sql("x", 7).values.map(\.typeID) == [25, 20])
        #expect(sql(nil, 7).text == "WHERE t  AND i < $1")
        #expect(sql(nil, nil).values.isEmpty)
    }

    @Test func `nothing, and an array of nothing, still have a type`() {
        let sql: SQL = "\(nil as UUID?) \([UUID]()) \([nil] as [Date?]) \([UInt8]())"
        #expect(sql.values.map(\.typeID) == [2950, 2951, 1185, 17])
        #expect(sql.values[0].bytes == nil)
        #expect(sql.values[3].bytes == [])
    }

    @Test func `the same statement has the same text whatever is bound`() {
        func sql(_ ids: [UUID], _ name: String?) -> SQL { "SELECT \(ids), \(name)" }
        #expect(sql([], nil).text == sql([UUID(), UUID()], "a").text)
        #expect(sql([], nil).values.map(\.typeID) == sql([UUID()], "a").values.map(\.typeID))
    }
}
