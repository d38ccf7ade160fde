internal import Parley
internal import Yams

/// Reads `settings`: a name and its schema for each.
struct SettingsReader {
    let file: YAMLFile

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
            defaultValue: defaultNode.map { self.file.json($0) },
            pattern: patternNode.flatMap { self.pattern($0) },
            format: fields.choice("format", of: Format.self)?.rawValue,
            summary: fields.text("summary")
        )
        fields.finish()
        if let defaultNode, let value = property.defaultValue, let problem = property.problem(with: value) {
            self.file.report(defaultNode, "the default does not fit: \(problem.detail)")
        }
        return property
    }

    /// Patterns are matched against what API clients send, so one that can take exponential time is refused here.
    private func pattern(_ node: Node) -> String? {
        guard let text = self.file.text(node) else { return nil }
        if let problem = SettingsSchema.problem(withPattern: text) {
            self.file.report(node, problem)
            return nil
        }
        return text
    }
}
