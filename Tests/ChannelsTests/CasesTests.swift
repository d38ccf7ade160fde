import Parley
import Testing

@testable import Channels

@Suite struct CasesTests {
    @Test func `every case of the shipped adapters holds`() async throws {
        let outcomes = await AdapterCases.run(try Loaded.shipped.get(), directory: Place.shipped)
        for outcome in outcomes {
            #expect(outcome.hasPassed, "\(outcome.place) \(outcome.name): \(outcome.differences.joined(separator: "; "))")
        }
        #expect(Set(outcomes.map(\.adapter.rawValue)) == ["slack", "twilio"])
        #expect(outcomes.count > 80)
    }

    @Test func `every case of the test adapters holds`() async throws {
        let outcomes = await AdapterCases.run(try Loaded.fixtures.get(), directory: Place.fixtures)
        for outcome in outcomes {
            #expect(outcome.hasPassed, "\(outcome.place) \(outcome.name): \(outcome.differences.joined(separator: "; "))")
        }
        #expect(outcomes.count >= 8)
    }

    @Test(arguments: [
        (
            "cases:\n  - case: x\n    expect: {}",
            [
                "c.yaml:2:5: a case has one of 'request', 'send', 'outcome', 'poll', 'polled', 'fetch', 'fetched' and 'uploaded', and 'expect'"
            ]
        ),
        ("cases:\n  - {case: x, send: {too: y}, expect: {}}", ["c.yaml:2:22: unknown key 'too', did you mean 'to'?"]),
        ("case: []", ["c.yaml:1:1: 'cases' is missing", "c.yaml:1:1: unknown key 'case', did you mean 'cases'?"]),
    ]) func `says what is wrong with a case`(text: String, problems: [String]) {
        #expect(AdapterCase.read(text, name: "c.yaml").problems.map(\.description) == problems)
    }

    @Test func `finds nothing wrong with what is shipped`() { #expect(AdapterRegistry.check(directory: Place.shipped) == []) }

    @Test(arguments: [
        (#"{"a": 1}"#, #"{"a": 1.0, "b": 2}"#, []),
        (#"{"a": {"b": "x"}}"#, #"{"a": {"b": "y"}}"#, [#"a.b: expected "x", got "y""#]),
        (#"{"a": [1, 2]}"#, #"{"a": [1]}"#, ["a: expected 2 items, got 1: [1]"]),
        (#"{"a": [{"b": 1}]}"#, #"{"a": [{}]}"#, ["a[0].b: expected 1, got nothing"]),
        (#"{"a": null}"#, #"{}"#, []),
        (#"{"a": null}"#, #"{"a": 1}"#, ["a: expected null, got 1"]),
    ])
    func `a difference says where and what`(expected: String, actual: String, differences: [String]) throws {
        #expect(Difference.between(try JSON(parsing: expected), try JSON(parsing: actual)) == differences)
    }
}
