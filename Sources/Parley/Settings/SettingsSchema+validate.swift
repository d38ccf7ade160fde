internal import Foundation

extension SettingsSchema {
    /// Whether a text holds what a pattern asks for; nil when that could not be found out within its time.
    package typealias Matching = (_ text: String, _ pattern: String) async -> Bool?

    /// The settings with defaults filled in, or everything wrong with them. A setting that is null has its default.
    package func validate(_ settings: [String: JSON], matching: Matching) async -> Result<[String: JSON], SettingsErrors> {
        var errors: [SettingsError] = []
        var complete: [String: JSON] = [:]
        for name in settings.keys where self.properties[name] == nil {
            let detail = "no such setting\(name.suggestion(of: self.properties.keys))"
            errors.append(SettingsError(pointer: "/\(name)", code: .unknownField, detail: detail))
        }
        let given = settings.filter { $0.value != .null }
        for (name, property) in self.properties {
            if let value = given[name] ?? property.defaultValue {
                complete[name] = value
                errors += await property.problems(with: value, at: "/\(name)", matching: matching)
            } else if property.isRequired {
                errors.append(SettingsError(pointer: "/\(name)", code: .required, detail: "must be given"))
            }
        }
        guard errors.isEmpty else { return .failure(SettingsErrors(errors: errors.sorted { $0.pointer < $1.pointer })) }
        return .success(complete)
    }

    /// The settings as they may be shown: a secret is only said to be there.
    package func redacted(_ settings: [String: JSON]) -> [String: JSON] {
        settings.reduce(into: [:]) { shown, setting in
            shown[setting.key] = self.properties[setting.key]?.isSecret == false ? setting.value : "[redacted]"
        }
    }
}

extension SettingsSchema.Property {
    /// Items of a list.
    private static let countLimit = 100

    /// Everything wrong with `value` here but for the pattern: what can be told without running anything.
    package func problems(with value: JSON, at pointer: String = "") -> [SettingsError] {
        func error(_ code: SettingsError.Code, _ detail: String) -> [SettingsError] {
            [SettingsError(pointer: pointer, code: code, detail: detail)]
        }
        switch (self.kind, value) {
        case (.string, .string("")) where self.isRequired: return error(.required, "must not be empty")
        case (.array, .array(let items)) where items.count > Self.countLimit:
            return error(.outOfRange, "a list of at most \(Self.countLimit)")
        case (.array, .array(let items)) where !items.allSatisfy({ $0.string != nil }):
            return error(.wrongType, "a list of texts is needed")
        case (.string, .string), (.array, .array):
            return self.texts(of: value, at: pointer).compactMap { place, text in
                self.problem(withText: text).map { SettingsError(pointer: place, code: $0.code, detail: $0.detail) }
            }
        case (.integer, _) where value.int != nil, (.number, .number), (.boolean, .bool): return []
        default: return error(.wrongType, "must be of type \(self.kind.rawValue)")
        }
    }

    fileprivate func problems(with value: JSON, at pointer: String, matching: SettingsSchema.Matching) async -> [SettingsError] {
        var errors = self.problems(with: value, at: pointer)
        guard errors.isEmpty, let pattern = self.pattern else { return errors }
        for (place, text) in self.texts(of: value, at: pointer) {
            switch await matching(text, pattern) {
            case true?: continue
            case false?: errors.append(SettingsError(pointer: place, code: .badFormat, detail: "must match \(pattern)"))
            case nil: errors.append(SettingsError(pointer: place, code: .budgetExceeded, detail: "takes too long to match \(pattern)"))
            }
        }
        return errors
    }

    /// The text, or those of a list, each with its place.
    private func texts(of value: JSON, at pointer: String) -> [(String, String)] {
        if let text = value.string { return [(pointer, text)] }
        return (value.array ?? []).enumerated().compactMap { index, item in item.string.map { ("\(pointer)/\(index)", $0) } }
    }

    private func problem(withText text: String) -> (code: SettingsError.Code, detail: String)? {
        let limit = self.pattern == nil ? 16_384 : 1024
        guard text.utf8.count <= limit else { return (.tooLong, "at most \(limit) bytes") }
        let allowed: Set<UInt8> = self.isMultiline ? [9, 10, 13] : []
        guard !text.utf8.contains(where: { ($0 < 0x20 && !allowed.contains($0)) || $0 == 0x7f }) else {
            return (.controlCharacter, "must hold no control characters\(self.isMultiline ? " but tab and line breaks" : "")")
        }
        if self.format == "uri", let scheme = URL(string: text)?.scheme?.lowercased(), !self.schemes.contains(scheme) {
            return (.schemeNotAllowed, "must begin with \(self.schemes.map { "\($0)://" }.joined(separator: " or "))")
        }
        return switch self.format {
        case "e164" where text.wholeMatch(of: /\+[1-9][0-9]{1,14}/) == nil: (.badFormat, "must be a number as +15005550006")
        // Which hosts may be called is for the egress policy to say.
        case "uri" where URL(string: text)?.scheme == nil: (.badFormat, "must be of format uri")
        case "email" where MailAddress(text) == nil: (.badFormat, "must be of format email")
        case "origin" where !Self.isOrigin(text): (.badFormat, "must be an origin as https://shop.example, without a path or a '*'")
        default: nil
        }
    }

    /// `scheme://host[:port]`, with a slash behind it where somebody pasted it from a browser. No `*`: every page is named.
    private static func isOrigin(_ text: String) -> Bool {
        let origin = #/[A-Za-z][A-Za-z0-9+.\-]*://(?:\[[0-9A-Fa-f:.]+\]|[^/?#@:*\[\]\\\s]+)(?::([0-9]{1,5}))?/?/#
        guard let match = text.wholeMatch(of: origin) else { return false }
        return URL(string: text) != nil && match.1.map { UInt16($0) != nil } ?? true
    }
}
