import Foundation
import HTTPTypes
import Parley

/// The members of one JSON object in a request: each is asked for by name, and `finish` refuses what nobody asked for (B17, B118).
///
/// All problems are gathered, so that a caller mends them in one go; the values read before `finish` are only good when it returns.
struct Fields {
    private let members: [String: JSON]
    private let pointer: String
    private var asked: Set<String> = []
    private(set) var errors: [Problem.Field] = []

    init(_ json: JSON, pointer: String = "") throws(Problem) {
        guard case .object(let members) = json else { throw .invalid(pointer, "wrong_type", "Must be an object.") }
        self.members = members
        self.pointer = pointer
    }

    /// Parses a request's body, which must be one JSON object.
    init(body request: IncomingRequest) throws(Problem) {
        guard !request.body.isEmpty else {
            try self.init(JSON.object([:]))
            return
        }
        if let type = request.headers[.contentType] {
            let name = type.prefix { $0 != ";" }.trimmingCharacters(in: .whitespaces).lowercased()
            guard name == "application/json" || (name.hasPrefix("application/") && name.hasSuffix("+json")) else {
                throw .unsupportedMediaType
            }
        }
        do {
            try self.init(try JSON(parsing: request.body))
        } catch let error as JSONError {
            throw Problem(error)
        } catch let error as Problem {
            throw error
        } catch {
            throw .badRequest("The body is no JSON.")
        }
    }

    mutating func fail(_ name: String, _ code: String, _ detail: String) {
        self.errors.append(Problem.Field(pointer: "\(self.pointer)/\(name)", code: code, detail: detail))
    }

    mutating func fail(_ name: String, _ mistake: Mistake) { self.fail(name, mistake.code, mistake.detail) }

    mutating func merge(_ errors: [Problem.Field]) { self.errors += errors }

    /// The member as it came; nil when absent or null.
    mutating func value(_ name: String) -> JSON? {
        self.asked.insert(name)
        guard let value = self.members[name], value != .null else { return nil }
        return value
    }

    mutating func required(_ name: String) -> JSON? {
        let value = self.value(name)
        if value == nil { self.fail(name, "required", "Must be given.") }
        return value
    }

    /// One line of text: names, addresses. No control characters (B42).
    mutating func line(_ name: String, upTo limit: Int = 255) -> String? {
        guard let value = self.value(name) else { return nil }
        guard let text = value.string else {
            self.fail(name, "wrong_type", "Must be a string.")
            return nil
        }
        if let mistake = LineRule(limit: limit).mistake(in: text) { self.fail(name, mistake) }
        return text
    }

    mutating func requiredLine(_ name: String, upTo limit: Int = 255) -> String {
        guard self.required(name) != nil else { return "" }
        return self.line(name, upTo: limit) ?? ""
    }

    mutating func id<Entity>(_ name: String, as type: Identifier<Entity>.Type = Identifier<Entity>.self) -> Identifier<Entity>? {
        guard let text = self.line(name, upTo: 64) else { return nil }
        if let id = Identifier<Entity>(text) { return id }
        self.fail(name, "invalid_id", "Must be an id such as 0190163d-8694-739b-aea5-966c26f8ad91.")
        return nil
    }

    mutating func choice<T: RawRepresentable & CaseIterable>(_ name: String, of type: T.Type = T.self) -> T? where T.RawValue == String {
        guard let value = self.value(name) else { return nil }
        if let choice = value.string.flatMap(T.init) { return choice }
        self.fail(name, "invalid_choice", "One of \(T.allCases.map(\.rawValue).joined(separator: ", ")).")
        return nil
    }

    mutating func flag(_ name: String) -> Bool? {
        guard let value = self.value(name) else { return nil }
        if case .bool(let flag) = value { return flag }
        self.fail(name, "wrong_type", "Must be true or false.")
        return nil
    }

    mutating func date(_ name: String) -> Date? {
        guard let value = self.value(name) else { return nil }
        if let date = value.string.flatMap(Date.init(rfc3339:)) { return date }
        self.fail(name, "invalid_time", "Must be RFC 3339, as in 2026-01-31T12:00:00Z.")
        return nil
    }

    /// An object inside, read as strictly; nil when absent.
    mutating func object<T>(_ name: String, _ read: (inout Fields) -> T?) -> T? {
        guard let value = self.value(name) else { return nil }
        return self.object(value, at: name, read)
    }

    /// A list of objects; what is wrong with one has its place.
    mutating func objects<T>(_ name: String, upTo limit: Int, _ read: (inout Fields) -> T?) -> [T] {
        guard let value = self.value(name) else { return [] }
        guard let items = value.array, items.count <= limit else {
            self.fail(name, "wrong_type", "A list of at most \(limit).")
            return []
        }
        return items.enumerated().compactMap { self.object($1, at: "\(name)/\($0)", read) }
    }

    private mutating func object<T>(_ value: JSON, at place: String, _ read: (inout Fields) -> T?) -> T? {
        guard var fields = try? Fields(value, pointer: "\(self.pointer)/\(place)") else {
            self.fail(place, "wrong_type", "Must be an object.")
            return nil
        }
        let result = read(&fields)
        do throws(Problem) { try fields.finish() } catch { self.errors += error.errors }
        return result
    }

    /// Throws everything that is wrong: 422.
    mutating func finish() throws(Problem) {
        for name in self.members.keys.sorted() where !self.asked.contains(name) {
            // A name that the client made up, as a step of a JSON pointer (RFC 6901 section 3).
            self.fail(name.replacing("~", with: "~0").replacing("/", with: "~1"), "unknown_field", "There is no such member.")
        }
        guard self.errors.isEmpty else { throw .invalid(self.errors) }
    }
}

extension Problem {
    init(_ error: JSONError) {
        let detail = "\(error.detail), at byte \(error.offset)"
        let place = Problem.Field(pointer: "", code: error.code.rawValue, detail: detail)
        switch error.code {
        case .malformed, .tooDeep, .tooMany:
            self.init(400, error.code.rawValue, "The body is no JSON that we take", detail: detail, errors: [place])
        case .number: self = .invalid([place])
        }
    }
}
