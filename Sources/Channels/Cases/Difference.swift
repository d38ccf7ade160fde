internal import Parley

/// Where a value is not what was expected, in words. What the expectation does not mention may be anything.
enum Difference {
    static func between(_ expected: JSON, _ actual: JSON?, at path: String = "") -> [String] {
        switch (expected, actual) {
        case (.object(let members), .object(let found)?):
            return members.keys.sorted().flatMap { self.between(members[$0]!, found[$0], at: path.isEmpty ? $0 : "\(path).\($0)") }
        case (.array(let items), .array(let found)?):
            let inner = zip(items, found).enumerated().flatMap { self.between($1.0, $1.1, at: "\(path)[\($0)]") }
            guard items.count == found.count else {
                return inner + ["\(path): expected \(items.count) items, got \(found.count): \(JSON.array(found).text)"]
            }
            return inner
        case (.null, nil), (.null, .null?): return []
        case (.number(let wanted), .number(let found)?) where Double(wanted) == Double(found): return []
        default:
            return expected == actual ? [] : ["\(path): expected \(expected.text), got \(actual?.text ?? "nothing")"]
        }
    }
}
