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
