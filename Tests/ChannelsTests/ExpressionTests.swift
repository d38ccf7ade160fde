import Foundation
import Parley
import Testing

@testable import Channels

@Suite struct ExpressionTests {
    /// One expression, evaluated on an engine of its own.
    private func evaluate(
        _ source: String,
        on input: JSON = nil,
        limit: Int = 10,
        engine: ExpressionEngine = .shared,
        channel: String = UUID().uuidString
    ) async throws -> [JSON] {
        let set = ExpressionSet(functions: "", sources: [("empty", "one"), (source, "test.yaml:1:1 (two)")])
        return try await engine.run(for: ExpressionOwner(adapter: UUID().uuidString, channel: channel)) { thread throws(AdapterError) in
            let evaluation = Evaluation(of: set, over: input, on: thread)
            return try DeclarativeAdapter.mapped { () throws(ExpressionFailure) in try evaluation.results(set.expressions[1], limit: limit)
            }
        }
    }

    private func code(_ source: String, on input: JSON = nil) async -> AdapterError.Code? {
        do {
            _ = try await self.evaluate(source, on: input)
            return nil
        } catch { return (error as? AdapterError)?.code }
    }

    @Test(
        arguments: [
            ("range(3)", [0, 1, 2]), ("empty", []), (".a, .b", ["x", nil]), ("{n: (.a | ascii_upcase)}", [["n": "X"]]),
            ("1.5, -0.25, 1e3", nil),
        ] as [(String, [JSON]?)]
    )
    func `yields what jq yields`(source: String, results: [JSON]?) async throws {
        #expect(try await self.evaluate(source, on: ["a": "x"]) == results ?? [.number("1.5"), .number("-0.25"), 1000])
    }

    @Test func `carries an id beyond 2^53 through as text, and leaves smaller ones numbers`() async throws {
        let input = try JSON(parsing: #"{"big": 4700000000000000123, "small": 9007199254740992, "nul": "a\u0000b", "emoji": "👩‍👧"}"#)
        #expect(
            try await self.evaluate(".big, .small, .nul, .emoji", on: input) == [
                "4700000000000000123", 9_007_199_254_740_992, "a\u{0}b", "👩‍👧",
            ]
        )
    }

    @Test(arguments: ["def f: f; f", "[range(infinite)]", "last(repeat(1))", "[limit(1e9; repeat(\"x\"))]", "def f: 1 + f; f"])
    func `stops what does not end`(source: String) async { #expect(await self.code(source) == .budgetExceeded) }

    @Test(arguments: ["^(a+)+$", "(a+)+$", "^(a|a?)+$"]) func `stops a pattern that backtracks for ever`(pattern: String) async {
        let text = String(repeating: "a", count: 2000) + "!"
        #expect(await self.code("test(\"\(pattern)\")", on: .string(text)) == .budgetExceeded)
    }

    @Test(arguments: ["[range(200000)]", "[range(20000)] | map(\"0123456789012345678901234567890123456789012345678901234567\")"])
    func `refuses a result over a megabyte`(source: String) async { #expect(await self.code(source) == .resultTooLarge) }

    @Test func `refuses a value nested too deep, without falling over it`() async {
        #expect(await self.code("reduce range(5000) as $i (0; [.])") == .resultTooLarge)
        _ = await self.code("reduce range(100000000) as $i (0; [.])")
    }

    @Test(arguments: ["\"x\" * 100000000", ".n * \"x\"", "error(\"x\")", "1 | .[0]"])
    func `reports an error without its input`(source: String) async throws {
        do {
            _ = try await self.evaluate(source, on: ["n": 1_000_000_000, "secret": "canary"])
            Issue.record("\(source) ended well")
        } catch let error as AdapterError {
            #expect(error == AdapterError(.badExpression, "test.yaml:1:1 (two) raised an error"))
        }
    }

    @Test func `sees no environment, even when the scanner is gone round`() async throws {
        setenv("PARLEY_CANARY", "canary-4711", 1)
        #expect(try await self.evaluate("$ENV | tostring | contains(\"canary\")") == [false])
    }

    @Test(arguments: [
        ("env", 0), ("$ENV", 0), (".a | input", 5), ("\"\\(env.PATH)\"", 3), ("[inputs]", 1), ("import \"x\" as x; .", 0),
        ("input_filename", 0),
        ("debug", 0), ("halt_error", 0), ("now", 0), ("(1", 0), ("1)", 1), ("[1}", 2), ("\"abc", 0), ("{a: env}", 4), ("1) | (2", 1),
    ]) func `refuses words that reach outside, and brackets that do not match`(source: String, offset: Int) {
        #expect(throws: ExpressionScanner.Problem.self) { try ExpressionScanner.words(of: source) }
        do { _ = try ExpressionScanner.words(of: source) } catch { #expect(error.offset == offset) }
    }

    @Test(arguments: [
        ".env", "{env: 1}", "\"env\"", ".a.input", "# env\n.", "\"\\u00e9 \\\" )\"", "@base64 \"a\\(.b)\"", "{\"now\": .now}", ".[\"env\"]",
    ])
    func `lets through what only looks like it`(source: String) throws { _ = try ExpressionScanner.words(of: source) }

    @Test func `serves others while one channel runs over, pauses that channel, and takes it back`() async throws {
        var settings = ExpressionEngine.Settings()
        settings.threads = 2
        let engine = ExpressionEngine(settings)
        let endless = "def f: f; f"
        for _ in 0..<2 {
            await #expect(throws: AdapterError.self) { try await self.evaluate(endless, engine: engine, channel: "bad") }
        }
        let bad = Task { try await self.evaluate(endless, engine: engine, channel: "other bad") }
        for number in 0..<50 { #expect(try await self.evaluate("\(number)", engine: engine) == [.integer(number)]) }
        await #expect(throws: AdapterError.self) { try await bad.value }
    }
}
