/// What a channel of an adapter must be given: a small part of JSON Schema, unknown keys refused.
package struct SettingsSchema: Hashable, Sendable {
    package struct Property: Hashable, Sendable {
        package enum Kind: String, Hashable, Sendable, CaseIterable { case string, integer, number, boolean, array }
        package var kind: Kind
        package var isSecret: Bool
        package var isRequired: Bool
        /// Whether a text may have line breaks and tabs, as a PEM key has; no other control character may ever stand in one.
        package var isMultiline: Bool
        package var defaultValue: JSON?
        /// What a text must hold somewhere. Only adapters that are files have patterns: `Adapter.matches`.
        package var pattern: String?
        /// `e164`, `uri`, `email`, `origin`.
        package var format: String?
        /// What a `uri` may begin with; no other format looks at it.
        package var schemes: [String]
        package var summary: String?
        package init(
            kind: Kind,
            isSecret: Bool = false,
            isRequired: Bool = true,
            isMultiline: Bool = false,
            defaultValue: JSON? = nil,
            pattern: String? = nil,
            format: String? = nil,
            schemes: [String] = ["http", "https"],
            summary: String? = nil
        ) {
            self.kind = kind
            self.isSecret = isSecret
            self.isRequired = isRequired
            self.isMultiline = isMultiline
            self.defaultValue = defaultValue
            self.pattern = pattern
            self.format = format
            self.schemes = schemes
            self.summary = summary
        }
    }
    package var properties: [String: Property]
    package init(properties: [String: Property]) { self.properties = properties }
}
