internal import Foundation

extension SettingsSchema {

    /// The settings with defaults filled in, or everything wrong with them.
    package func validate(_ settings: [String: JSON]) -> Result<[String: JSON], SettingsErrors> {
        var errors: [SettingsError] = []
        var complete: [String: JSON] = [:]
        for name in settings.keys where self.properties[name] == nil {
            let detail = "no such setting\(name.suggestion(of: self.properties.keys))"
            errors.append(SettingsError(pointer: "/\(name)", code: .unknownField, detail: detail))
        }
        for (name, property) in self.properties {
            let given = settings[name].flatMap { $0 == .null ? nil : $0 }
            if let value = given ?? property.defaultValue {
                complete[name] = value
                if let problem = property.problem(with: value) {
                    errors.append(SettingsError(pointer: "/\(name)", code: problem.code, detail: problem.detail))
                }
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

    /// Why a pattern is not taken; nil when it is. One repetition inside another can take a time that doubles with each letter.
    package static func problem(withPattern pattern: String) -> String? {
        guard pattern.utf8.count <= 256 else { return "budget_exceeded: a pattern has at most 256 bytes" }
        guard (try? Regex(pattern)) != nil else { return "not a regular expression" }
        var open: [Bool] = []  // for each open group: whether it repeats something
        var closed = false  // whether the group that ended just before repeats something
        var isClass = false
        var escaped = false
        for character in pattern {
            defer { escaped = !escaped && character == "\\" }
            if escaped { closed = false; continue }
            switch character {
            case "[": isClass = true
            case "]": isClass = false
            case _ where isClass: break
            case "(": open.append(false)
            case ")":
                closed = open.popLast() ?? false
                if closed, let last = open.indices.last { open[last] = true }
                continue
            case "*", "+", "{":
                if closed { return "budget_exceeded: a repetition inside a repetition" }
                if let last = open.indices.last { open[last] = true }
            default: break
            }
            closed = false
        }
        return nil
    }
}

extension SettingsSchema.Property {
    /// What is wrong with `value` here; nil when it fits.
    package func problem(with value: JSON) -> (code: SettingsError.Code, detail: String)? {
        switch (self.kind, value) {
        case (.string, .string(let text)): return self.problem(withText: text)
        case (.integer, _) where value.int != nil, (.number, .number), (.boolean, .bool): return nil
        case (.array, .array(let items)):
            let isText = items.allSatisfy { $0.string != nil }
            return isText ? nil : (.wrongType, "a list of texts is needed")
        default: return (.wrongType, "must be of type \(self.kind.rawValue)")
        }
    }

    private func problem(withText text: String) -> (code: SettingsError.Code, detail: String)? {
        guard text.utf8.count <= (self.pattern == nil ? 16_384 : 1024), !text.utf8.contains(0) else {
            return (.badFormat, "too long, or not text")
        }
        if self.isRequired, text.isEmpty { return (.required, "must not be empty") }
        if let pattern = self.pattern, let regex = try? Regex(pattern), (try? regex.firstMatch(in: text)) == nil {
            return (.badFormat, "must match \(pattern)")
        }
        if self.format == "uri", let scheme = URL(string: text)?.scheme?.lowercased(), !self.schemes.contains(scheme) {
            return (.schemeNotAllowed, "must begin with \(self.schemes.map { "\($0)://" }.joined(separator: " or "))")
        }
        let fits =
            switch self.format {
            case "e164": text.wholeMatch(of: /\+[1-9][0-9]{1,14}/) != nil
            case "uri": URL(string: text)?.scheme != nil  // which hosts may be called is for the egress policy to say
            case "email": MailAddress(text) != nil
            default: true
            }
        return fits ? nil : (.badFormat, "must be \(self.format == "e164" ? "a number as +15005550006" : "of format \(self.format ?? "")")")
    }
}
