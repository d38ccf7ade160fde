internal import Parley
internal import Yams

/// Reads `settings`: a name and its schema for each.
struct SettingsReader {
    let file: YAMLFile
    private let patterns = PatternJudge()

    private enum Format: String, CaseIterable { case e164, uri, email }

    func schema(_ fields: YAMLFields) -> SettingsSchema {
        var properties: [String: SettingsSchema.Property] = [:]
        for name in fields.names {
            guard let node = fields.required(name) else { continue }
            if name.wholeMatch(of: /[a-z][a-z0-9_]{0,62}/) == nil { self.file.report(node, "a setting's name holds a-z, 0-9 and '_'") }
            properties[name] = self.property(YAMLFields(node, in: self.file))
        }
        fields.finish()
        return SettingsSchema(properties: properties)
    }

    private func property(_ fields: YAMLFields) -> SettingsSchema.Property {
        let kind = fields.choice("type", of: SettingsSchema.Property.Kind.self)
        if kind == nil, fields.optional("type") == nil { self.file.report(fields.node, "'type' is missing") }
        let defaultNode = fields.optional("default")
        let patternNode = fields.optional("pattern")
        let property = SettingsSchema.Property(
            kind: kind ?? .string,
            isSecret: fields.flag("secret") ?? false,
            isRequired: fields.flag("required") ?? (defaultNode == nil),
            isMultiline: fields.flag("multiline") ?? false,
            defaultValue: defaultNode.map { self.file.json($0) },
            pattern: patternNode.flatMap { self.pattern($0) },
            format: fields.choice("format", of: Format.self)?.rawValue,
            summary: fields.text("summary")
        )
        fields.finish()
        if let defaultNode, let value = property.defaultValue, let problem = self.problem(withDefault: value, of: property) {
            self.file.report(defaultNode, "the default does not fit: \(problem)")
        }
        return property
    }

    private func problem(withDefault value: JSON, of property: SettingsSchema.Property) -> String? {
        if let problem = property.problems(with: value).first { return problem.detail }
        guard let pattern = property.pattern, let text = value.string else { return nil }
        return (try? self.patterns.matches(text, pattern)) == true ? nil : "must match \(pattern)"
    }

    /// Searched for in nothing: whether it is a regular expression shows, and little time goes by.
    private func pattern(_ node: Node) -> String? {
        guard let text = self.file.text(node) else { return nil }
        guard text.utf8.count <= 256 else {
            self.file.report(node, "a pattern has at most 256 bytes")
            return nil
        }
        do throws(ExpressionFailure) {
            _ = try self.patterns.matches("", text)
            return text
        } catch {
            if case .raised(_, let message) = error {
                self.file.report(node, "not a regular expression: \(message.trimmingPrefix("Regex failure: "))")
            } else {
                self.file.report(node, "takes too long to match")
            }
            return nil
        }
    }
}
