import Foundation
import Postgres
import TestSupport
import Testing

/// Values cross the wire both ways in the binary format; the server's own text form is the second witness.
@Suite(.database) struct ValueTests {
    /// Sends each value and each list of them, and compares what comes back, and what the server thinks it got.
    private func cross<T: SQLValue & Equatable>(_ values: [T], as type: SQL, printed: [String]? = nil) async throws {
        let connection = try await Connection.open(TestDatabase.current.ownerSettings)
        let answers = try await connection.pipeline(values.map { "SELECT \($0)::\(type) AS v, \($0)::text AS t" })
        #expect(try answers.map { try $0[0].value("v", as: T.self) } == values)
        if let printed { #expect(try answers.map { try $0[0].value("t") } == printed) }

        let holes = values.map(Optional.some) + [nil]
        let row = try await connection.query("SELECT \(values) AS full, \(holes) AS holed, \([T]()) AS none, cardinality(\(holes)) AS n")[0]
        #expect(try row.array("full") == values)
        #expect(try row.optionals("holed") == holes)
        #expect(try row.array("none", of: T.self).isEmpty)
        #expect(try row.value("n") == holes.count)
        #expect(throws: PostgresError.self) { try row.array("holed", of: T.self) }
    }

    @Test func `whole numbers`() async throws {
        try await self.cross([Int16.min, -1, 0, 1, .max], as: "int2", printed: ["-32768", "-1", "0", "1", "32767"])
        try await self.cross([Int32.min, 0, .max], as: "int4", printed: ["-2147483648", "0", "2147483647"])
        try await self.cross([Int64.min, 0, .max], as: "int8", printed: ["-9223372036854775808", "0", "9223372036854775807"])
        try await self.cross([Int.min, 0, .max], as: "int8")
    }

    @Test func `truth and fractions`() async throws {
        try await self.cross([true, false], as: "bool", printed: ["true", "false"])
        try await self.cross([0, -1.5, .infinity, -.infinity, .leastNonzeroMagnitude, .greatestFiniteMagnitude], as: "float8")
    }

    @Test func `text`() async throws {
        let texts = ["", "NULL", "{}", "it's \"q\" \\ $1", "Grüße 日本語 👨‍👩‍👧", "\u{1}\n\t", String(repeating: "x", count: 100_000)]
        try await self.cross(texts, as: "text", printed: texts)
    }

    @Test func `bytes`() async throws {
        try await self.cross([[], [0], [0, 255, 10], Array(repeating: 7, count: 70_000)] as [[UInt8]], as: "bytea")
        try await self.cross([Array(0...255)], as: "bytea", printed: ["\\x" + (0...255).map { String(format: "%02x", $0) }.joined()])
    }

    @Test func `identifiers and documents`() async throws {
        let id = UUID()
        try await self.cross([id], as: "uuid", printed: [id.uuidString.lowercased()])
        try await self.cross(
            [JSONText(#"{"a": [1, null, "x"]}"#), JSONText("null")],
            as: "jsonb",
            printed: [#"{"a": [1, null, "x"]}"#, "null"]
        )
    }

    @Test func `moments, to the microsecond`() async throws {
        let seed = UInt64.random(in: 0 ... .max)
        var generator = SeededGenerator(seed: seed)
        // 1863 to 2137: there a Date tells every microsecond from the next.
        let microseconds =
            [0, 1, -1, 1_795_256_430_123_456]
            + (0..<500).map { _ in
                Int64.random(in: -3_300_000_000_000_000...5_200_000_000_000_000, using: &generator)
            }
        let connection = try await Connection.open(TestDatabase.current.ownerSettings)
        let moments = try await connection.query(
            "SELECT timestamptz 'epoch' + n * interval '1 microsecond' AS at FROM unnest(\(microseconds)) WITH ORDINALITY AS u (n, o) ORDER BY o"
        ).map { try $0.value("at", as: Date.self) }
        for (moment, number) in zip(moments, microseconds) {
            #expect(abs(moment.timeIntervalSince1970 - Double(number) / 1e6) < 0.000_002)
        }
        let back = try await connection.query(
            "SELECT (extract(epoch FROM at) * 1000000)::int8 AS n FROM unnest(\(moments)) WITH ORDINALITY AS u (at, o) ORDER BY o"
        )
        #expect(try back.map { try $0.value("n", as: Int64.self) } == microseconds, "seed \(seed)")
    }

    @Test(arguments: [1e14, -1e14, .infinity, .nan])
    func `a moment out of range is refused`(seconds: Double) async throws {
        let connection = try await Connection.open(TestDatabase.current.ownerSettings)
        let moment = Date(timeIntervalSince1970: seconds)
        let error = await #expect(throws: PostgresError.self) { try await connection.query("SELECT \(moment)") }
        #expect(error?.code == .badValue)
    }

    @Test func `random values come back as they went`() async throws {
        let seed = UInt64.random(in: 0 ... .max)
        var generator = SeededGenerator(seed: seed)
        let numbers = (0..<500).map { _ in Int64.random(in: .min ... .max, using: &generator) }
        let texts = (0..<500).map { _ in
            String(
                String.UnicodeScalarView(
                    (0..<Int.random(in: 0...40, using: &generator)).compactMap { _ in
                        Unicode.Scalar(UInt32.random(in: 1...0x2_FFFF, using: &generator))
                    }
                )
            )
        }
        let fractions = numbers.map { Double(bitPattern: UInt64(bitPattern: $0)) }.filter { !$0.isNaN }
        let connection = try await Connection.open(TestDatabase.current.ownerSettings)
        let row = try await connection.query("SELECT \(numbers) AS numbers, \(texts) AS texts, \(fractions) AS fractions")[0]
        #expect(try row.array("numbers") == numbers, "seed \(seed)")
        #expect(try row.array("texts") == texts, "seed \(seed)")
        #expect(try row.array("fractions") == fractions, "seed \(seed)")
    }

    @Test func `a number fits a column of any width, and one that does not fit is an error`() async throws {
        let row = try await Connection.open(TestDatabase.current.ownerSettings)
            .query(
                "SELECT 7::int2 AS two, 7::int4 AS four, 7::int8 AS eight, 70000 AS big, pg_current_xact_id() AS xid, 1.5::float4 AS single"
            )[0]
        for column in ["two", "four", "eight"] {
            #expect(try row.value(column, as: Int16.self) == 7)
            #expect(try row.value(column, as: Int.self) == 7)
        }
        #expect(try row.value("xid", as: Int64.self) > 0)
        #expect(try row.value("single") == 1.5)
        #expect(throws: PostgresError.self) { try row.value("big", as: Int16.self) }
    }

    @Test func `a word is read as one of those that are known, or not at all`() async throws {
        enum Light: String { case red, green }
        let connection = try await Connection.open(TestDatabase.current.ownerSettings)
        let row = try await connection.query("SELECT 'green' AS known, 'blue' AS unknown, NULL::text AS none, 1 AS number")[0]
        #expect(try row.value("known", as: Light.self) == .green)
        for column in ["unknown", "none", "number"] {
            #expect(throws: PostgresError.self) { try row.value(column, as: Light.self) }
        }
    }

    @Test func `a column is read as what it is, or not at all`() async throws {
        let row = try await Connection.open(TestDatabase.current.ownerSettings)
            .query(
                "SELECT 'sixteen letters!' AS text, 'abcdefgh'::bytea AS bytes, 1 AS number, '{\"a\": 1}'::json AS json, ARRAY[1] AS list"
            )[0]
        #expect(throws: PostgresError.self) { try row.value("text", as: UUID.self) }
        #expect(throws: PostgresError.self) { try row.value("text", as: [UInt8].self) }
        #expect(throws: PostgresError.self) { try row.value("bytes", as: Int.self) }
        #expect(throws: PostgresError.self) { try row.value("number", as: String.self) }
        #expect(throws: PostgresError.self) { try row.value("list", as: Int.self) }
        #expect(throws: PostgresError.self) { try row.array("list", of: String.self) }
        #expect(try row.value("json", as: JSONText.self).text == #"{"a": 1}"#)
        #expect(try row.array("list") == [1])
    }
}
